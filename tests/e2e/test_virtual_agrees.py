"""The same plan on the same board, wired and in virtual time: one verdict, counts within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from rig.records import RunRecord
from rig.testkit import VirtualBench

FAULTS = [
    (),
    (
        {"kind": "weak_chip", "chip": 17, "rate": 0.8},
        {"kind": "bad_cores", "chip": 40, "cores": [1, 2, 3, 4, 5]},
    ),
]
SERIAL = "S21PROTEST0000001"
INSTRUMENTS = 0.01                 # twice what the simulated instruments are stated to read wrong, and noise
DEVIATIONS = 6.0                   # of the difference of two shares of hits


def last(record: RunRecord, name: str) -> list[float]:
    taken = [one for one in record.measurements if one.name == name]
    return [value for value in taken[-1].values if value is not None]


def check_good(lab: Any, done: Any) -> None:
    """What `rig run` says of a good board, and what it leaves."""
    summary = done.summary
    assert done.code == 0, done.out + done.err
    assert (summary["verdict"], summary["board_verdict"], summary["grade"]) == ("PASS", "PASS", "L1")
    assert (summary["failure_code"], summary["simulated"], summary["chips_found"]) == (None, True, 65)
    assert summary["board_rate"] > 0.998
    assert 950 < summary["watts"] < 1085
    assert 12.5 < summary["joules_per_terahash"] < 14.0
    assert done.record["simulated"] is True
    assert done.record["events"][-1]["kind"] == "off"
    assert "V left at the supply" in done.record["events"][-1]["text"]
    assert lab.truth()["slot1"]["amps"] < 1
    assert lab.truth()["slot1"]["volts"] < 1


def judged(lab: Any, faults: tuple[dict[str, Any], ...]) -> Any:
    """A run that judged its board. One that this computer was too busy to listen to says so, and is made
    again, as its next step tells a station: twice at most."""
    for _ in range(2):
        done = lab.run(*faults)
        if "the rig's computer" not in (done.record["failure_text"] or ""):
            return done
    return lab.run(*faults)


@pytest.mark.parametrize("faults", FAULTS, ids=["good", "two faults"])
def test_wired_and_virtual_agree(lab: Any, faults: tuple[dict[str, Any], ...]) -> None:
    done = judged(lab, faults)
    if not faults:
        check_good(lab, done)
    wired = RunRecord.model_validate(done.record)
    bench = VirtualBench("s21pro", fixture=lab.fixture, results=lab.folder / "virtual", plans=lab.plans)
    virtual = bench.run(faults, seed=7, time_scale=20, scanned=SERIAL)

    for fact in ("serial", "verdict", "board_verdict", "failure_code", "grade", "chips_found", "not_taken"):
        assert getattr(wired, fact) == getattr(virtual, fact), fact
    assert [one.code for one in wired.findings] == [one.code for one in virtual.findings]
    assert {one.name for one in wired.measurements} == {one.name for one in virtual.measurements}
    for name in ("board_watts", "board_amps", "terminal_volts", "domain_volts"):
        assert last(virtual, name) == pytest.approx(last(wired, name), rel=INSTRUMENTS), name
    rates = zip(last(wired, "chip_hit_rate"), last(virtual, "chip_hit_rate"), strict=True)
    for chip, (one, other) in enumerate(rates):
        spread = (max(1e-3, one * (1 - one)) * 2 / 1000) ** 0.5     # a thousand answers a chip at least
        assert abs(one - other) < DEVIATIONS * spread, chip
    dead = {chip for chip, cores in enumerate(last(wired, "dead_cores")) if cores}
    assert dead == {chip for chip, cores in enumerate(last(virtual, "dead_cores")) if cores}

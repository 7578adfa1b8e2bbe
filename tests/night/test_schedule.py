"""Which slots a night takes, and which fault is planted where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.errors import FileError, UsageError
from rig.lab.site import PlantedFault, Work, load_site
from rig.night.schedule import deal, schedule
from tests.night.conftest import PLANS, ROOT, UART_GONE, WriteSite

SIM = str(ROOT / "fixtures" / "sim.yaml")
FAULTS = [PlantedFault(fault={"kind": f"kind_{number}"}, codes=("STN-LINK",)) for number in range(3)]


def golden(**changes: Any) -> dict[str, Any]:
    return {"serial": "S21PROGOLDEN00001", "product": "s21pro"} | changes


def test_every_slot_gets_all_its_bench_allows(site_of: WriteSite) -> None:
    found = schedule(site_of(), PLANS, "anywhere", night=0)

    assert [job.place for job in found.jobs] == ["bench-a-sim-slot1", "bench-a-sim-slot2"]
    assert found.jobs[0].work == tuple(Work)
    assert found.elsewhere == ()


def test_work_is_done_in_its_order_whatever_the_file_says(site_of: WriteSite) -> None:
    slots = {"slot1": golden(work=["golden", "self-test"])}
    site = site_of(benches=[{"fixture": SIM, "slots": slots}])

    (job,) = schedule(site, PLANS, "anywhere", night=0).jobs

    assert job.work == (Work.SELF_TEST, Work.GOLDEN)
    assert job.planted == ()


def test_benches_of_other_computers_are_told_and_left(site_of: WriteSite) -> None:
    benches = [
        {"fixture": SIM, "host": "station1", "slots": {"slot1": golden()}},
        {"fixture": "far.yaml", "host": "station2", "slots": {"slot7": golden(serial="S21PROGOLDEN00007")}},
    ]
    site = site_of(benches=benches)

    found = schedule(site, PLANS, "station1", night=0)

    assert [job.slot for job in found.jobs] == ["slot1"]
    assert found.elsewhere == ("far.yaml, slot7: at station2; run rig nightly there",)
    with pytest.raises(UsageError, match="no bench of this computer, which calls itself station3"):
        schedule(site, PLANS, "station3", night=0)


def test_a_fault_goes_one_slot_further_every_night_and_only_to_slots_that_take_any() -> None:
    takes = [True, False, True]

    tonight, tomorrow = deal(FAULTS, takes, 0), deal(FAULTS, takes, 1)

    assert tonight == [(FAULTS[0], FAULTS[2]), (), (FAULTS[1],)]
    assert tomorrow == [(FAULTS[1],), (), (FAULTS[0], FAULTS[2])]
    assert deal(FAULTS, [False], 0) == [()]


@pytest.mark.parametrize(("slots", "says"), [
    ({"slot9": golden()}, "no slot of"),
    ({"slot1": golden(product="s21")}, "whose boards stand on"),
    ({"slot1": golden(serial="X")}, "serial"),
], ids=["slot", "product", "serial"])
def test_what_cannot_be_on_the_bench_is_refused(
    site_of: WriteSite, slots: dict[str, Any], says: str
) -> None:
    with pytest.raises(FileError, match=says):
        schedule(site_of(benches=[{"fixture": SIM, "slots": slots}]), PLANS, "anywhere", night=0)


def test_nothing_is_planted_on_a_real_bench(site_of: WriteSite, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_text(yaml.safe_dump({
        "fixture": "real", "simulated": False, "production": False,
        "slots": {"slot1": {
            "chain": "/dev/chain", "bridge": "/dev/bridge",
            "supply": {"resource": "TCPIP::192.0.2.11::5025::SOCKET", "max_volts": 20, "max_amps": 120,
                       "max_watts": 2000},
            "meter": {"resource": "TCPIP::192.0.2.12::5025::SOCKET"},
            "scanner": {"resource": "TCPIP::192.0.2.13::5025::SOCKET"},
        }},
    }))
    usual = site_of(benches=[{"fixture": str(real), "slots": {"slot1": golden()}}])
    asked = [{"fixture": str(real), "slots": {"slot1": golden(work=["planted"])}}]

    (job,) = schedule(usual, PLANS, "anywhere", night=0).jobs

    assert Work.PLANTED not in job.work
    assert job.planted == ()
    with pytest.raises(FileError, match="planted faults on a real bench"):
        schedule(site_of(benches=asked, planted=[UART_GONE]), PLANS, "anywhere", night=0)


def test_the_shipped_site_is_right() -> None:
    found = schedule(load_site(ROOT / "fixtures" / "site-sim.yaml"), PLANS, "anywhere", night=3)

    assert len(found.jobs) == 16
    assert sum(len(job.planted) for job in found.jobs) == 8

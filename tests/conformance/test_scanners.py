from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rig.errors import InstrumentError
from rig.instruments.registry import SCANNERS
from rig.slot import Status

pytestmark = pytest.mark.parametrize("family", list(SCANNERS))

Open = Callable[..., Any]
PADS_ONLY = ("truevolt",)


def wrong_of(gear: Any, family: str) -> Any:
    return gear.wrong[gear.slot_of(family), "scanner"]


def question_of(family: str) -> str:
    words = SCANNERS[family].family({})
    return str(words.read(14))


@pytest.fixture
def live(gear: Any, family: str) -> Any:
    """The slot of the scanner with its board at 13.6 V."""
    return gear.power(family, 13.6)


def test_connect_is_identify(opened: Open, family: str) -> None:
    scanner = opened("scanner", family)

    assert scanner.identity.model.upper().startswith(SCANNERS[family].models)
    with pytest.raises(InstrumentError, match="NOBODY") as caught:
        opened("scanner", family, serial_number="NOBODY")
    assert caught.value.code == "STN-SCANNER"


def test_domains_add_up_to_the_pads(live: Any, opened: Open, family: str) -> None:
    reading = opened("scanner", family).read()

    assert reading.terminals.value == pytest.approx(live.power.pad_volts, rel=0.005)
    assert len(reading.domains) == 13
    if family in PADS_ONLY:
        assert {domain.status for domain in reading.domains} == {Status.NO_DATA}
        return
    assert sum(domain.value for domain in reading.domains) == pytest.approx(reading.terminals.value, rel=0.01)


def test_an_overload_is_a_status(live: Any, gear: Any, opened: Open, family: str, says: Any) -> None:
    scanner = opened("scanner", family)
    rows = {
        "daq970a": ",".join(f"{'9.9E37' if channel == 103 else 1.04},{channel}"
                            for channel in (*range(101, 114), 120)),
        "dmm6500": ",".join(f"{channel},{'9.9E37' if channel == 103 else 1.04}"
                            for channel in (*range(101, 114), 120)),
        "truevolt": "+9.90000000E+37",
    }
    wrong_of(gear, family).misbehave(question_of(family), says(rows[family]))

    reading = scanner.read()

    if family in PADS_ONLY:
        assert reading.terminals.status is Status.OVERLOAD
    else:
        assert [place for place, domain in enumerate(reading.domains) if not domain.ok] == [2]
        assert reading.domains[2].status is Status.OVERLOAD


@pytest.mark.parametrize("fault", ["SILENT", "LATE", "HALF", "TWICE", "CLOSES", "FLOODS"])
def test_no_answer_is_taken_for_another(
    live: Any, gear: Any, opened: Open, family: str, faults: Any, fault: str
) -> None:
    if gear.name == "visa" and fault in ("SILENT", "LATE", "HALF"):
        pytest.skip("seconds of real time; in memory, and with a supply, it is waited for")
    scanner = opened("scanner", family)
    wrong_of(gear, family).misbehave(question_of(family), faults[fault])

    for _ in range(2):
        assert scanner.read().terminals.value == pytest.approx(live.power.pad_volts, rel=0.005)


def test_another_language_is_refused(gear: Any, opened: Open, family: str, says: Any) -> None:
    for demand in SCANNERS[family].family({}).demands:
        wrong_of(gear, family).misbehave(demand.question, says("TSP"))
        with pytest.raises(InstrumentError, match="restart"):
            opened("scanner", family)

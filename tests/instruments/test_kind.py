from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from rig.datafile import Data
from rig.errors import UsageError
from rig.instruments.families.scpi99 import SCPI99
from rig.instruments.kind import NoOptions, SupplyKind
from rig.instruments.registry import METERS, SCANNERS, SUPPLIES, check_families
from rig.instruments.supply_family import ConditionRegisters, SupplyFamily, Watchdog
from rig.instruments.transport import Wire
from rig.slotentry import MeterEntry, ScannerEntry, SlotEntry, SupplyEntry

PAGE = Path(__file__).parents[2] / "docs" / "instruments.md"
EVERY = [*SUPPLIES.values(), *METERS.values(), *SCANNERS.values()]


class Options(Data):
    bit: int = Field(default=4, ge=0, le=15)


KIND = SupplyKind("ps20", ("PS20",), Options, lambda options: replace(
    SCPI99, models=("PS20",), volts=f"VOLT{options.bit}", wire=Wire(write_ending="\r\n")))


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_every_family_stands_without_options_and_says_its_name(kind: Any) -> None:
    family = kind.family({})

    assert (family.name, family.models) == (kind.name, kind.models)
    assert all(model == model.upper() for model in family.models)


def test_options_change_the_family() -> None:
    assert KIND.family({}).volts == "VOLT4"
    assert KIND.family({"bit": 7}).volts == "VOLT7"


@pytest.mark.parametrize(
    ("options", "says"),
    [({"bit": 16}, r"options\.bit: found 16"), ({"bot": 1}, r"options\.bot.*options: bit")],
)
def test_a_wrong_option_is_named_with_those_there_are(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        KIND.family(options)


def test_a_family_without_options_says_so() -> None:
    def same(_options: NoOptions) -> SupplyFamily:
        return SCPI99

    with pytest.raises(UsageError, match="options: none"):
        SupplyKind("plain", (), NoOptions, same).family({"x": 1})


@pytest.mark.parametrize(
    ("name", "options", "field"),
    [
        ("it6000c", {"trip_bits": [0, 1, 9]}, "status"),
        ("genesys", {"status": "n5700", "address": 6}, "status"),
        ("chroma62000p", {"soft_limits": False}, "volt_bounds"),
        ("n6900", {"trips_in_current_limit": True}, "enable_protection"),
    ],
)
def test_options_as_a_bench_file_has_them(name: str, options: dict[str, Any], field: str) -> None:
    plain, told = SUPPLIES[name].family({}), SUPPLIES[name].family(options)

    assert getattr(plain, field) != getattr(told, field)


def test_trip_bits_are_told_one_by_one() -> None:
    status = SUPPLIES["it6000c"].family({"trip_bits": [0, 9]}).status

    assert isinstance(status, ConditionRegisters)
    assert status.trip_bits == 0b10_0000_0001


@pytest.mark.parametrize(("wanted", "set_to"), [(0.4, 1.0), (1.0, 1.0), (2.7, 2.0), (10.0, 10.0)])
def test_a_watchdog_has_its_steps(wanted: float, set_to: float) -> None:
    assert Watchdog("DEL", "STAT").steps(wanted) == set_to


@pytest.mark.parametrize("role", ["supply", "meter", "scanner"])
def test_a_slots_families_are_checked_before_anything_is_opened(role: str) -> None:
    lines: dict[str, Any] = {
        "supply": SupplyEntry(max_volts=20, max_amps=120, max_watts=2000),
        "meter": MeterEntry(), "scanner": ScannerEntry(),
    }
    check_families(SlotEntry(**lines))
    for change in ({"family": "nonesuch"}, {"options": {"nonesuch": 1}}):
        with pytest.raises(UsageError, match="nonesuch"):
            check_families(SlotEntry(**lines | {role: lines[role].model_copy(update=change)}))


def test_the_worked_example_of_the_page_works() -> None:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("```python")
    words: dict[str, Any] = {
        "Data": Data, "Field": Field, "SupplyFamily": SupplyFamily, "SupplyKind": SupplyKind, "Wire": Wire,
        "ConditionRegisters": ConditionRegisters, "SCPI99": SCPI99, "replace": replace,
    }
    exec(textwrap.dedent(rest.partition("```")[0]), words)

    family = words["KIND"].family({"over_temperature_bit": 5})
    assert (family.name, family.limit_amps, family.status.trip_bits) == ("ps20", "CURR:LIM", 0b100011)


def test_the_page_names_every_family_and_option() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for kind in EVERY:
        line = next(line for line in page.splitlines() if f"| `{kind.name}` |" in line)
        assert [name for name in kind.options.model_fields if f"`{name}`" not in line] == []

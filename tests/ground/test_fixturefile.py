"""Fixture files: what a bench may say of itself, and what is refused before labgrid sees it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.datafile import check
from rig.errors import FileError, UsageError
from rig.fixturefile import FixtureFile, load_fixture
from rig.slotentry import Pins, SlotEntry

ROOT = Path(__file__).resolve().parents[2]

SIMULATED: dict[str, Any] = {
    "fixture": "sim", "simulated": True, "board": "s21pro",
    "slots": {"slot1": {
        "supply": {"max_volts": 20, "max_amps": 120, "max_watts": 2000}, "meter": {}, "scanner": {},
    }},
}


def real_slot(number: int) -> dict[str, Any]:
    return {
        "chain": f"/dev/rig/slot{number}-chain", "bridge": f"/dev/rig/slot{number}-control",
        "supply": {"resource": f"TCPIP::192.0.2.{number}1::5025::SOCKET", "max_volts": 20,
                   "max_amps": 120, "max_watts": 2000},
        "meter": {"resource": f"TCPIP::192.0.2.{number}2::5025::SOCKET"},
        "scanner": {"resource": f"TCPIP::192.0.2.{number}3::5025::SOCKET"},
    }


def real() -> dict[str, Any]:
    return {"fixture": "bench-a", "simulated": False, "production": False,
            "slots": {f"slot{n}": real_slot(n) for n in (1, 2)}}


def read(values: dict[str, Any]) -> FixtureFile:
    return check(Path("bench.yaml"), values, FixtureFile)


def test_the_shipped_bench_is_sound() -> None:
    fixture = load_fixture(ROOT / "fixtures" / "sim.yaml")
    assert (fixture.simulated, fixture.board) == (True, "s21pro")
    assert list(fixture.slots) == ["slot1", "slot2", "slot3", "slot4"]
    assert fixture.slot("slot2").addresses() == dict.fromkeys(
        ("uart", "bridge", "supply", "meter", "scanner")
    )


def test_a_real_bench_names_every_address() -> None:
    fixture = read(real())
    assert None not in fixture.slot("slot1").addresses().values()
    assert fixture.slot("slot1").pins == Pins(reset=0, loopback=1, discharge=2, estop=3, lid=4, seated=5)


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(values: dict[str, Any]) -> None:
        *way, last = path.split("/")
        for key in way:
            values = values.setdefault(key, {})
        if value is ...:
            values.pop(last)
        else:
            values[last] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (change("slots/slot1/chain", ...), "an address for uart of slot1"),
        (change("slots/slot2/meter/resource", ...), "an address for meter of slot2"),
        (change("board", "s21pro"), "on a simulated bench and only there"),
        (change("slots", {}), "slots"),
        (change("slots/slot 1", real_slot(3)), "slots.slot 1"),
        (change("slots/..%2fx", real_slot(3)), "slots"),
        (change("slots/slot3", real_slot(1)), "uart of slot3 at an address of its own"),
        (change("slots/slot2/supply/resource", "TCPIP::192.0.2.11::5025::SOCKET"),
         "supply of slot2 at an address of its own, not at that of supply of slot1"),
        (change("slots/slot1/bridge", "/dev/rig/slot1-chain"), "bridge of slot1 at an address of its own"),
        (change("slots/slot1/pins", {"reset": 1}), "different pin numbers"),
        (change("slots/slot1/pins", {"reset": 64}), "slots.slot1.pins.reset"),
        (change("slots/slot1/supply/max_volts", 0), "slots.slot1.supply.max_volts"),
        (change("slots/slot1/supply/max_amps", ".inf"), "slots.slot1.supply.max_amps"),
        (change("slots/slot1/supply/colour", "red"), "unknown key"),
        (change("slots/slot1/fan_controller", 0x78), "slots.slot1.fan_controller"),
        (change("slots/slot1/chain", "rfc2217://127.0.0.1:4000"), "rfc2217"),
        (change("slots/slot1/chain", "tcp://127.0.0.1"), "tcp://HOST:PORT"),
        (change("slots/slot1/chain_transport", "tcp"), "chain: tcp://host:port for slot1"),
        (change("fixture", "bench a"), "fixture"),
        (change("station", ""), "station"),
        (change("site", "Works 2\n<b>"), "site"),
        (change("country", "USA"), "country"),
        (change("schema_version", 2), "schema_version"),
        (change("simulated", ...), "simulated"),
    ],
)
def test_a_bench_that_cannot_be_is_refused(edit: Callable[[dict[str, Any]], None], says: str) -> None:
    values = real()
    edit(values)
    with pytest.raises(FileError) as caught:
        read(values)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (change("board", ...), "board: a product"),
        (change("slots/slot1/chain", "/dev/ttyACM0"), "no address for uart of slot1"),
        (change("slots/slot1/scanner/resource", "TCPIP::1.2.3.4::5025::SOCKET"), "no address for scanner"),
    ],
)
def test_a_simulated_bench_chooses_its_addresses(
    edit: Callable[[dict[str, Any]], None], says: str
) -> None:
    values = copy.deepcopy(SIMULATED)
    edit(values)
    with pytest.raises(FileError) as caught:
        read(values)
    assert says in str(caught.value)


def test_a_slot_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"'slot9': not on fixture bench-a, which has slot1, slot2"):
        read(real()).slot("slot9")


def test_a_bench_gives_a_slot_its_addresses() -> None:
    slot: SlotEntry = read(SIMULATED).slot("slot1")
    ports = {"uart": "/dev/pts/7", "bridge": "/dev/pts/8", "supply": "TCPIP::127.0.0.1::1::SOCKET",
             "meter": "TCPIP::127.0.0.1::2::SOCKET", "scanner": "TCPIP::127.0.0.1::3::SOCKET"}

    wired = slot.at(ports)

    assert wired.addresses() == ports
    assert wired.supply.max_volts == slot.supply.max_volts
    assert slot.addresses()["uart"] is None


def test_a_file_on_disc_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "bench.yaml"
    file.write_text(yaml.safe_dump(real()))
    assert load_fixture(file) == read(real())
    file.write_text("fixture: [")
    with pytest.raises(FileError, match=r"bench\.yaml"):
        load_fixture(file)


# -- production, feeds, the unload gate


def for_production() -> dict[str, Any]:
    """A real bench that says nothing of production, with a watchdog a slot."""
    values = real()
    del values["production"]
    values["slots"]["slot1"]["supply"]["watchdog_seconds"] = 2
    values["slots"]["slot2"] |= {"watchdog": "relay", "pins": {"watchdog_feed": 6, "watchdog_closed": 7}}
    return values


def test_a_real_bench_is_for_production_unless_it_denies_it() -> None:
    assert read(for_production()).for_production
    assert not read(real()).for_production
    assert not read(SIMULATED).for_production


@pytest.mark.parametrize("slot", ["slot1", "slot2"])
def test_production_needs_a_watchdog_for_every_slot(slot: str) -> None:
    values = for_production()
    values["slots"][slot]["supply"].pop("watchdog_seconds", None)
    values["slots"][slot].pop("watchdog", None)
    values["slots"][slot].pop("pins", None)

    with pytest.raises(FileError, match=f"a watchdog for {slot}"):
        read(values)


def test_a_pdu_watchdog_needs_an_outlet_of_its_own() -> None:
    values = for_production()
    values["slots"]["slot2"]["watchdog"] = "pdu"
    del values["slots"]["slot2"]["pins"]
    with pytest.raises(FileError, match="pdu_outlet of its own for slot2"):
        read(values)
    values["pdu"] = "http://192.0.2.1:80"
    values["slots"]["slot2"]["supply"]["pdu_outlet"] = 2
    assert read(values).for_production
    values["slots"]["slot1"]["supply"]["pdu_outlet"] = 2
    with pytest.raises(FileError, match="pdu_outlet of its own for slot2"):
        read(values)


def test_a_relay_watchdog_needs_its_pins_and_pins_their_relay() -> None:
    values = for_production()
    values["slots"]["slot2"]["pins"] = {"watchdog_feed": 6}
    with pytest.raises(FileError, match="watchdog_feed and watchdog_closed for slot2"):
        read(values)
    values["slots"]["slot2"]["pins"] = {"watchdog_feed": 6, "watchdog_closed": 5}
    with pytest.raises(FileError, match="different pin numbers"):
        read(values)
    values["slots"]["slot2"]["pins"] = {"watchdog_feed": 6, "watchdog_closed": 7}
    values["slots"]["slot2"]["watchdog"] = None
    with pytest.raises(FileError, match="watchdog: relay for slot2"):
        read(values)


@pytest.mark.parametrize(
    "laxer", [
        {"unload": {"volts": 1.1}}, {"unload": {"seconds": 29}}, {"unload": {"celsius": 46}},
        {"most_kelvin_per_second": 2.1},
    ],
    ids=str,
)
def test_production_may_only_be_stricter(laxer: dict[str, Any]) -> None:
    with pytest.raises(FileError, match="no laxer than 1 V, 30 s, 45 °C and 2 K/s"):
        read(for_production() | laxer)
    assert read(real() | laxer)
    stricter = {"unload": {"volts": 0.5, "seconds": 60, "celsius": 40}, "most_kelvin_per_second": 1}
    assert read(for_production() | stricter).unload.seconds == 60


def test_the_rise_that_switches_off() -> None:
    assert read(real()).kelvin_per_second == 2
    assert read(SIMULATED).kelvin_per_second == 60
    assert read(SIMULATED | {"most_kelvin_per_second": 5}).kelvin_per_second == 5


def test_feeds_name_slots_of_the_bench_each_once() -> None:
    feed = {"amps": 16, "volts": 230, "slots": ["slot1", "slot2"]}
    assert read(real() | {"feeds": {"wall": feed}}).feeds["wall"].watts == pytest.approx(16 * 230 * 0.8 * 0.9)
    with pytest.raises(FileError, match="slots of this bench, not 'slot9'"):
        read(real() | {"feeds": {"wall": feed | {"slots": ["slot9"]}}})
    with pytest.raises(FileError, match="slot2 behind one feed, not behind wall and other"):
        read(real() | {"feeds": {"wall": feed, "other": feed | {"slots": ["slot2"]}}})


def test_a_chain_may_be_raw_tcp() -> None:
    values = real()
    change("slots/slot1/chain", "tcp://192.0.2.5:4001")(values)
    assert read(values).slots["slot1"].chain == "tcp://192.0.2.5:4001"

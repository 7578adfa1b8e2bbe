from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

import rig
from rig.cli.lending import _Place, as_named, refuse_if_guarded
from rig.errors import UsageError
from rig.instruments.check_supply import Demand
from rig.instruments.inspection import Target
from rig.instruments.scanner import Channels
from rig.runtime import runtime_for

ROOT = Path(rig.__file__).parents[1]

SUPPLY = "TCPIP::192.0.2.11::5025::SOCKET"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A real bench's file where a person would stand, and a broken one beside it."""
    monkeypatch.delenv("RIG_RUNTIME", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "fixtures").mkdir()
    file = tmp_path / "fixtures" / "bench.yaml"
    file.write_text(yaml.safe_dump({
        "fixture": "bench", "simulated": False, "production": False,
        "slots": {"slot1": {
            "chain": "/dev/chain", "bridge": "/dev/bridge",
            "supply": {"resource": SUPPLY, "max_volts": 20, "max_amps": 120, "max_watts": 2000},
            "meter": {"resource": "TCPIP::192.0.2.12::5025::SOCKET"},
            "scanner": {"resource": "TCPIP::192.0.2.13::5025::SOCKET"},
        }},
    }))
    (tmp_path / "fixtures" / "a-broken.yaml").write_text("fixture: [")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return file


def test_a_guards_instruments_are_refused_while_it_is_up(bench: Path) -> None:
    refuse_if_guarded(SUPPLY)
    guard = runtime_for(bench).lock("guard")
    assert guard.try_acquire()

    with pytest.raises(UsageError, match=r"slot1 of .*bench\.yaml.*--fixture"):
        refuse_if_guarded(SUPPLY.lower())

    refuse_if_guarded("TCPIP::192.0.2.99::5025::SOCKET")
    guard.release()
    refuse_if_guarded(SUPPLY)
    assert guard.try_acquire()                  # looking did not keep the lock
    guard.release()


@pytest.mark.parametrize(("product", "domains"), [("s21pro", 13), ("s21", 12)])
def test_a_scanner_is_tried_on_as_many_channels_as_its_boards_have_domains(
    bench: Path, monkeypatch: pytest.MonkeyPatch, product: str, domains: int
) -> None:
    monkeypatch.setenv("RIG_PLANS", str(ROOT / "testplans"))
    monkeypatch.setattr(_Place, "demand_empty", lambda self: None)  # its bridge is no port here
    target = Target("TCPIP::192.0.2.13::5025::SOCKET", Demand(1.0, 0.1))

    with ExitStack() as held:
        lent = as_named(target, bench, held, product)

    assert lent.target.channels == Channels(tuple(range(101, 101 + domains)), 120)


def test_a_real_benchs_scanner_wants_to_know_its_product(bench: Path) -> None:
    target = Target("TCPIP::192.0.2.13::5025::SOCKET", Demand(1.0, 0.1))

    with ExitStack() as held, pytest.raises(UsageError, match="--product"):
        as_named(target, bench, held)

    lock = runtime_for(bench).lock("slot-slot1")
    assert lock.try_acquire()                   # and nothing is held for it
    lock.release()

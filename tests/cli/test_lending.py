from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rig.cli.lending import refuse_if_guarded
from rig.errors import UsageError
from rig.runtime import runtime_for

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

"""`rig guard release` without a name touches nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import rig
from rig.cli import app
from rig.errors import UsageError

FIXTURE = Path(rig.__file__).parents[1] / "fixtures" / "sim.yaml"


@pytest.mark.parametrize("name", ["", "  "])
def test_nobody_releases_nothing_and_no_guard_is_started(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_RUNTIME", str(tmp_path / "run"))
    words = ["guard", "release", "slot1", "--fixture", str(FIXTURE), "--operator", name]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, UsageError)
    assert "--operator: found no name" in str(done.exception)
    assert not (tmp_path / "run" / "guard.sock").exists()

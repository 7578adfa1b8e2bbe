"""`rig station` and `rig golden` as typed: badges are made, wrong words are refused in one sentence."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

import rig
from rig.cli import app
from rig.errors import UsageError
from rig.station.badges import Code, holds, load_badges

ROOT = Path(rig.__file__).parents[1]


def run(*words: str, typed: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words), input=typed, catch_exceptions=True)
    if isinstance(done.exception, UsageError):
        return 2, str(done.exception)
    return done.exit_code, done.output


def test_a_badge_is_made_with_a_pin_typed_twice(tmp_path: Path) -> None:
    file = tmp_path / "badges.yaml"

    code, said = run("station", "badge", "add", "0417", "--name", "Ada", "--role", "technician",
                     "--badges", str(file), typed="135790\n135790\n")

    assert code == 0
    made = Code.read(said.strip().splitlines()[-1])
    assert made is not None
    assert holds(made.secret, load_badges(file).badges["0417"].secret)
    assert "135790" not in said
    assert "technician" in run("station", "badge", "list", "--badges", str(file))[1]


@pytest.mark.parametrize("words", [
    ("station",), ("station", "badge", "add", "1", "--name", "Ada", "--role", "viewer"),
    ("station", "--fixture", str(ROOT / "fixtures" / "sim.yaml"), "--product", "s9"),
    ("station", "--fixture", str(ROOT / "fixtures" / "sim.yaml"), "--scenario", "nowhere.yaml"),
    ("golden", "check", "S21PROTEST0000001", "--results", "nowhere"),
])
def test_wrong_words_are_refused_in_one_sentence(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RIG_PLANS", str(ROOT / "testplans"))
    monkeypatch.setenv("RIG_RUNTIME", str(tmp_path / "run"))

    code, said = run(*words)

    assert code == 2
    assert "found" in said or "no " in said
    assert "\n" not in said.strip()
    assert not (tmp_path / "badges.yaml").exists()


def test_a_port_that_is_taken_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RIG_PLANS", str(ROOT / "testplans"))
    monkeypatch.setenv("RIG_RUNTIME", str(tmp_path / "run"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        code, said = run("station", "--fixture", str(ROOT / "fixtures" / "sim.yaml"), "--port", port)

    assert code == 2
    assert f"--port {port}" in said

"""The ready workflow files call only what there is: commands of the command line, targets of the Makefile."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import rig
from rig.cli import app

ROOT = Path(rig.__file__).parents[1]
FILES = sorted((ROOT / "deploy" / "ci").glob("*.yml"))


def lines_of(values: Any) -> Iterator[str]:
    """Every shell line: GitHub's ``run`` and GitLab's ``script``."""
    if isinstance(values, dict):
        for key, value in values.items():
            if key == "run" and isinstance(value, str):
                yield from value.splitlines()
            elif key in ("script", "before_script", "after_script"):
                yield from value
            else:
                yield from lines_of(value)
    elif isinstance(values, list):
        for value in values:
            yield from lines_of(value)


def test_there_is_one_for_each_server() -> None:
    assert [file.name for file in FILES] == ["github-nightly.yml", "gitlab-nightly.yml"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_command_exists(file: Path) -> None:
    lines = list(lines_of(yaml.safe_load(file.read_text())))

    known = {"make": _makes, ".venv/bin/rig": _rig_takes}
    assert [line for line in lines if "nightly" in line]
    for line in lines:
        program, *words = shlex.split(line)
        assert program in known, line
        known[program](words)


def _makes(words: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(words) <= targets


def _rig_takes(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while commands := getattr(command, "commands", None):
        command = commands[words.pop(0)]
    options = {name for one in command.params for name in one.opts}
    assert {word for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_sample_site_they_name_is_there(file: Path) -> None:
    (named,) = re.findall(r"RIG_SITE: (\S+)", file.read_text())

    assert (ROOT / named).is_file()

"""deploy/: units that systemd reads without a word and whose commands the rig knows; a site that is right."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from rig.cli import app
from rig.fixturefile import load_fixture
from rig.lab.site import load_site
from rig.watch.place import Place
from rig.watchentry import Part
from tests.conftest import Demand

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
UNITS = sorted(path for path in SYSTEMD.iterdir() if path.is_file())
COMMON = SYSTEMD / "rig-.service.d" / "10-rig.conf"
BIN = "/opt/rig/current/.venv/bin/"
SITE = ROOT / "deploy" / "site"
STATIONS = ("station1", "station2")


class _Lists(dict[str, Any]):
    """A key said again adds to what it says, as in a unit."""

    def __setitem__(self, key: str, value: Any) -> None:
        old = self.get(key)
        more = isinstance(old, list) and isinstance(value, list)
        super().__setitem__(key, [*old, *value] if more else value)


def read(unit: Path) -> RawConfigParser:
    parser = RawConfigParser(strict=False, dict_type=_Lists, interpolation=None, delimiters=("=",))
    parser.optionxform = str                    # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text())
    return parser


def command_of(unit: Path) -> list[str]:
    """The words of its ExecStart; none for what starts nothing."""
    return shlex.split(read(unit).get("Service", "ExecStart", fallback=""))


def environment(host: str) -> dict[str, str]:
    lines = (SITE / host / "rig.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def rig_units() -> list[Path]:
    return [unit for unit in UNITS if command_of(unit)[:1] == [f"{BIN}rig"]]


@pytest.mark.parametrize("unit", rig_units(), ids=lambda unit: unit.name)
def test_the_rig_knows_every_command_and_option(unit: Path) -> None:
    words = [re.sub(r"\$\{\w+\}|%I", "1", word) for word in command_of(unit)[1:]]
    command, context = get_command(app), None

    while words and words[0] in getattr(command, "commands", {}):
        context = command.make_context("rig", words[:1], parent=context, resilient_parsing=True)
        command = command.commands[words.pop(0)]                # type: ignore[attr-defined]
    # raises for an option that is not there, lacks its value, or is required and missing
    made = command.make_context(unit.stem, words, parent=context)

    assert command.name != "rig"
    assert made.args == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda one: one.name)
def test_every_variable_of_a_unit_is_in_its_hosts_environment(unit: Path) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", unit.read_text()))
    hosts = ("coordinator",) if unit.stem == "rig-coordinator" else STATIONS

    for host in hosts:
        assert used <= environment(host).keys()


def test_all_of_a_bench_are_one_user_and_meet_in_one_place() -> None:
    common = read(COMMON)
    rooms = (ROOT / "deploy" / "tmpfiles.d" / "rig.conf").read_text()

    assert common.get("Service", "User") == "rig"
    own = re.compile(r"^(User|Group|Environment=RIG_\w+)=", re.MULTILINE)
    assert not [one.name for one in UNITS if own.search(one.read_text())]
    for host in STATIONS:
        told = environment(host)
        assert f"d {told['RIG_RUNTIME']} " in rooms
        assert f"d {told['RIG_RESULTS']} " in rooms
        assert told["RIG_RUNTIME"] in common.get("Service", "ReadWritePaths").split()


@pytest.mark.parametrize("host", STATIONS)
def test_the_sample_sites_benches_are_right(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_RUNTIME", str(tmp_path / "run"))
    monkeypatch.delenv("RIG_PLANT", raising=False)

    fixture = load_fixture(SITE / host / "bench.yaml")

    assert fixture.for_production
    assert fixture.station == host
    assert Place.find(SITE / host / "bench.yaml", tmp_path).parts == set(Part)


def test_two_stations_of_a_plant_are_told_apart() -> None:
    one, two = (load_fixture(SITE / host / "bench.yaml") for host in STATIONS)

    assert {one.station, one.fixture} & {two.station, two.fixture} == set()
    assert environment("station1")["RIG_LAB_HOST"] != environment("station2")["RIG_LAB_HOST"]
    assert environment("station1")["RIG_COORDINATOR"] == environment("coordinator")["RIG_COORDINATOR"]


def test_the_sample_sites_night_is_right() -> None:
    site = load_site(SITE / "site.yaml").told

    assert tuple(bench.host for bench in site.benches) == STATIONS
    for bench, host in zip(site.benches, STATIONS, strict=True):
        told = environment(host)
        assert (str(bench.fixture), bench.listen) == (told["RIG_FIXTURE"], told["RIG_LAB_HOST"])
        assert site.coordinator == told["RIG_COORDINATOR"]
        assert set(bench.slots) == set(load_fixture(SITE / host / "bench.yaml").slots)


def test_systemd_reads_them_without_a_word(tmp_path: Path, demand: Demand) -> None:
    demand("systemd", shutil.which("systemd-analyze") is not None, "no systemd-analyze")
    shutil.copytree(SYSTEMD, tmp_path, dirs_exist_ok=True)
    for unit in tmp_path.glob("rig*.*"):
        if unit.is_file():                      # what is started is not on this computer
            text = re.sub(rf"^ExecStart={BIN}\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.M)
            unit.write_text(text)

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name.replace("@.", "@v1."))
                                                    for unit in UNITS)],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
        check=False,
    )

    ours = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "rig" in line]
    assert (done.returncode, ours) == (0, [])


def test_docs_repeat_no_unit() -> None:
    """A unit that stands twice is wrong in one place some day."""
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if "ExecStart=" in page.read_text()]

    assert pages == []

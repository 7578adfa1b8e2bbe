"""Two stations and one coordinator: each in a network and under a host name of its own where that can be had
here (root and network namespaces), else as two processes with a runtime directory each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import rig
from rig.lab.lab import Lab

ROOT = Path(rig.__file__).parents[1]
NAMED = "import os, socket, sys; socket.sethostname(sys.argv[1]); os.execvp(sys.argv[2], sys.argv[2:])"
# Sees all places, asks for one of the other station and is refused, then for any of its own.
CLIENT = """
import sys
from rig.errors import UsageError
from rig.lab.directory import Directory
from rig.lab.hold import held_place
from rig.lab.waiting import reserved_place
_, coordinator, own, other = sys.argv
print(*sorted(Directory(coordinator).places()))
try:
    with held_place(other, coordinator):
        print("handed out")
except UsageError as error:
    print(error)
with reserved_place({"station": own}, coordinator, 10) as held:
    print(held.place, held.fixture)
"""


@dataclass(frozen=True)
class Station:
    name: str
    address: str
    fixture: Path
    runtime: Path
    inside: tuple[str, ...]         # what puts a command into its namespaces

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("LG_")}
        return subprocess.run(
            [*self.inside, sys.executable, *words], env=ours | {"RIG_RUNTIME": str(self.runtime)},
            cwd=self.fixture.parent, capture_output=True, text=True, timeout=120, check=False,
        )

    def lab(self, *words: str) -> str:
        done = self.run("-m", "rig", "lab", *words, "--fixture", str(self.fixture))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def ip(*words: str) -> bool:
    """Whether it could be done."""
    try:
        return subprocess.run(["ip", *words], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def networks(spaces: tuple[str, str]) -> bool:
    """Two namespaces with a cable between them; whether that can be had."""
    first, second = spaces
    steps = [("netns", "add", first), ("netns", "add", second),
             ("link", "add", "rig0", "netns", first, "type", "veth", "peer", "name", "rig0", "netns", second)]
    for number, space in enumerate(spaces, 1):
        steps += [("-n", space, "addr", "add", f"10.77.0.{number}/24", "dev", "rig0"),
                  ("-n", space, "link", "set", "rig0", "up"), ("-n", space, "link", "set", "lo", "up")]
    return shutil.which("unshare") is not None and all(ip(*step) for step in steps)


@pytest.fixture
def stations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Station, Station]]:
    spaces = (f"rig-{os.getpid()}-a", f"rig-{os.getpid()}-b")
    apart = networks(spaces)
    made = []
    for number, (letter, space) in enumerate(zip("ab", spaces, strict=True), 1):
        file = tmp_path / f"line-{letter}.yaml"
        file.write_text((ROOT / "fixtures" / "sim.yaml").read_text().replace("bench-a", f"hall-{letter}"))
        inside = ("ip", "netns", "exec", space, "unshare", "--uts", sys.executable, "-c", NAMED,
                  f"host-{letter}")
        made.append(Station(
            f"hall-{letter}", f"10.77.0.{number}" if apart else "127.0.0.1", file,
            Path(tempfile.mkdtemp(prefix="rig-")), inside if apart else (),
        ))
    yield made[0], made[1]
    for station in made:
        monkeypatch.setenv("RIG_RUNTIME", str(station.runtime))
        Lab(station.fixture).down()
        shutil.rmtree(station.runtime, ignore_errors=True)
    for space in spaces:
        ip("netns", "del", space)


def test_each_of_two_stations_runs_its_own_slots_alone(stations: tuple[Station, Station]) -> None:
    first, second = stations
    up = first.lab("up", "--host", first.address)
    coordinator = up.split()[1].rstrip(":")
    second.lab("up", "--host", second.address, "--coordinator", coordinator)

    asked = [
        station.run("-c", CLIENT, coordinator, station.name, f"{other.name}-sim-slot1")
        for station, other in (stations, stations[::-1])
    ]
    wrong = first.run(
        "-m", "pytest", "-p", "rig.pytestplugin", f"--rig-place={second.name}-sim-slot2",
        f"--rig-coordinator={coordinator}", "--rig-product=s21pro", "--rig-serial=S21PROTEST0000001",
    )

    for done, station, other in zip(asked, stations, stations[::-1], strict=True):
        seen, refused, own = done.stdout.splitlines()
        assert seen.split() == [f"hall-{letter}-sim-slot{slot}" for letter in "ab" for slot in range(1, 5)]
        assert f"is slot1 of {other.fixture} on station {other.name} (" in refused
        assert "run it there" in refused
        place, fixture = own.split()
        assert place.startswith(f"{station.name}-sim-slot")
        assert fixture == str(station.fixture)
    assert wrong.returncode == 2, wrong.stdout
    assert f"on station {second.name} (" in wrong.stdout + wrong.stderr

"""A station's rig brought up to date, and what it is when that goes wrong."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from proofs.servers import eventually, free_port
from rig.cli import app
from rig.errors import RigError, StationFault, UsageError
from rig.runtime import Runtime
from rig.update import services
from rig.update.release import State
from tests.update.conftest import Site, git

HOLD = """
import json, sys, time
from pathlib import Path
from rig.runtime import RoleLock
import os
lock = RoleLock(Path(sys.argv[1]))
while not lock.try_acquire(json.loads(sys.argv[2]) | {"pid": os.getpid()}):
    time.sleep(0.02)
print("held", flush=True)
time.sleep(float(sys.argv[3]))
"""


def holder(lock: Path, note: str = "{}", seconds: float = 600) -> subprocess.Popen[str]:
    """A process of its own that has a lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock), note, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(10)
    if process.stdout is not None:
        process.stdout.close()


def test_the_first_release_and_the_next(site: Site) -> None:
    first = site.update().to("v1")
    commit = site.version("v2")

    second = site.update().to("v2")

    assert (site.current, second.before, second.state) == ("v2", first.name, State.GOOD)
    assert second.name == f"v2-{commit[:10]}"
    assert os.readlink(site.home.current_link) == f"releases/{second.name}"
    assert (site.home.place(first.name) / "built" / "rig").exists()
    kept = site.home.known(second.name)
    assert kept is not None
    assert [(step.what.split()[1], step.code) for step in kept.steps] == [
        ("prepare.sh", 0), ("prove", 0), ("after", 0),
    ]
    assert str(site.runtime) not in kept.steps[1].tail          # proved beside the bench, not on it
    assert any("start its services anew" in line for line in site.said)


def test_the_same_again_does_nothing(site: Site) -> None:
    site.update().to("v1")
    before = site.picture()

    again = site.update().to("main")            # another name of the same commit is another release
    site.update().to("main")

    assert again.name.startswith("main-")
    assert site.said[-1] == f"the station has {again.name} already"
    assert before.keys() <= site.picture().keys()


def test_a_branch_is_as_it_is_at_its_origin(site: Site) -> None:
    site.update().to("main")
    commit = site.version("v2")

    assert site.update().to("main").commit == commit
    with pytest.raises(UsageError, match="no such tag"):
        site.update().to("v3")
    site.version("v3")
    with pytest.raises(UsageError, match="no such tag"):
        site.update(offline=True).to("v3")


@pytest.mark.parametrize(("version", "wrong", "state"), [
    ({"prepare": "echo no wheel for this machine; exit 1\n"}, "no wheel for this machine", State.FAILED),
    ({"rig": "echo three checks are BAD; test $1 = after\n"}, "three checks are BAD", State.FAILED),
    ({"rig": "test $1 = prove || sleep 30\n", "step_minutes": 0.005, "prove": [["./built/rig", "x"]]},
     "not done within", State.FAILED),
    ({"prove": [["./built/nothing"]]}, "No such file", State.FAILED),
])
def test_what_fails_beside_is_not_switched_to(
    version: dict[str, str], wrong: str, state: State, site: Site
) -> None:
    site.update().to("v1")
    commit = site.version("v2", **version)

    with pytest.raises(StationFault, match=wrong):
        site.update().to("v2")

    known = site.home.known(f"v2-{commit[:10]}")
    assert known is not None
    assert known.state is state
    assert site.current == "v1"
    with pytest.raises(StationFault, match=wrong):              # prepared anew, not taken as it lies
        site.update().to("v2")


def test_what_fails_as_the_stations_is_gone_back_from(site: Site) -> None:
    first = site.update().to("v1")
    commit = site.version("v2", rig="test $1 = prove\n")

    with pytest.raises(StationFault, match=f"it has {first.name} again"):
        site.update().to("v2")

    assert site.current == "v1"
    known = site.home.known(f"v2-{commit[:10]}")
    assert known is not None
    assert (known.state, known.steps[-1].code) == (State.FAILED, 1)
    assert f"going back to {first.name}" in site.said
    site.version("v3")
    assert site.update().to("v3").before == first.name


def test_a_first_one_that_fails_leaves_nothing_to_run(site: Site) -> None:
    site.version("v0", rig="test $1 = prove\n")

    with pytest.raises(StationFault, match="it has nothing again"):
        site.update().to("v0")

    assert not site.home.current_link.is_symlink()


def test_a_live_slot_holds_the_switch_and_is_named(site: Site) -> None:
    site.update().to("v1")
    site.version("v2")
    run = holder(site.runtime / "slot-slot3.lock", '{"run": "20260101T000000Z-ab", "serial": "S21PRO1"}')

    with pytest.raises(StationFault, match=r"sim slot3: run 20260101T000000Z-ab has it .* expected no slot"):
        site.update().to("v2")

    assert site.current == "v1"
    end(run)
    begun = len(site.said)
    assert site.update().to("v2").state is State.GOOD           # what was prepared is taken
    assert not any(line.startswith("preparing") for line in site.said[begun:])


def test_it_waits_for_a_slot_as_long_as_it_may(site: Site) -> None:
    run = holder(site.runtime / "slot-slot1.lock", seconds=1.0)

    site.update(wait_seconds=30).to("v1")

    assert site.current == "v1"
    end(run)


def test_no_run_begins_while_it_is_switched(site: Site) -> None:
    """``after`` finds every slot's lock taken, and they are free when it is over."""
    taken = "for n in 1 2 3 4; do flock -n $RIG_RUNTIME/slot-slot$n.lock true && exit 9; done\n"
    site.version("v2", rig=f"test $1 = prove && exit 0\n{taken}exit 0\n")

    site.update().to("v2")

    lock = Runtime(site.runtime).lock("slot-slot4")
    assert site.current == "v2"
    assert lock.try_acquire()
    lock.release()


@pytest.mark.parametrize("spoil", [
    "unknown", "option", "dirty source", "dirty current", "nothing in it", "wrong file", "no room",
    "no network", "at work", "no home", "no clone", "bench file",
])
def test_what_cannot_be_done_changes_nothing(spoil: str, site: Site) -> None:
    site.update().to("v1")
    site.version("v2")
    ref, asked, lock = "v2", {}, site.home.lock
    match spoil:
        case "unknown":
            ref, wanted = "v9", "no such tag, branch or commit"
        case "option":
            ref, wanted = "--upload-pack=x", "no such tag, branch or commit"
        case "dirty source":
            (site.home.source.folder / "rig.sh").write_text("edited")
            wanted = r"M rig.sh\), expected none"
        case "dirty current":
            (site.home.current_link / "testplans.yaml").write_text("a plan of our own")
            wanted = r"\?\? testplans.yaml\), expected none"
        case "nothing in it":
            git(site.upstream, "rm", "-q", "deploy/release.yaml")
            git(site.upstream, "commit", "-qm", "none")
            ref, wanted = "main", "found no deploy/release.yaml"
        case "wrong file":
            site.version("v3", prove=[])
            ref, wanted = "v3", r"v3:deploy/release.yaml: prove"
        case "no room":
            site.version("v3", needs_gib=1e9)
            ref, wanted = "v3", "make room"
        case "no network":
            git(site.home.source.folder, "remote", "set-url", "origin", f"http://127.0.0.1:{free_port()}/x")
            wanted = "see to the network"
        case "at work":
            lock.try_acquire()
            wanted = "another update at work"
        case "no home":
            site.home = type(site.home)(site.home.folder / "nowhere")
            wanted = "no such folder"
        case "no clone":
            (site.home.source.folder / ".git" / "HEAD").unlink()
            wanted = "not a git repository"
        case _:
            asked, wanted = {"fixtures": [site.fixture.with_name("nowhere.yaml")]}, "no such file"
    before = site.picture()

    with pytest.raises(RigError, match=wanted):
        site.update(**asked).to(ref)

    assert site.picture() == before
    lock.release()


def test_back_to_the_one_before(site: Site) -> None:
    first = site.update().to("v1")
    site.version("v2")
    second = site.update().to("v2")

    site.update().back()

    assert site.current == "v1"
    assert site.home.known(first.name).state is State.GOOD      # type: ignore[union-attr]
    with pytest.raises(UsageError, match="found no release before v1"):
        site.update().back()
    assert site.update().to("v2").name == second.name


def test_back_from_a_store_that_the_old_one_cannot_read(site: Site) -> None:
    site.update().to("v1")
    site.version("v2", store_version=2)
    site.update().to("v2")
    with sqlite3.connect(site.results / "rig.db") as store:
        store.execute("PRAGMA user_version = 2")
    store.close()

    with pytest.raises(UsageError, match="found a store of version 2, expected at most 1"):
        site.update().back()

    assert site.current == "v2"


def test_old_releases_go_and_results_never_do(site: Site) -> None:
    names = [site.update().to("v1").name]
    for tag in ("v2", "v3", "v4", "v5"):
        site.version(tag)
        if tag == "v3":
            results = site.home.current_link / "results" / "2026-01-01"
            results.mkdir(parents=True)                         # somebody ran boards in there
        names.append(site.update(keep=2).to(tag).name)

    assert {one.name for one in site.home.all()} == {names[1], names[3], names[4]}
    assert (site.home.place(names[1]) / "results" / "2026-01-01").is_dir()
    assert any(line.startswith(f"kept {names[1]}: there are results") for line in site.said)


def test_services_are_started_anew_and_seen_to_be_back(site: Site) -> None:
    station = holder(site.runtime / "station.lock")
    script = site.home.folder / "restart.sh"
    script.write_text(f"kill {station.pid}\nsetsid {sys.executable} -c '{HOLD}' "
                      f"{site.runtime}/station.lock '{{}}' 600 > /dev/null 2>&1 &\n")

    site.update(restart=f"sh {script}").to("v1")

    note = Runtime(site.runtime).lock("station").held_by()
    assert note is not None
    assert note["pid"] != station.pid
    assert site.home.known(site.home.current or "").state is State.GOOD    # type: ignore[union-attr]
    os.kill(note["pid"], signal.SIGKILL)
    end(station)


def test_services_that_do_not_come_back_take_the_release_with_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BACK_SECONDS", 0.3)
    site.update().to("v1")
    site.version("v2")
    station = holder(site.runtime / "station.lock")

    with pytest.raises(StationFault, match="failed as the station's"):
        site.update(restart=f"kill {station.pid}").to("v2")

    assert site.current == "v1"
    assert any("not back within" in line and "station" in line for line in site.said)
    end(station)


def test_one_that_is_told_to_end_goes_back(site: Site) -> None:
    site.update().to("v1")
    site.version("v2", rig="test $1 = prove && exit 0\ntouch $RIG_RUNTIME/here; sleep 600\n")
    process = subprocess.Popen(site.command("--to", "v2"), stdout=subprocess.PIPE, text=True)
    assert eventually((site.runtime / "here").exists, 60)

    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 4, said
    assert site.current == "v1"


def test_one_that_was_killed_leaves_a_release_that_nobody_trusts(site: Site) -> None:
    first = site.update().to("v1")
    site.version("v2", rig="test $1 = prove && exit 0\ntouch $RIG_RUNTIME/here; sleep 2\n")
    process = subprocess.Popen(site.command("--to", "v2"), stdout=subprocess.DEVNULL)
    assert eventually((site.runtime / "here").exists, 60)
    process.kill()
    process.wait(10)
    assert site.current == "v2"
    with pytest.raises(StationFault, match="expected another one to remove"):
        site.home.remove(site.home.current or "")
    site.version("v3", rig="test $1 = prove\n")

    with pytest.raises(StationFault, match=f"it has {first.name} again"):
        site.update().to("v3")
    assert site.current == "v1"
    again = site.update().to("v2")

    assert (again.state, again.before) == (State.GOOD, first.name)
    assert [step.what.split()[1] for step in again.steps] == ["prepare.sh", "prove", "after"]


@pytest.mark.parametrize("words", [(), ("--to", "v1", "--back"), ("--to", "v9")])
def test_wrong_words_end_with_2(words: tuple[str, ...], site: Site) -> None:
    done = CliRunner().invoke(app, site.command(*words)[3:])

    assert isinstance(done.exception, UsageError)
    assert "found" in str(done.exception)


def test_it_says_what_it_does_and_where_the_report_lies(site: Site) -> None:
    done = CliRunner().invoke(app, site.command("--to", "v1")[3:])

    assert done.exit_code == 0, done.output
    assert "sh prepare.sh: done" in done.output
    report = Path(done.output.splitlines()[-1].removeprefix("report: "))
    assert report.parent == site.home.releases
    assert '"state": "good"' in report.read_text()

"""The runtime directory and its locks, the locks between real processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.runtime import RoleLock, Runtime, runtime_for


@pytest.fixture
def base() -> Iterator[Path]:
    """A short folder: sockets must fit into it."""
    folder = Path(tempfile.mkdtemp(prefix="rig-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def no_choice(base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("RIG_RUNTIME", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    return base


def test_rig_runtime_is_taken_as_it_is(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_RUNTIME", str(base / "deep" / "here"))

    runtime = runtime_for(Path("anything.yaml"))

    assert runtime.folder == base / "deep" / "here"
    assert runtime.folder.stat().st_mode & 0o777 == 0o700


def test_each_fixture_file_has_a_folder_of_its_own(no_choice: Path) -> None:
    one, two = runtime_for(Path("one.yaml")), runtime_for(Path("two.yaml"))

    assert one.folder != two.folder
    assert one.folder.parent == no_choice
    assert one.folder.name.startswith(f"rig-{os.getuid()}-")


def test_a_link_to_a_fixture_file_is_the_same_fixture(no_choice: Path) -> None:
    real, link = no_choice / "real.yaml", no_choice / "link.yaml"
    real.touch()
    link.symlink_to(real)

    assert runtime_for(link).folder == runtime_for(real).folder


def test_without_xdg_the_temporary_folder_serves(
    no_choice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(no_choice))

    assert runtime_for(Path("one.yaml")).folder.parent == no_choice


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_open_to_others_is_refused(
    base: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    base.chmod(mode)
    monkeypatch.setenv("RIG_RUNTIME", str(base))

    with pytest.raises(UsageError, match=rf"mode {mode:o}, expected .* mode 700"):
        runtime_for(Path("a.yaml"))


def test_a_file_in_the_way_is_a_sentence(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base / "file").touch()
    monkeypatch.setenv("RIG_RUNTIME", str(base / "file"))

    with pytest.raises(UsageError, match="set RIG_RUNTIME"):
        runtime_for(Path("a.yaml"))


def test_a_path_too_long_for_a_socket_is_a_sentence(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_RUNTIME", str(base / ("x" * 100)))

    with pytest.raises(UsageError, match="shorter"):
        runtime_for(Path("a.yaml"))
    assert not (base / ("x" * 100)).exists()


def test_names_in_the_folder() -> None:
    runtime = Runtime(Path("/run/rig"))
    assert [path.name for path in (
        runtime.guard_socket, runtime.bench_socket, runtime.bench_ports, runtime.log("guard")
    )] == ["guard.sock", "bench.sock", "bench.json", "guard.log"]


def test_a_lock_is_held_once_and_names_its_holder(base: Path) -> None:
    runtime = Runtime(base)
    first, second = runtime.lock("slot-slot1"), runtime.lock("slot-slot1")

    assert first.try_acquire({"run": "r1"})
    assert not second.try_acquire({"run": "r2"})
    assert second.holder() == {"run": "r1"}
    assert runtime.lock("slot-slot2").try_acquire()
    first.release()
    assert second.try_acquire()
    assert second.holder() == {"pid": os.getpid()}


def test_a_shorter_note_leaves_nothing_of_the_longer(base: Path) -> None:
    for note in ({"serial": "S" * 200}, {"serial": "S"}):
        lock = RoleLock(base / "a.lock")
        assert lock.try_acquire(note)
        assert lock.holder() == note
        lock.release()


@pytest.mark.parametrize("left", ["", "not json", "[1, 2]", "\"text\""])
def test_an_unreadable_note_is_no_note(base: Path, left: str) -> None:
    (base / "a.lock").write_text(left)
    assert RoleLock(base / "a.lock").holder() == {}


def test_no_lock_file_is_no_holder(base: Path) -> None:
    assert RoleLock(base / "none.lock").holder() == {}


def test_releasing_twice_is_releasing_once(base: Path) -> None:
    lock = RoleLock(base / "a.lock")
    lock.release()
    assert lock.try_acquire()
    lock.release()
    lock.release()
    assert RoleLock(base / "a.lock").try_acquire()


def test_a_killed_process_leaves_the_lock_free_and_its_note(base: Path) -> None:
    words = (
        "import sys, pathlib; from rig.runtime import RoleLock\n"
        "assert RoleLock(pathlib.Path(sys.argv[1])).try_acquire({'run': 'dead'})\n"
        "lock = RoleLock(pathlib.Path(sys.argv[2])); assert lock.try_acquire({'run': 'alive'})\n"
        "print('held', flush=True); sys.stdin.read()\n"
    )
    path = base / "slot.lock"
    with subprocess.Popen(
        [sys.executable, "-c", words, str(base / "dropped.lock"), str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        mine = RoleLock(path)
        assert not mine.try_acquire()
        child.kill()
        child.wait(10)
        assert mine.holder() == {"run": "alive"}
        assert mine.try_acquire()
    assert json.loads(path.read_text()) == {"pid": os.getpid()}


def test_acquire_waits_for_the_holder(base: Path) -> None:
    first, order = RoleLock(base / "start.lock"), list[str]()
    assert first.try_acquire()
    waiting = threading.Event()

    def wait_for_it() -> None:
        waiting.set()
        with RoleLock(base / "start.lock"):
            order.append("second")

    other = threading.Thread(target=wait_for_it)
    other.start()
    assert waiting.wait(10)
    order.append("first")
    first.release()
    other.join(10)
    assert order == ["first", "second"]


def test_who_has_a_lock_is_seen_without_touching_it(base: Path) -> None:
    lock, other = RoleLock(base / "slot.lock"), RoleLock(base / "slot.lock")
    never = other.held_by()
    lock.try_acquire({"run": "nightly-7", "pid": os.getpid()})
    while_held = other.held_by()
    lock.release()

    assert never is None
    assert while_held == {"run": "nightly-7", "pid": os.getpid()}
    assert other.held_by() is None
    assert other.holder() == while_held

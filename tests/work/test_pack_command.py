"""``rig pack`` as people call it."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rig.work.pack import Pack, load_pack, save_pack

RIG = [sys.executable, "-m", "rig"]
MINE = ["--name", "tiny", "--chips", "3", "--jobs", "4", "--answers", "200", "--per-sub-core", "0",
        "--bits", "12", "--seed", "9", "--processes", "2"]


def rig(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*RIG, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def file(small_pack: Pack, tmp_path: Path) -> Path:
    path = tmp_path / "small.kap"
    save_pack(small_pack, path)
    return path


def test_mine_again_after_a_kill_gives_the_same_bytes(tmp_path: Path) -> None:
    whole = rig("pack", "mine", tmp_path / "whole.kap", *MINE)
    assert whole.returncode == 0, whole.stderr
    assert "mined 12 of 12 units" in whole.stdout

    killed, partial = tmp_path / "killed.kap", tmp_path / "killed.kap.partial"
    process = subprocess.Popen([*RIG, "pack", "mine", str(killed), *MINE], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (partial.exists() and partial.stat().st_size > 1_500):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    assert not killed.exists()

    again = rig("pack", "mine", killed, *MINE)
    assert again.returncode == 0, again.stderr
    assert "taking up" in again.stdout
    assert killed.read_bytes() == (tmp_path / "whole.kap").read_bytes()
    assert not partial.exists()
    assert load_pack(killed).answers_of(3) == slice(1800, 2400)


def test_an_order_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    result = rig("pack", "mine", tmp_path / "x.kap", "--per-sub-core", "9", "--jobs", "1")
    assert result.returncode == 2
    assert "ask for more of either" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("words", "says"), [
    (["--chip", "bm1366"], "found 8 sub-cores a core, expected 16"),
    (["--name", "two words"], "letters, digits"),
    (["--sweep-length", "0"], "a sweep length of 0"),
    (["--bits", "70"], "70 zero bits"),
    (["--chips", "300"], "beyond 0xFF"),
])
def test_what_no_pack_can_be_is_refused_at_once(tmp_path: Path, words: list[str], says: str) -> None:
    result = rig("pack", "mine", tmp_path / "x.kap", *words)
    assert (result.returncode, list(tmp_path.iterdir())) == (2, [])
    assert says in result.stderr


def test_nowhere_to_write(tmp_path: Path) -> None:
    result = rig("pack", "mine", tmp_path / "none" / "x.kap", *MINE)
    assert result.returncode == 2
    assert "expected one to write the pack to" in result.stderr


def test_merge(file: Path) -> None:
    out = file.with_name("both.kap")
    result = rig("pack", "merge", out, file, file)
    assert result.returncode == 0, result.stderr
    assert "3600 answers of 2 packs" in result.stdout
    assert len(load_pack(out)) == 3600
    alone = rig("pack", "merge", out, file)
    assert alone.returncode == 2
    assert "two packs or more" in alone.stderr


def test_verify_a_sound_pack(file: Path) -> None:
    result = rig("pack", "verify", file)
    assert (result.returncode, result.stdout) == (0, f"good: {file}: 3600 of 3600 answers hold\n")


def test_verify_finds_a_forged_answer_under_a_right_checksum(file: Path) -> None:
    data = bytearray(file.read_bytes()[:-32])
    text = int.from_bytes(data[10:14], "little")
    data[14 + text + 40] ^= 1                   # a byte of the first job's template
    file.write_bytes(bytes(data) + hashlib.sha256(data).digest())
    result = rig("pack", "verify", file)
    assert result.returncode == 1
    assert f"bad: {file}: 24" in result.stdout  # the other two jobs' 2400 hold, and a few by chance


def test_verify_a_damaged_and_an_absent_file(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])
    damaged = rig("pack", "verify", file)
    assert damaged.returncode == 1
    assert "truncated" in damaged.stdout
    absent = rig("pack", "verify", file.with_name("none.kap"))
    assert absent.returncode == 2
    assert "no such file" in absent.stderr


def test_show(file: Path) -> None:
    result = rig("pack", "show", file)
    assert result.returncode == 0, result.stderr
    assert "4 x bm1370, address interval 2" in result.stdout
    assert "3600 of 8 zero bits or more, in 3 jobs" in result.stdout
    assert "least 300, mean 300.0, most 300" in result.stdout

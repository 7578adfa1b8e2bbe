"""``rig decode`` as a person runs it: the real program, its output and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SHARE = "aa554c0352750cd205a29c"


def rig_decode(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = "from rig.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "decode", *arguments], input=stdin, capture_output=True, timeout=60,
        check=False,
    )


def test_a_file_becomes_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "capture.txt"
    file.write_text(f"# one share\n< {SHARE[:8]}\n< {SHARE[8:]}\n> 55aa4005040015\n")
    done = rig_decode(str(file))
    assert (done.returncode, done.stderr) == (0, b"")
    nonce, invalid = map(json.loads, done.stdout.splitlines())
    assert (nonce["kind"], nonce["job_id"], nonce["nonce"]) == ("nonce", 13, 1968309068)
    assert (invalid["kind"], invalid["crc_ok"]) == ("invalid", False)


def test_standard_input_and_another_chip() -> None:
    done = rig_decode("--chip", "bm1366", "-", stdin=b"aa552fd596ce029394fb86\r\n")
    assert done.returncode == 0
    assert json.loads(done.stdout)["job_id"] == 18


def test_an_empty_capture_says_nothing() -> None:
    done = rig_decode("-")
    assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.parametrize(("arguments", "stdin", "sentence"), [
    (["no-such-file"], b"", "no-such-file: found No such file"),
    (["/"], b"", "found Is a directory"),
    (["-"], b"55 AA\nnonsense\n", "line 2 of the capture: found 'nonsense'"),
    (["-"], b"\xff\xfe\x00", "standard input: found bytes that are no text"),
    (["--chip", "bm1399", "-"], b"", "unknown chip 'bm1399'"),
])
def test_what_cannot_be_read_is_one_sentence_and_exit_2(
    arguments: list[str], stdin: bytes, sentence: str
) -> None:
    done = rig_decode(*arguments, stdin=stdin)
    assert done.returncode == 2
    assert done.stdout == b""
    assert sentence in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    file.write_text((SHARE + "\n") * 20_000)
    program = "from rig.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "decode", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        if process.stdout is None or process.stderr is None:
            pytest.fail("no pipes")
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0

"""``rig passport`` as people call it, and that no key ever leaves its file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rig.cli import main
from rig.records import RunFolder, RunRecord, file_run, read_record
from rig.records.model import NextStepRecord
from rig.verdict.retest import Action

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
RUN = read_record(GOLDEN / "record_pass.json").model_copy(
    update={"next_step": NextStepRecord(action=Action.SHIP, why="It passed.")}
)
NO_SERIAL_TWICE = {"run_id": "20260101T090000-00c0de", "serial": "SIM0000000000002A"}


def keep(results: Path, run: RunRecord) -> None:
    folder = RunFolder.create(results, run.serial, run.run_id, run.started)
    folder.journal.touch()
    file_run(results, folder, run)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("RIG_PASSPORT_KEY", raising=False)
    folder = tmp_path / "results"
    folder.mkdir()
    keep(folder, RUN)
    failed = read_record(GOLDEN / "record_fail.json")
    keep(folder, failed.model_copy(update=NO_SERIAL_TWICE))
    return folder


def passport(*words: str | Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rig", "passport", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_issued_and_verified(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "passport.json"
    assert passport("issue", RUN.run_id, "--out", out, "--results", results) == 0
    told = capsys.readouterr().out
    assert f"SIMULATED board {RUN.serial}, run {RUN.run_id}: PASS, grade L1, shippable" in told
    assert "DEVELOPMENT KEY" in told
    assert passport("verify", out, "--results", results) == 0
    told = capsys.readouterr().out
    assert "DEVELOPMENT KEY" in told
    assert "give --key to know whose it is" in told
    assert "agrees with the records" in told


def test_a_run_that_failed_has_a_truthful_passport(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert passport("issue", NO_SERIAL_TWICE["run_id"], "--results", results) == 0
    assert "FAIL, CHAIN-SHORT, not shippable" in capsys.readouterr().out


def test_the_stations_own_key(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                              monkeypatch: pytest.MonkeyPatch) -> None:
    private, public, out = tmp_path / "key.pem", tmp_path / "pub.pem", tmp_path / "passport.json"
    assert passport("key", "new", private) == 0
    public.write_text(capsys.readouterr().out)
    assert passport("issue", RUN.run_id, "--out", out, "--results", results, "--key", private) == 0
    monkeypatch.setenv("RIG_PASSPORT_KEY", str(private))
    assert passport("key", "show", "--results", results) == 0
    assert capsys.readouterr().out.endswith(public.read_text())
    assert passport("issue", RUN.run_id, "--results", results) == 0
    assert passport("verify", out, "--key", public, "--results", results) == 0
    told = capsys.readouterr().out
    assert "the key given" in told
    assert "DEVELOPMENT" not in told
    assert not (results / "passport-development-key.pem").exists()


def test_what_differs_is_told_with_exit_1(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "passport.json"
    passport("issue", RUN.run_id, "--out", out, "--results", results)
    out.write_bytes(out.read_bytes().replace(b"1051.2", b"1051.9").replace(b"Austin", b"\\u001b[2J"))
    capsys.readouterr()
    assert passport("verify", out, "--results", results) == 1
    told = capsys.readouterr().out
    assert "DIFFERS  the signature does not fit" in told
    assert "DIFFERS  result.watts: the passport says 1051.9, the store 1051.2" in told
    assert "\x1b" not in told


@pytest.mark.parametrize("text", ["", "no passport", "{}", '{"passport": 3, "statement": {}}'])
def test_no_passport_is_exit_2(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "odd.json").write_text(text)
    assert passport("verify", tmp_path / "odd.json") == 2
    told = capsys.readouterr().err
    assert told.startswith("rig: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("issue", "absent", "--results", "{results}"),
        ("issue", RUN.run_id, "--results", "{results}/absent"),
        ("issue", RUN.run_id, "--results", "{results}", "--key", "{results}/absent.pem"),
        ("issue", RUN.run_id, "--results", "{results}", "--out", "{results}/absent/passport.json"),
        ("issue", RUN.run_id, "--results", "{results}", "--out", "{results}"),
        ("verify", "{results}/absent.json"),
        ("verify", "{results}", "--key", "{results}/absent.pem"),
        ("lot", "--since", "soon", "--results", "{results}", "--out", "{results}/lot"),
        ("lot", "--since", "2026-01-02", "--until", "2026-01-01", "--results", "{results}", "--out", "x"),
        ("lot", "--since", "2025-01-01", "--until", "2025-01-02", "--results", "{results}", "--out", "x"),
        ("lot", "--since", "2026-01-01", "--results", "{results}", "--out", "{results}"),
        ("key", "new", "{results}/rig.db"),
        ("key", "show", "--results", "{results}/absent"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    words: tuple[str, ...], results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passport(*(word.format(results=results) for word in words)) == 2
    told = capsys.readouterr().err
    assert "found" in told
    assert told.count("\n") == 1


def test_a_packet_is_made_and_verified(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packet = tmp_path / "packet"
    assert passport("lot", "--since", "2026-01-01", "--until", "2026-01-02", "--results", results,
                    "--out", packet) == 0
    told = capsys.readouterr().out
    assert "1 SIMULATED boards; 1 left out" in told
    assert "SIM0000000000002A: Its last run ended FAIL with CHAIN-SHORT" in told
    assert passport("verify", packet, "--results", results) == 0
    (packet / "index.html").write_text("<p>All good.</p>")
    assert passport("verify", packet) == 1
    assert "index.html: was changed after the packet was made" in capsys.readouterr().out


def test_no_private_key_is_in_what_is_written_or_said(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both kinds of key: neither its text nor its 32 bytes, in hex or raw, leave the key's own file."""
    private = tmp_path / "key.pem"
    passport("key", "new", private)
    passport("issue", RUN.run_id, "--results", results, "--key", private, "--out", tmp_path / "one.json")
    passport("issue", NO_SERIAL_TWICE["run_id"], "--results", results, "--out", tmp_path / "two.json")
    lot = tmp_path / "lot"
    passport("lot", "--since", "2026-01-01", "--results", results, "--key", private, "--out", lot)
    passport("verify", lot, "--key", private)
    private.chmod(0o644)
    passport("issue", RUN.run_id, "--results", results, "--key", private)
    said = capsys.readouterr()
    keys = [private, results / "passport-development-key.pem"]
    secrets = [secret for key in keys for secret in _spellings(key)]
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path not in keys]
    assert len(written) > 8
    for secret in secrets:
        assert secret not in (said.out + said.err).encode()
        assert [path for path in written if secret in path.read_bytes()] == []


def _spellings(key: Path) -> list[bytes]:
    der = subprocess.run(["openssl", "pkey", "-in", key, "-outform", "DER"], capture_output=True, check=True,
                         timeout=60).stdout
    raw = der[-32:]
    return [key.read_text().splitlines()[1].encode(), raw, raw.hex().encode(), raw.hex().upper().encode()]


def test_the_passport_is_json_for_other_programs(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "passport.json"
    passport("issue", RUN.run_id, "--out", out, "--results", results)
    stated = json.loads(out.read_text())["statement"]
    assert (stated["serial"], stated["chips"]["chip_marking"], stated["tested"]["country"]) == (
        RUN.serial, "BM1370BB-F2", "US",
    )

"""The factory's system at both ends of whole runs in virtual time, and ``rig mes`` after them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from proofs.mes_standin import StandIn, mes_standin
from rig.cli import main
from rig.errors import UsageError
from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict import Verdict

ROOT = Path(rig.__file__).parents[1]
SERIAL = "S21PROTEST0000001"
SHORT = {"kind": "short_circuit", "ohms": 0.01}        # a run that is soon over
Bench = Callable[..., VirtualBench]


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with mes_standin() as found:
        yield found


@pytest.fixture
def bench(tmp_path: Path, standin: StandIn) -> Bench:
    """A simulated bench whose file names the stand-in, as told."""
    def bench(**mes: Any) -> VirtualBench:
        values = yaml.safe_load((ROOT / "fixtures" / "sim.yaml").read_text())
        values["mes"] = {"url": standin.url, "timeout_seconds": 2, "all_runs": True, **mes}
        (tmp_path / "sim.yaml").write_text(yaml.safe_dump(values))
        return VirtualBench(
            "s21pro", fixture=tmp_path / "sim.yaml", results=tmp_path / "results", plans=ROOT / "testplans"
        )

    return bench


def told(record: RunRecord) -> list[str]:
    return [event.text for event in record.events if event.kind == "mes"]


def rig_mes(folder: Path, *words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        files = ["--fixture", str(folder / "sim.yaml"), "--results", str(folder / "results")]
        patch.setattr(sys, "argv", ["rig", "mes", *words, *files])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_asked_before_and_told_after(bench: Bench, standin: StandIn) -> None:
    record = bench().run(scanned=SERIAL, serial=SERIAL)
    assert record.verdict is Verdict.PASS
    assert told(record) == ["the board may be run"]
    assert [path for path, _, _ in standin.requests] == ["/mes/route", "/mes/results"]
    assert standin.requests[0][2]["serial"] == SERIAL
    assert standin.results[record.run_id]["verdict"] == "PASS"


def test_refused_nothing_is_begun(bench: Bench, standin: StandIn, tmp_path: Path) -> None:
    standin.routes[SERIAL] = {"may_run": False, "reason": "in_rework", "text": "paste is missing"}
    with pytest.raises(UsageError, match=f"board {SERIAL}: found it refused by the MES .it is in rework; it "
                                         "says: paste is missing"):
        bench().run(scanned=SERIAL)
    assert not list((tmp_path / "results").glob("*/*"))
    assert standin.results == {}


def test_away_the_board_is_not_powered(bench: Bench, standin: StandIn, tmp_path: Path) -> None:
    standin.status = 500
    record = bench().run(scanned=SERIAL)
    assert (record.verdict, record.failure_code, record.board_verdict) == (
        Verdict.STATION_FAULT, "STN-MES", None,
    )
    assert "found 500" in (record.failure_text or "")
    assert [event.text for event in record.events if event.kind == "phase"] == ["taking the slot"]
    assert record.measurements == ()
    assert rig_mes(tmp_path, "status") == 0, "a run that was not begun is not owed"


def test_away_but_allowed_the_result_waits(
    bench: Bench, standin: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    standin.status = 500
    record = bench(offline="allow_and_queue").run([SHORT], scanned=SERIAL)
    assert record.failure_code == "POWER-SHORT", "the board was run"
    assert "as the bench allows" in told(record)[0]
    capsys.readouterr()
    assert rig_mes(tmp_path, "status") == 1
    assert f"{record.run_id}  {SERIAL}  waiting: {standin.url}: found 500" in capsys.readouterr().out
    assert rig_mes(tmp_path, "resend") == 3

    standin.status, standin.refuses = 200, True
    assert rig_mes(tmp_path, "resend") == 1
    standin.refuses = False
    assert rig_mes(tmp_path, "resend") == 1, "what it refused waits for a person"
    assert rig_mes(tmp_path, "resend", "--refused") == 0
    assert list(standin.results) == [record.run_id]
    assert rig_mes(tmp_path, "status") == 0


def test_the_next_run_tells_what_waited(bench: Bench, standin: StandIn, tmp_path: Path) -> None:
    standin.status = 500
    first = bench(offline="allow_and_queue").run([SHORT], scanned=SERIAL)
    standin.status = 200
    second = bench().run([SHORT], scanned=SERIAL)
    assert list(standin.results) == [second.run_id, first.run_id]
    assert rig_mes(tmp_path, "status") == 0


def test_not_let_in_is_no_outage(bench: Bench, standin: StandIn) -> None:
    standin.token = "another"
    record = bench(offline="allow_and_queue").run(scanned=SERIAL)
    assert record.failure_code == "STN-MES"
    assert "expected to be let in" in (record.failure_text or "")


def test_a_production_system_hears_nothing_of_simulated_runs(
    bench: Bench, standin: StandIn, tmp_path: Path,
) -> None:
    record = bench(all_runs=False).run([SHORT], scanned=SERIAL)
    assert told(record) == ["neither asked nor told: the run is simulated, or not for the yield"]
    assert standin.requests == []
    assert rig_mes(tmp_path, "status") == 0

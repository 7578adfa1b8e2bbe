"""The commands of reports: from a store to files, and every refusal in one sentence."""

from __future__ import annotations

import json
import re
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rig.cli import app, main
from rig.errors import UsageError
from rig.qa.history import Line
from rig.qa.history_keep import History, keep
from rig.qa.page import demand_place
from rig.recipe import load_plan
from rig.records import RunRecord, Store
from rig.records.write import STORE_FILE
from tests.qa.conftest import make_record

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    until = datetime.now(UTC).date() - timedelta(days=1)
    plan = load_plan(Path(__file__).parents[2] / "testplans", "s21pro")
    keep(History.of(Line.planted(120, 3, 4, until), plan), folder)
    return folder


def said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object
) -> tuple[int, str]:
    """Exit code and what stood on stderr."""
    monkeypatch.setattr(sys, "argv", ["rig", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize("words", [
    ["line"], ["line", "--station", "A1-01"], ["station", "--station", "A1-01"], ["lot", "--lot", "JOB2601"],
])
def test_reports_are_written(results: Path, tmp_path: Path, words: list[str]) -> None:
    out = tmp_path / "report.html"

    done = RUNNER.invoke(app, ["report", *words, "--simulated", "--results", str(results), "--out", str(out)])

    assert done.exit_code == 0, done.output
    assert out.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("column", ["run_id", "serial"])
def test_a_board_is_told_by_its_run_or_serial(results: Path, tmp_path: Path, column: str) -> None:
    out = tmp_path / "board.html"
    told = make_record("20260101T080000-00beef", serial="ONEBOARD", simulated=True)
    record = RunRecord.model_validate(told)
    Store(results / STORE_FILE).put(record)

    done = RUNNER.invoke(
        app, ["report", "board", getattr(record, column), "--results", str(results), "--out", str(out)]
    )

    assert done.exit_code == 0, done.output
    assert "ONEBOARD" in out.read_text()


def test_alarms_as_json(results: Path) -> None:
    done = RUNNER.invoke(app, ["report", "alarms", "--simulated", "--json", "--results", str(results)])

    assert done.exit_code in (0, 1)
    assert isinstance(json.loads(done.output)["alarms"], list)


@pytest.mark.parametrize(("words", "wanted"), [
    (["report", "line", "--out", "{tmp}/no/a.html", "--results", "{results}"], "one that is there"),
    (["report", "line", "--out", "{tmp}/a.html", "--results", "{tmp}"], "expected the store of a station"),
    (["report", "board", "NO", "--out", "{tmp}/a.html", "--results", "{results}"], "neither a run nor"),
    (["report", "line", "--spec", "x", "--out", "{tmp}/a.html", "--results", "{results}"], "--spec"),
    (["gauge", "run", "nosuch", "--results", "{results}"], "found no study"),
    (["gauge", "report", "../x", "--out", "{tmp}/a.html", "--results", "{results}"], "expected letters"),
])
def test_refusals_are_one_sentence_and_exit_2(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    words: list[str], wanted: str,
) -> None:
    code, error = said(capsys, monkeypatch, *(word.format(tmp=tmp_path, results=results) for word in words))

    assert code == 2
    assert wanted in error
    assert error.count("\n") == 1


def test_a_pdf_holds_the_whole_page_and_no_blank_sheets(results: Path, tmp_path: Path) -> None:
    try:
        demand_place(tmp_path / "line.html", pdf=True)
    except UsageError as error:
        pytest.skip(str(error))
    out = tmp_path / "line.html"

    done = RUNNER.invoke(app, [
        "report", "line", "--simulated", "--pdf", "--results", str(results), "--out", str(out)
    ])

    assert done.exit_code == 0, done.output
    made = out.with_suffix(".pdf").read_bytes()
    packed = re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", made, re.DOTALL)
    streams = [zlib.decompressobj().decompress(one) for one in packed]
    sheets = sum(len(re.findall(rb"/Type */Page\b", one)) for one in (made, *streams))
    assert made.startswith(b"%PDF")
    assert 3 <= sheets <= 12, "with the page's grid it were more than twice as many, most of them blank"


def test_pdf_without_its_library_is_one_sentence(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)

    code, error = said(capsys, monkeypatch, "report", "line", "--pdf", "--out", tmp_path / "a.html",
                       "--results", results)

    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert "hashrig[pdf]" in error


def test_a_drawn_history_never_joins_real_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path / STORE_FILE).put(RunRecord.model_validate(make_record()))

    words = ("demo-history", "--boards", 10, "--days", 2, "--results", tmp_path)
    code, error = said(capsys, monkeypatch, *words)

    assert code == 2
    assert "1 runs of a real bench" in error


def test_demo_history_tells_what_it_planted(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["demo-history", "--boards", "30", "--days", "10", "--results", str(tmp_path)])

    assert done.exit_code == 0, done.output
    assert done.output.count("planted: ") == 3
    assert "--simulated" in done.output


def test_a_gauge_plan_knows_its_bench(tmp_path: Path) -> None:
    words = ["gauge", "plan", "g1", "--product", "s21pro", "--fixture", "fixtures/sim.yaml",
             "--boards", "A,B", "--results", str(tmp_path)]

    good = RUNNER.invoke(app, [*words, "--slots", "slot1,slot2"])
    bad = RUNNER.invoke(app, [*words, "--slots", "slot1,slot9"])

    assert good.exit_code == 0, good.output
    assert "12 runs planned" in good.output
    assert "slot9" in str(bad.exception)

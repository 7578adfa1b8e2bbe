"""A study end to end, on a few boards: rows, figures, taken up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import rig
from rig.cli import app
from rig.errors import UsageError
from rig.study.rows import Row
from rig.study.run import KeptRows, Study, play_boards

ROOT = Path(rig.__file__).parents[1]


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    file = tmp_path / "mix.yaml"
    file.write_text(
        "good: 0.5\nfaults:\n"
        "  - {kind: dead_chip, share: 1, chip: any}\n"
        "  - {kind: uart_gone, share: 1}\n"
    )
    return file


def told(mix: Path, **changes: Any) -> Study:
    facts = {"boards": 0, "per_kind": 2, "seed": 5, "time_scale": 20.0} | changes
    return Study("s21pro", ROOT / "fixtures" / "sim.yaml", ROOT / "testplans", mix, **facts)


def test_the_same_boards_come_out_the_same_in_any_company(mix: Path) -> None:
    study = told(mix)
    together = play_boards(study, [0, 2, 3])
    alone = play_boards(study, [2])[0]
    same = {"cpu_seconds"}
    assert together[1].model_dump(exclude=same) == alone.model_dump(exclude=same)
    assert [row.code for row in together] == ["CHAIN-SHORT", "STN-LINK", "STN-LINK"]
    assert together[0].faults[0]["kind"] == "dead_chip"


def test_the_command_prints_writes_and_takes_up_again(mix: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.json"
    words = [
        "study", "--mix", str(mix), "--per-kind", "1", "--jobs", "1", "--seed", "5", "--time-scale", "20",
        "--fixture", str(ROOT / "fixtures" / "sim.yaml"), "--plans", str(ROOT / "testplans"),
        "--json", str(out),
    ]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "escapes              0" in done.output
    written = json.loads(out.read_text())
    assert [row["code"] for row in written["rows"]] == ["CHAIN-SHORT", "STN-LINK"]
    assert written["escapes"] == 0
    assert not out.with_suffix(".rows.jsonl").exists()


def test_rows_survive_and_a_torn_one_is_played_again(mix: Path, tmp_path: Path) -> None:
    rows = [
        Row.model_validate({
            "number": number, "seed": 1, "faults": (), "verdict": "PASS", "board_verdict": None, "code": None,
            "ranked": (), "grade": "L1", "seconds": 1.0, "decision_seconds": 5.0, "cpu_seconds": 1.0,
        })
        for number in range(3)
    ]
    path = tmp_path / "rows.jsonl"
    with KeptRows(path, "one") as kept:
        for row in rows:
            kept.add(row)
    path.write_text(path.read_text()[:-20])
    with KeptRows(path, "one") as kept:
        assert sorted(kept.rows) == [0, 1]
        kept.add(rows[2])
    with KeptRows(path, "one") as kept:
        assert sorted(kept.rows) == [0, 1, 2]


def test_rows_of_another_study_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with KeptRows(path, "one"):
        pass
    with pytest.raises(UsageError, match="rows of another study"), KeptRows(path, "two"):
        pass


def test_nothing_to_study_is_refused(mix: Path) -> None:
    done = CliRunner().invoke(app, ["study", "--mix", str(mix)])
    assert isinstance(done.exception, UsageError)
    assert "expected --boards or --per-kind" in str(done.exception)

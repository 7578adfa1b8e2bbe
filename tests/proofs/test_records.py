"""A short turn of the proof, and that it sees what it is to see."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from proofs.records import Heard, kill_often, recover, told, wrongs
from rig.records import STORE_FILE, RunFolder

KILLS = 12


def test_whoever_keeps_runs_is_killed(tmp_path: Path) -> None:
    heard, odd = kill_often(tmp_path, KILLS, seed=3)
    recover(tmp_path)
    assert list(wrongs(tmp_path, heard)) == [], told(tmp_path, heard, odd)
    assert odd == 0
    assert heard.started
    assert len(heard.shown) < len(heard.started), "some died within a run"


def lose_a_row(results: Path, run_id: str) -> None:
    with closing(sqlite3.connect(results / STORE_FILE)) as database:
        database.execute("DELETE FROM runs WHERE run_id = ?", [run_id])
        database.commit()


def leave_it_pending(results: Path, run_id: str) -> None:
    with closing(sqlite3.connect(results / STORE_FILE)) as database:
        database.execute("UPDATE runs SET state = 'pending' WHERE run_id = ?", [run_id])
        database.commit()


def spoil_the_record(results: Path, run_id: str) -> None:
    file = folder_of(results, run_id).record
    file.write_text(file.read_text()[:-40])


def lose_a_line(results: Path, run_id: str) -> None:
    file = folder_of(results, run_id).journal
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3] + lines[4:]))


def lose_the_folder(results: Path, run_id: str) -> None:
    folder_of(results, run_id).journal.unlink()


def folder_of(results: Path, run_id: str) -> RunFolder:
    return next(folder for folder in RunFolder.all_in(results) if folder.path.name.endswith(run_id))


SPOIL: list[tuple[Callable[[Path, str], None], str]] = [
    (lose_a_row, "a record and no row"), (leave_it_pending, "still pending"),
    (spoil_the_record, "record.json: found"), (lose_a_line, "were said to be kept"),
    (lose_the_folder, "it was said to have begun, and is not there"),
]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Heard]:
    """A results folder with a run to spoil for every kind of wrong."""
    for seed in range(20):
        results = tmp_path_factory.mktemp("results")
        heard, _ = kill_often(results, 4, seed=seed)
        if len(heard.shown) >= len(SPOIL):
            recover(results)
            return results, heard
    raise TimeoutError("found too few finished runs in twenty turns")


@pytest.mark.parametrize(("spoil", "says"), SPOIL, ids=[spoil.__name__ for spoil, _ in SPOIL])
def test_it_finds_what_is_wrong(
    spoil: Callable[[Path, str], None], says: str, clean: tuple[Path, Heard]
) -> None:
    results, heard = clean
    run_id = list(heard.shown)[[one for one, _ in SPOIL].index(spoil)]     # another run each
    assert not any(run_id in sentence for sentence in wrongs(results, heard))
    spoil(results, run_id)
    found = "\n".join(sentence for sentence in wrongs(results, heard) if run_id in sentence)
    assert says in found

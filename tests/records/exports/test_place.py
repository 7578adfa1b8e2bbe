"""Exports appear whole or not at all, and replace nothing by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.records.exports import Place


def fill(place: Place, **files: str) -> list[Path]:
    with place.staging() as folder:
        staged = []
        for name, text in files.items():
            staged.append(folder / name)
            staged[-1].write_text(text)
        return place.fill(staged)


def test_a_file(tmp_path: Path) -> None:
    place = Place(tmp_path / "deep" / "out.csv", is_folder=False)
    assert fill(place, a="1") == [place.path]
    assert place.path.read_text() == "1"
    assert [path.name for path in place.path.parent.iterdir()] == ["out.csv"], "nothing else is left"


def test_a_folder_keeps_its_other_files(tmp_path: Path) -> None:
    place = Place(tmp_path / "out", is_folder=True)
    fill(place, a="1")
    fill(place, b="2")
    assert {path.name: path.read_text() for path in place.path.iterdir()} == {"a": "1", "b": "2"}


def test_the_same_again_is_no_matter(tmp_path: Path) -> None:
    place = Place(tmp_path / "out", is_folder=True)
    assert fill(place, a="1") == fill(place, a="1")


def test_what_differs_stays_and_so_do_all_others(tmp_path: Path) -> None:
    place = Place(tmp_path / "out", is_folder=True)
    fill(place, b="old")
    with pytest.raises(UsageError, match="found a file that differs"):
        fill(place, a="1", b="new")
    assert {path.name: path.read_text() for path in place.path.iterdir()} == {"b": "old"}
    fill(Place(place.path, is_folder=True, force=True), a="1", b="new")
    assert (place.path / "b").read_text() == "new"


def test_an_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path / "out.csv", is_folder=False)
    with pytest.raises(ZeroDivisionError), place.staging() as folder:
        (folder / "a").write_text(str(1 // 0))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_file_is_no_folder(is_folder: bool, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("") if is_folder else path.mkdir()
    with pytest.raises(UsageError, match="give --out another name"):
        fill(Place(path, is_folder=is_folder), a="1")

"""The nights before, read from where they were kept."""

from __future__ import annotations

from pathlib import Path

from rig.night.past import NIGHTS, nights_before
from rig.night.summary import FILE, NightSummary
from tests.night.conftest import night


def kept(folder: Path, one: NightSummary) -> None:
    place = folder / one.night
    place.mkdir()
    (place / FILE).write_text(one.model_dump_json())


def test_the_last_nights_of_this_site_first_to_last(tmp_path: Path) -> None:
    for number in range(NIGHTS + 5):
        kept(tmp_path, night(number))
    other = night(NIGHTS + 5, site="elsewhere")
    kept(tmp_path, other)

    found, unread = nights_before(tmp_path / night(NIGHTS + 6).night, "here")

    assert [one.night for one in found] == [night(number).night for number in range(5, NIGHTS + 5)]
    assert unread == []
    assert found[-1] == night(NIGHTS + 4)


def test_one_that_cannot_be_read_is_told_and_left_out(tmp_path: Path) -> None:
    kept(tmp_path, night(1))
    broken = tmp_path / night(2).night
    broken.mkdir()
    (broken / FILE).write_text("{")

    found, (told,) = nights_before(tmp_path / night(3).night, "here")

    assert [one.night for one in found] == [night(1).night]
    assert str(broken) in told

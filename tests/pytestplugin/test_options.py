"""The options of a run: the same words for `rig run` and for plain pytest."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import UsageError
from rig.purpose import Purpose
from rig.pytestplugin.options import (
    PlaceAsked,
    RunOptions,
    add_options,
    demand_one_process,
    read_options,
    wanted,
    wanted_place,
)

NEEDED = ["--rig-fixture=b.yaml", "--rig-slot=slot1", "--rig-product=p", "--rig-serial=S"]


class Given:
    """What these functions use of a pytest.Config, behind pytest's own parser."""

    def __init__(self, *words: str, collect_only: bool = False) -> None:
        parser = pytest.Parser(_ispytest=True)
        add_options(parser)
        self.option: argparse.Namespace = parser.parse(list(words))
        self.option.collectonly = collect_only

    def getoption(self, name: str, default: Any = None) -> Any:
        return getattr(self.option, name.lstrip("-").replace("-", "_"), default)


def read(*words: str) -> RunOptions:
    return read_options(Given(*words))  # type: ignore[arg-type]


def is_wanted(*words: str, collect_only: bool = False) -> bool:
    return wanted(Given(*words, collect_only=collect_only))  # type: ignore[arg-type]


def test_the_least_that_is_needed() -> None:
    assert read(*NEEDED) == RunOptions(Path("b.yaml"), "slot1", "p", "S", None, Path("results"), "", None)


@pytest.mark.parametrize("word", NEEDED, ids=lambda word: word.split("=")[0])
@pytest.mark.parametrize("empty", [False, True], ids=["absent", "empty"])
def test_each_necessary_option_is_asked_for_by_name(word: str, empty: bool) -> None:
    name = word.split("=")[0]
    words = [other for other in NEEDED if other != word] + ([f"{name}="] if empty else [])
    with pytest.raises(UsageError, match=f"found no {name}, expected it: "):
        read(*words)


names = st.text(st.characters(codec="utf-8", categories=("L", "N"), include_characters=" =_-./"), min_size=1)
paths = names.map(Path)


@given(
    st.builds(
        RunOptions, fixture=paths, slot=names, product=names, serial=names, scenario=st.none() | paths,
        results=paths, operator=st.just("") | names, plans=st.none() | paths,
        purpose=st.sampled_from(Purpose),
    )
)
def test_options_survive_the_way_through_pytest(options: RunOptions) -> None:
    assert read(*options.as_pytest_words()) == options


def test_a_purpose_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="purpose: found 'fun', expected test, engineering, golden, gauge"):
        read(*NEEDED, "--rig-purpose=fun")


def test_a_run_is_wanted_with_a_slot_and_not_only_to_collect() -> None:
    assert is_wanted(*NEEDED)
    assert not is_wanted(*NEEDED, collect_only=True)
    assert not is_wanted()


def test_a_mistyped_option_is_not_taken_for_another() -> None:
    with pytest.raises(pytest.UsageError):
        Given("--rig-colour=red")
    with pytest.raises(pytest.UsageError):
        Given("--rig-slo=slot1")


def place(*words: str) -> PlaceAsked | None:
    return wanted_place(Given(*words))  # type: ignore[arg-type]


def test_a_place_stands_for_bench_and_slot() -> None:
    words = ("--rig-place=hall-slot1", "--rig-coordinator=127.0.0.1:9", "--rig-product=p", "--rig-serial=S")

    at = (Path("b.yaml"), "slot1", "hall-slot1")
    options = read_options(Given(*words), at)  # type: ignore[arg-type]

    assert place(*words) == PlaceAsked("hall-slot1", {}, 0.0, "127.0.0.1:9")
    assert (options.fixture, options.slot, options.place) == at
    assert place(*NEEDED) is None


def test_a_place_may_be_asked_for_by_tags_and_waited_for() -> None:
    asked = place("--rig-reserve=product=S21Pro, bench=real", "--rig-wait=300")

    assert asked == PlaceAsked(None, {"product": "s21pro", "bench": "real"}, 300.0, None)


@pytest.mark.parametrize("words", [
    ("--rig-place=hall-slot1", "--rig-slot=slot1"),
    ("--rig-place=hall-slot1", "--rig-fixture=b.yaml"),
    ("--rig-place=hall-slot1", "--rig-reserve=bench=real"),
    ("--rig-reserve=bench=real", "--rig-slot=slot1"),
    ("--rig-place=",),
    ("--rig-coordinator=127.0.0.1:9",),
    ("--rig-wait=5",),
    ("--rig-reserve=",),
    ("--rig-reserve=bench",),
    ("--rig-reserve=bench=",),
    ("--rig-place=hall-slot1", "--rig-wait=soon"),
    ("--rig-place=hall-slot1", "--rig-wait=-1"),
    ("--rig-place=hall-slot1", "--rig-wait=inf"),
], ids=" ".join)
def test_what_makes_no_sense_of_a_place_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="found"):
        place(*words)


def test_a_board_is_not_shared_among_workers() -> None:
    given = Given(*NEEDED)
    demand_one_process(given)  # type: ignore[arg-type]

    given.option.numprocesses = 2

    with pytest.raises(UsageError, match="expected one process a board"):
        demand_one_process(given)  # type: ignore[arg-type]

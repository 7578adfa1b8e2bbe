"""Mix files: ranges, places, shares, and boards that come out the same for a seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import rig
from rig.errors import FileError
from rig.recipe import Product, load_plan
from rig.sim.scenario import parse_scenario
from rig.study.mix import Boards, FaultMix, Mix, draw_fault, load_mix

ROOT = Path(rig.__file__).parents[1]
EVERY_KIND = ROOT / "fixtures" / "mixes" / "every-kind.yaml"


@pytest.fixture(scope="module")
def product() -> Product:
    return load_plan(ROOT / "testplans", "s21pro").product


def mix_of(*faults: dict[str, Any], good: float = 0.5, pairs: float = 0.0) -> Mix:
    return Mix.model_validate({"good": good, "pairs": pairs, "faults": list(faults)})


def draws(product: Product, **line: Any) -> list[dict[str, Any]]:
    rng = np.random.default_rng(5)
    fault = FaultMix.model_validate({"share": 1, **line})
    return [dict(draw_fault(fault, product, rng)) for _ in range(400)]


def test_two_numbers_are_a_range_and_any_is_everywhere(product: Product) -> None:
    drawn = draws(product, kind="weak_chip", chip="any", rate=[0.5, 0.9])
    assert {fault["chip"] for fault in drawn} == set(range(65))
    rates = [fault["rate"] for fault in drawn]
    assert 0.5 <= min(rates) < 0.52
    assert 0.88 < max(rates) <= 0.9


def test_a_range_of_cores_is_of_how_many(product: Product) -> None:
    drawn = draws(product, kind="bad_cores", chip=3, cores=[2, 5])
    assert {fault["cores"] for fault in drawn} == {2, 3, 4, 5}
    assert all(isinstance(fault["cores"], int) for fault in drawn)


def test_any_keeps_to_places_that_have_such_a_fault(product: Product) -> None:
    clashing = draws(product, kind="duplicate_address", chip="any")
    assert {fault["chip"] for fault in clashing} == set(range(1, 65))
    assert {fault["chip"] for fault in draws(product, kind="stuck_busy", chip="any")} == set(range(64))
    assert {fault["fan"] for fault in draws(product, kind="fan_fail", fan="any")} == {0, 1, 2, 3}
    late = draws(product, kind="late_reply", instrument="any", ms=2500)
    assert {fault["instrument"] for fault in late} == {"supply", "meter", "scanner"}
    ways = {fault["how"] for fault in draws(product, kind="dead_domain", domain="any", how="any")}
    assert ways == {"shorted", "silent"}


def test_the_same_seed_gives_the_same_boards_whichever_were_drawn_before(product: Product) -> None:
    mix = load_mix(EVERY_KIND, product)
    first, second = (Boards(mix, product, 3, 50, 1) for _ in range(2))
    assert [first.draw(n) for n in range(len(first))] == [second.draw(n) for n in range(len(second))][::1]
    assert second.draw(17) == first.draw(17)
    assert Boards(mix, product, 4, 50, 1).draw(17) != first.draw(17)


def test_shares_are_kept(product: Product) -> None:
    mix = mix_of(
        {"kind": "no_clock", "share": 3}, {"kind": "open_input", "share": 1}, good=0.5, pairs=0.2
    )
    drawn = [Boards(mix, product, 1, 4000, 0).draw(number).faults for number in range(4000)]
    sizes = Counter(map(len, drawn))
    assert 1900 < sizes[0] < 2100
    assert 330 < sizes[2] < 470
    alone = Counter(faults[0]["kind"] for faults in drawn if len(faults) == 1)
    assert 2.5 < alone["no_clock"] / alone["open_input"] < 3.6
    assert all(faults[0]["kind"] != faults[1]["kind"] for faults in drawn if len(faults) == 2)


def test_every_line_alone_as_often_as_asked(product: Product) -> None:
    mix = mix_of({"kind": "no_clock", "share": 1}, {"kind": "open_input", "share": 9})
    boards = Boards(mix, product, 1, 0, 3)
    assert len(boards) == 6
    assert [boards.draw(n).faults[0]["kind"] for n in range(6)] == ["no_clock"] * 3 + ["open_input"] * 3


def test_the_shipped_mix_has_every_kind_and_draws_what_a_scenario_takes(product: Product) -> None:
    from rig.sim.scenario import FAULTS

    mix = load_mix(EVERY_KIND, product)
    assert {fault.kind for fault in mix.faults} == set(FAULTS)
    boards = Boards(mix, product, 2, 0, 2)
    for number in range(len(boards)):
        faults = [dict(fault) for fault in boards.draw(number).faults]
        parse_scenario({"boards": {"slot1": {"faults": faults}}}, Path("drawn"))


BAD = [
    ({"kind": "gremlin", "share": 1}, "faults.0.kind"),
    ({"kind": "weak_chip", "share": 1, "chip": 99, "rate": 0.5}, "chip: found 99"),
    ({"kind": "weak_chip", "share": 1, "chip": "any", "rate": "any"}, "rate: found any"),
    ({"kind": "weak_chip", "share": 1, "chip": 3, "speed": 2}, "speed: no parameter"),
    ({"kind": "weak_chip", "share": 1, "chip": 3}, "rate"),
    ({"kind": "weak_chip", "share": 0, "chip": 3, "rate": 0.5}, "share"),
]


@pytest.mark.parametrize(("line", "says"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_a_mix_that_is_not_right_is_refused_by_name(
    tmp_path: Path, product: Product, line: dict[str, Any], says: str
) -> None:
    file = tmp_path / "mix.yaml"
    file.write_text(yaml.safe_dump({"good": 0.5, "faults": [line]}))
    with pytest.raises(FileError, match=says):
        load_mix(file, product)


def test_nothing_to_draw_is_refused(tmp_path: Path, product: Product) -> None:
    file = tmp_path / "mix.yaml"
    file.write_text("good: 0.5\n")
    with pytest.raises(FileError, match="not all boards are good"):
        load_mix(file, product)

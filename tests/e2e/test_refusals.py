"""Bad input: exit 2, one clear sentence, nothing powered, nothing started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml


def change(file: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    values = yaml.safe_load(file.read_text())
    edit(values)
    file.write_text(yaml.safe_dump(values))


def product(lab: Any) -> Path:
    return Path(lab.plans) / "s21pro" / "product.yaml"


CASES: dict[str, tuple[Callable[[Any], object], dict[str, str], str]] = {
    "serial": (lambda _: None, {"serial": "short"}, "17 characters"),
    "lower case serial": (lambda _: None, {"serial": "s21protest0000001"}, "17 characters"),
    "product": (lambda _: None, {"product": "s99"}, "s21pro"),
    "slot": (lambda _: None, {"slot": "slot9"}, "slot1, slot2"),
    "fixture": (lambda _: None, {"fixture": "nowhere.yaml"}, "no such file"),
    "broken yaml": (lambda lab: product(lab).write_text("product: [unclosed"), {}, "product.yaml"),
    "not a mapping": (lambda lab: product(lab).write_text("- a\n- b\n"), {}, "mapping"),
    "unknown key": (lambda lab: change(product(lab), lambda v: v.update(colour="red")), {}, "colour"),
    "chips": (lambda lab: change(product(lab), lambda v: v.update(domains=12)), {}, "12 x 5 = 65"),
    "chip": (lambda lab: change(product(lab), lambda v: v.update(chip="bm9999")), {}, "bm1370"),
    "no pack": (lambda lab: (product(lab).parent / "s21pro-sim.kap").unlink(), {}, "s21pro-sim.kap"),
    "cut pack": (
        lambda lab: (product(lab).parent / "s21pro-sim.kap").write_bytes(b"RIG"), {}, "s21pro-sim.kap",
    ),
    "ratings": (
        lambda lab: change(lab.fixture, lambda v: v["slots"]["slot1"]["supply"].update(max_volts=14)),
        {}, "rating of the supply of slot1",
    ),
    "beyond the guard": (
        lambda lab: change(lab.plans / "s21pro" / "recipe.yaml", lambda v: v.update(pre_open_amps=40)),
        {}, "the guard's envelope of the pre-open phase",
    ),
    "risks out of reach": (
        lambda lab: change(
            lab.plans / "s21pro" / "recipe.yaml", lambda v: v["decision"].update(most_answers_per_chip=2000)
        ),
        {}, "raise it",
    ),
    "count": (
        lambda lab: change(
            lab.plans / "s21pro" / "limits.yaml",
            lambda v: v["measurements"]["chips_found"].update(limit={"equals": 64}),
        ),
        {}, "equals: 65",
    ),
    "real bench without addresses": (
        lambda lab: change(lab.fixture, lambda v: (v.update(simulated=False), v.pop("board"))), {}, "address",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_with_one_sentence_and_nothing_started(lab: Any, name: str) -> None:
    spoil, changes, expected = CASES[name]
    spoil(lab)

    done = lab.finish(lab.start(None, **changes), 60)

    assert done.code == 2, done.out + done.err
    assert expected in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert done.summary["verdict"] is None
    assert done.summary["serial"] == changes.get("serial", "S21PROTEST0000001")
    assert not (lab.runtime / "guard.sock").exists()
    assert not (lab.runtime / "bench.sock").exists()


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ([{"kind": "gremlins"}], "gremlins"),
        ([{"kind": "dead_chip", "chip": 65}], "65"),
        ([{"kind": "dead_chip", "chip": 3, "colour": "red"}], "colour"),
    ],
    ids=["unknown kind", "no such chip", "unknown key"],
)
def test_scenario_is_refused_before_power(lab: Any, faults: list[dict[str, Any]], expected: str) -> None:
    done = lab.run(*faults)

    assert done.code == 2, done.out + done.err
    assert expected in done.err
    assert not lab.output()

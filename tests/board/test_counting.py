"""Counts between the steps: quick on a full chain, patient on a short one, and beside the work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rig.bm13xx.models import ChipModel
from rig.board import WorkStream, count_after_reset, count_again, count_at_work
from rig.recipe import Product, Recipe
from rig.work.pack import Pack

DEAD = {"kind": "dead_chip", "chip": 20}


def test_a_full_chain_is_counted_quickly_a_short_one_patiently(
    live: Any, product: Product, model: ChipModel
) -> None:
    slot = live()
    began = slot.clock.now()
    assert count_after_reset(slot, product, model).counts == (65,)
    assert slot.clock.now() - began < 1.0

    slot = live(DEAD)
    began = slot.clock.now()
    assert count_after_reset(slot, product, model).counts == (20, 20)
    assert slot.clock.now() - began > 2 * 1.7       # two resets, and a second of silence after each


def test_a_configured_chain_keeps_what_it_was_told(
    configured: Any, product: Product, model: ChipModel
) -> None:
    slot = configured()
    began = slot.clock.now()
    found = count_again(slot, product, model)
    assert found.counts == (65,)
    assert found.tries[0].addresses == tuple(range(0, 130, 2))
    assert found.tries[0].baud == 3_125_000
    assert slot.clock.now() - began < 0.1
    assert count_again(slot, product, model).counts == (65,)


def test_a_wire_that_damages_is_asked_until_a_count_is_sound(
    live: Any, product: Product, model: ChipModel
) -> None:
    found = count_after_reset(live({"kind": "corrupt_replies", "rate": 0.005}), product, model)
    assert found.counts[-1] == 65
    assert found.damaged_tries == 0


@pytest.fixture
def working(configured: Any, product: Product, recipe: Recipe, model: ChipModel, pack: Pack) -> Any:
    """working(*faults): slot and open stream, at the idle clock: enough for whoever only listens."""

    def made(*faults: dict[str, Any]) -> tuple[Any, WorkStream]:
        slot = configured(*faults)
        stream = WorkStream(slot, product, recipe, pack, model)
        stream.open()
        return slot, stream

    return made


def test_at_work_all_answer_between_the_answers(working: Any, product: Product) -> None:
    slot, stream = working()
    began, jobs = slot.clock.now(), stream.jobs_sent
    found = count_at_work(stream, product)
    assert found.count == 65
    assert found.addresses == tuple(range(0, 130, 2))
    assert slot.clock.now() - began < 0.1
    assert stream.jobs_sent == jobs
    assert stream.wire.skipped_bytes == 0


def test_at_work_a_lost_tail_is_missing_and_the_work_goes_on(working: Any, product: Product) -> None:
    slot, stream = working({"kind": "broken_response", "chip": 40, "at_seconds": 12})
    slot.clock.sleep(4.0)
    began = stream.heard.sum()
    found = count_at_work(stream, product, seconds=0.5)
    assert found.count == 40
    assert stream.heard.sum() > began


def test_at_work_a_wire_that_damages_is_asked_again(working: Any, product: Product) -> None:
    _, stream = working({"kind": "corrupt_replies", "rate": 0.01})
    assert count_at_work(stream, product, seconds=0.3).count == 65


def test_what_was_heard_is_kept_by_chip(working: Any) -> None:
    slot, stream = working()
    until = slot.clock.now() + 5.0
    while slot.clock.now() < until:
        stream.step()
    assert stream.heard.sum() == stream.wire.nonce_frames
    assert (stream.heard > 50).all()
    assert stream.heard_last.max() == stream.heard.sum()
    assert np.unique(stream.heard_last).size == 65


def test_a_closed_stream_is_quiet(working: Any) -> None:
    slot, stream = working()
    stream.close()
    slot.clock.sleep(1.0)
    assert slot.link.read(0.0) == b""

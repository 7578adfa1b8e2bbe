"""Bring-up: every frame of the factory's order, its timing, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.bm13xx.replies import encode_register
from rig.board.bring_up import BringUp, bring_up, relay_gap
from rig.recipe import Product, Recipe

ORDER = Path(__file__).parents[1] / "data" / "board" / "s21pro_bring_up.txt"
PREAMBLE = b"\x55\xaa"
# Step 13 for the first chip, as quoted; the other chips' differ in address and checksum.
CHIP_00 = (
    "41 09 00 A8 00 07 01 F0 15", "41 09 00 18 F0 00 C1 00 0C", "41 09 00 3C 80 00 8B 00 1A",
    "41 09 00 3C 80 00 80 0C 19", "41 09 00 3C 80 00 82 AA 05",
)


def crc5(body: bytes) -> int:
    """Independent of rig.bm13xx: the frame without preamble, bit by bit."""
    crc = 0x1F
    for byte in body:
        for k in range(7, -1, -1):
            feedback = (crc >> 4) ^ (byte >> k & 1)
            crc = (crc << 1) & 0x1F ^ (5 if feedback else 0)
    return crc


def frame(text: str) -> bytes:
    return PREAMBLE + bytes.fromhex(text)


def with_crc(text: str) -> bytes:
    body = bytes.fromhex(text)
    return PREAMBLE + body + bytes([crc5(body)])


def factory_order(ticket: str) -> list[bytes]:
    """All frames of steps 1 to 14 for 65 chips at interval 2."""
    frames: list[bytes] = []
    for line in ORDER.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        what = line.split(None, 1)[1]
        if what == "addresses":
            frames += [with_crc(f"40 05 {address:02X} 00") for address in range(0, 256, 2)]
        elif what == "chips":
            bodies = [quoted[6:-3] for quoted in CHIP_00]
            frames += [
                with_crc(f"41 09 {2 * chip:02X}" + body[2:]) for chip in range(65) for body in bodies
            ]
        else:
            frames.append(frame(ticket if what == "*" else what))
    return frames


@pytest.fixture
def complete(slot: Any, product: Product, recipe: Recipe, model: ChipModel) -> BringUp:
    return bring_up(slot, product, recipe, model)


@pytest.mark.usefixtures("complete")
def test_every_frame_of_the_factory_order(slot: Any) -> None:
    no_extra_bits = "51 09 00 14 00 00 00 00"
    assert slot.link.frames() == factory_order(f"{no_extra_bits} {crc5(bytes.fromhex(no_extra_bits)):02X}")


def test_with_the_factory_s_ticket_its_frame_goes_out(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    bring_up(slot, product, recipe.model_copy(update={"ticket_zero_bits": 8}), model)
    assert slot.link.frames() == factory_order("51 09 00 14 00 00 00 FF 08")


@pytest.mark.usefixtures("complete")
def test_quoted_addresses_and_chip_writes(slot: Any) -> None:
    frames = slot.link.frames()
    for quoted in ("40 05 00 00 1C", "40 05 04 00 03", "40 05 80 00 10", *CHIP_00):
        assert frames.count(frame(quoted)) == 1


def test_what_it_found(complete: BringUp) -> None:
    assert complete.complete
    assert complete.counts == (65, 65)
    assert complete.chip_ids == (0x1370,) * 65
    assert complete.foreign_ids == {}
    assert complete.clashing_addresses == complete.missing_addresses == ()
    assert complete.damaged_bytes == 0
    assert complete.fast is not None
    assert complete.fast.tries[0].addresses == tuple(range(0, 130, 2))
    # 3 masks, 2 reset state, 2 core clock, ticket, drive, 13 ends, guard, 26 relays, baud, 325, 4
    assert complete.register_writes == 3 + 2 + 2 + 1 + 1 + 13 + 1 + 26 + 1 + 65 * 5 + 4


@pytest.mark.usefixtures("complete")
def test_bauds(slot: Any) -> None:
    switch = slot.link.writes_of(Register.UART_BAUD)[0]
    before = [sent for sent in slot.link.sent if sent.at <= switch.at]
    after = [sent for sent in slot.link.sent if sent.at > switch.at]
    assert {sent.baud for sent in before} == {115_200}
    assert {sent.baud for sent in after} == {3_125_000}
    assert after[0].at - switch.at >= 0.06


def test_timing(slot: Any, complete: BringUp) -> None:
    sent = slot.link.sent
    gaps = [later.at - one.at for one, later in pairwise(sent)]
    by_frame = dict(zip((one.data for one in sent), gaps, strict=False))
    assert min(gaps) >= 0.0099
    assert by_frame[frame("52 05 00 00 0A")] >= 0.5             # the silence that ends the count
    assert gaps[3] >= 1.0
    assert by_frame[frame("51 09 00 18 F0 00 C1 00 04")] >= 0.1
    assert by_frame[frame("53 05 00 00 03")] >= 0.03
    assert by_frame[with_crc("40 05 FE 00")] >= 0.1
    assert by_frame[frame("41 09 08 2C 00 4F 00 03 13")] >= 0.2
    (low, held), (high, released) = slot.side.events
    assert (low, high) == ("reset low", "reset high")
    assert released - held >= 0.1
    assert sent[0].at - released >= 0.1
    assert complete.seconds == pytest.approx(slot.clock.now())
    assert complete.seconds < 12.0


def test_a_chain_that_ends_at_32_is_counted_twice_and_left_idle(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot.link.counts = [32]
    found = bring_up(slot, product, recipe, model)
    assert found.counts == (32, 32)
    assert not found.complete
    assert found.fast is None
    mask, read = frame("51 09 00 A4 90 00 FF FF 1C"), frame("52 05 00 00 0A")
    assert slot.link.frames() == [mask, mask, mask, read] * 2
    assert [name for name, _ in slot.side.events] == ["reset low", "reset high"] * 2


@pytest.mark.parametrize("count", [0, 64, 66])
def test_any_other_count_stops_before_addresses(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel, count: int
) -> None:
    slot.link.counts = [count]
    found = bring_up(slot, product, recipe, model)
    assert found.counts == (count, count)
    assert not found.complete
    assert slot.link.chip_baud == 115_741


def test_a_count_that_wanders_stops_it_too(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot.link.counts = [40, 65]
    found = bring_up(slot, product, recipe, model)
    assert found.counts == (40, 65)
    assert not found.complete
    assert slot.link.writes_of(Register.MISC_CONTROL) == []


def test_a_chip_lost_at_the_fast_baud_gets_no_core_enable(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot.link.counts = [65, 50]
    found = bring_up(slot, product, recipe, model)
    assert found.counts == (65, 50, 50)
    assert not found.complete
    assert found.missing_addresses == tuple(range(100, 130, 2))
    assert not any(b"\x3c\x80\x00\x82\xaa" in data for data in slot.link.frames())


def test_a_damaged_reply_is_the_wire_s_and_is_asked_for_again(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot.link.mangle = lambda number, data: data if number else data[:40] + b"\x2c" + data[41:]
    found = bring_up(slot, product, recipe, model)
    assert found.complete
    assert found.counts == (65, 65)
    assert [one.count for one in found.tries] == [64, 65, 65]
    assert found.damaged_bytes == 11


def test_a_wire_that_never_comes_clean_is_no_full_count(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot.link.mangle = lambda _number, data: data + b"\x00"
    found = bring_up(slot, product, recipe, model)
    assert not found.complete
    assert len(found.tries) == found.boot.damaged_tries == 16
    assert found.damaged_bytes == 16


def test_a_reply_cut_at_the_end_is_damage(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot.link.mangle = lambda number, data: data if number else data[:-1]
    found = bring_up(slot, product, recipe, model)
    assert found.tries[0].count == 64
    assert found.tries[0].damaged_bytes == 10
    assert found.complete


def test_another_model_in_the_chain_stops_it(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot.link.chip_id_of = lambda chip: 0x1368 if chip == 7 else 0x1370
    found = bring_up(slot, product, recipe, model)
    assert not found.complete
    assert found.counts == (65, 65), "once may be the wire's doing"
    assert found.foreign_ids == {7: 0x1368}


def test_a_foreign_id_or_address_heard_once_is_the_wire_s(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    """A reply that the wire turned passes its checksum once in 32: the count is taken again."""
    turned = encode_register(0x1368_0000, 0, Register.CHIP_ID)
    moved = encode_register(0x1370_0028, 0x28, Register.CHIP_ID)
    slot.link.mangle = lambda number, data: {0: turned + data[11:], 2: moved + data[11:]}.get(number, data)
    found = bring_up(slot, product, recipe, model)
    assert found.complete
    assert len(found.tries) == 4
    assert not found.foreign_ids
    assert not found.clashing_addresses


def test_two_chips_at_one_address_are_found_before_any_clock(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot.link.address_of = lambda chip, address: 38 if chip == 20 and address else address
    found = bring_up(slot, product, recipe, model)
    assert not found.complete
    assert found.clashing_addresses == (38,)
    assert found.missing_addresses == (40,)


def test_a_chain_that_never_stops_talking_ends_the_count(
    slot: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot.link.mangle = lambda _number, data: data * 400
    slot.link.counts = [65]
    found = bring_up(slot, product, recipe, model)
    assert not found.complete
    assert found.seconds < 120.0


def test_relay_gaps_of_the_capture(product: Product) -> None:
    assert [relay_gap(product, domain) for domain in (0, 1, 2, 11, 12)] == [0x4F, 0x4A, 0x45, 0x18, 0x13]


def test_a_chain_of_one_chip_a_domain(slot: Any, product: Product, recipe: Recipe, model: ChipModel) -> None:
    small = product.model_copy(update={"chips": 3, "domains": 3, "chips_per_domain": 1})
    slot.link.counts = [3]
    found = bring_up(slot, small, recipe, model)
    assert found.complete
    relays = slot.link.writes_of(Register.UART_RELAY)
    assert [sent.command.address for sent in relays] == [4, 2, 0]
    assert not replace(found, complete=False).complete

from __future__ import annotations

import pytest

from rig.bm13xx.ticket import plain_mask, ticket_mask, zero_bits_of
from rig.errors import UsageError

# difficulty → register, from the reference
CAPTURED = {0: 0x0, 1: 0x80, 2: 0xC0, 3: 0xE0, 7: 0xFE, 8: 0xFF, 9: 0x80FF, 10: 0xC0FF, 12: 0xF0FF}


@pytest.mark.parametrize(("bits", "mask"), CAPTURED.items())
def test_masks_of_the_reference(bits: int, mask: int) -> None:
    assert ticket_mask(bits) == mask


def test_every_mask_says_its_bits() -> None:
    assert [zero_bits_of(ticket_mask(bits)) for bits in range(33)] == list(range(33))


@pytest.mark.parametrize(
    ("mask", "plain"), [(0x80, 0b1), (0x40, 0b10), (0x80FF, 0x1FF), (0x8000_0000, 1 << 24), (0xA0, 0b101)]
)
def test_the_bits_of_a_mask_in_order(mask: int, plain: int) -> None:
    assert plain_mask(mask) == plain


def test_plain_masks_are_so_many_ones() -> None:
    assert [plain_mask(ticket_mask(bits)) for bits in range(33)] == [(1 << bits) - 1 for bits in range(33)]


@pytest.mark.parametrize("bits", [-1, 33])
def test_bits_out_of_range_are_refused(bits: int) -> None:
    with pytest.raises(UsageError, match="0 to 32"):
        ticket_mask(bits)

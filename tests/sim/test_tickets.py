"""Ticket masks bit by bit."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.ticket import plain_mask, ticket_mask
from rig.sim.tickets import is_plain, let_through, wanted_bits

TEMPLATE = bytes(range(80))


def hash_bits(word: int, rolled: int) -> str:
    version = int.from_bytes(TEMPLATE[:4], "little") | rolled << 13
    header = version.to_bytes(4, "little") + TEMPLATE[4:76] + word.to_bytes(4)
    return f"{int.from_bytes(sha256(sha256(header).digest()).digest(), 'little'):0256b}"


@pytest.mark.parametrize("bits", range(33))
def test_masks_as_hosts_set_them_are_plain(bits: int) -> None:
    mask = plain_mask(ticket_mask(bits))
    assert is_plain(mask)
    assert wanted_bits(mask) == bits


@pytest.mark.parametrize(("mask", "wanted"), [(0b10, 0), (0b101, 1), (0b1011, 2), (1 << 31, 0)])
def test_masks_with_gaps_are_not(mask: int, wanted: int) -> None:
    assert not is_plain(mask)
    assert wanted_bits(mask) == wanted


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 0xFFFF)), max_size=20),
    st.integers(0, 2**32 - 1), st.sampled_from([0, 14, 32]),
)
def test_a_mask_lets_through_what_is_zero_wherever_it_selects(
    answers: list[tuple[int, int]], mask: int, wired: int
) -> None:
    words, rolled = (np.array([one[at] for one in answers], dtype=np.uint32) for at in (0, 1))
    expected = [
        not any(mask >> bit & 1 and hash_bits(*one)[wired + bit] == "1" for bit in range(32))
        for one in answers
    ]
    assert let_through(TEMPLATE, words, rolled, mask, wired).tolist() == expected

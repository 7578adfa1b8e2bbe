"""The fixture's loop-back: heard or not, and never left closed."""

from __future__ import annotations

from typing import Any

import pytest

from rig.board.link import ECHO_SECONDS, PATTERN, TRIES, link_echoes
from rig.errors import LinkError


def test_a_good_link_echoes_at_the_boot_baud(slot: Any) -> None:
    assert link_echoes(slot)
    assert slot.link.echoed == [(115_200, PATTERN)]
    assert [name for name, _ in slot.side.events] == ["loop closed", "loop open"]
    assert slot.link.sent == []


def test_a_dead_port_does_not_echo_and_the_loop_is_opened_again(slot: Any) -> None:
    slot.link.echo = lambda _data: b""
    assert not link_echoes(slot)
    assert not slot.side.loop_closed
    assert slot.clock.now() == pytest.approx(TRIES * ECHO_SECONDS)


@pytest.mark.parametrize("damage", [PATTERN[:-1], PATTERN[1:], bytes(255 - byte for byte in PATTERN)])
def test_anything_but_the_pattern_is_no_echo(slot: Any, damage: bytes) -> None:
    slot.link.echo = lambda _data: damage
    assert not link_echoes(slot)


def test_noise_before_the_pattern_and_a_lost_first_try_are_forgiven(slot: Any) -> None:
    answers = [b"", b"\x00\xff" + PATTERN]
    slot.link.echo = lambda _data: answers.pop(0)
    assert link_echoes(slot)


def test_a_port_that_is_gone_raises_with_the_loop_open(slot: Any) -> None:
    def gone(_data: bytes) -> bytes:
        raise LinkError("chain port: input/output error")

    slot.link.echo = gone
    with pytest.raises(LinkError):
        link_echoes(slot)
    assert not slot.side.loop_closed


def test_no_chip_could_take_the_pattern_for_a_command() -> None:
    assert b"\x55\xaa" not in PATTERN
    assert sorted(PATTERN) == list(range(256))

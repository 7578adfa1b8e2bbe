"""What the voltmeters of a slot have in common: where their channels lie and how long they take."""

from __future__ import annotations

import re

from rig.sim.fixture import SimSlot
from rig.sim.scpi import ScpiError

OVERLOAD = 9.9e37
OVER_RANGE = 1.2                   # of a range's name: beyond it the reading is an overload
MAINS_HERTZ, AUTOZERO = 60.0, 2
_LIST = re.compile(r"\(@([0-9:,\s]+)\)")


def true_volts(slot: SimSlot, channel: int) -> float:
    """Volts at a channel as the fixture file wires it; 0 where nothing is."""
    entry, power = slot.entry.scanner, slot.power
    if channel == entry.terminal_channel:
        return power.pad_volts
    domain = channel - entry.first_domain_channel
    return float(power.domain_volts[domain]) if 0 <= domain < len(power.domain_volts) else 0.0


def channel_list(text: str) -> tuple[int, ...]:
    """The channels of a list such as (@101:113,120)."""
    found = _LIST.fullmatch(text.strip())
    if not found:
        raise ScpiError(-168, "Block data not allowed: channel list expected")
    channels: list[int] = []
    for part in found[1].split(","):
        first, _, last = part.strip().partition(":")
        if not first.isdigit() or (last and not last.isdigit()):
            raise ScpiError(-168, "Channel list expected")
        channels += range(int(first), int(last or first) + 1)
    return tuple(channels)

"""Why chips stopped answering: told by what changed between the full counts and the short ones.

A break that stays is the same at every count. One that follows heat or volts is told by counts on
both sides of it, made again and again; where neither parts the full counts from the short ones, the
joint makes and breaks as it likes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rig.verdict.codes import Code
from rig.verdict.evidence import Evidence

# A lost domain's volts stand off by 0.13 V or more; the lottery of good ones is 0.010 V (one sigma).
LOST_DOMAIN_VOLTS = 0.06
# Two set points are told apart by more than a supply's and a cable's own error.
APART_VOLTS = 0.2
# A board of which every chip works draws three times its idle current in the probe, a warm one 2.3.
WORK_RISE = 1.5
# One chip that does not work moves its domain by 0.05 V or more, what good chips differ by 0.010 V.
SHIFT_VOLTS = 0.03


@dataclass(frozen=True, slots=True)
class Loss:
    """The chain's end. ``kind``: CHIP-HEAT, CHIP-VOLTS or CHAIN-WANDERS; None for a break that stays.

    ``count`` is None where a starved chain said nothing, and was whole whenever it was asked at rest.
    """

    count: int | None
    kind: Code | None = None
    says: str = ""


def loss_of(evidence: Evidence) -> Loss | None:
    """What the counts from the first short one on say; None when none was short."""
    short_at = [at for at, one in enumerate(evidence.counts) if one.count < evidence.chips]
    if not short_at:
        return None
    since = evidence.counts[short_at[0]:]
    short = [one for one in since if one.count < evidence.chips]
    full = [one for one in since if one.count >= evidence.chips]
    rested = sorted({one.count for one in short if not one.at_work})
    ends = rested or sorted({one.count for one in short if one.count})
    end = ends[0] if ends else None
    if len(ends) > 1:
        return Loss(end, Code.CHAIN_WANDERS, f"it ends after {_listed(ends)} chips by turns")
    if not full:
        return Loss(end)
    low, high = [one.volts for one in short], [one.volts for one in full]
    if _parted(low, high, by=APART_VOLTS):
        says = f"short at {max(low):.2f} V and below, full at {min(high):.2f} V and above"
        return Loss(end, Code.CHIP_VOLTS, says)
    cool, hot = [one.celsius for one in full], [one.celsius for one in short]
    if _parted(cool, hot, by=0.0):
        says = f"short at {min(hot):.1f} °C and above, full at {max(cool):.1f} °C and below"
        return Loss(end, Code.CHIP_HEAT, says)
    return Loss(end, Code.CHAIN_WANDERS, "neither heat nor volts part full counts from short ones")


def lost_domain(evidence: Evidence, count: int) -> str | None:
    """Why the domain where the chain ends is lost; None when the count or its volts deny it.

    It must stand off from every other domain: behind a broken chip all later domains are alike.
    """
    domain, inside = divmod(count, evidence.chips_per_domain)
    volts = evidence.domain_volts
    if inside or domain >= len(volts) or not math.isfinite(volts[domain]):
        return None
    others = [other for place, other in enumerate(volts) if place != domain and math.isfinite(other)]
    if not others or min(abs(volts[domain] - other) for other in others) < LOST_DOMAIN_VOLTS:
        return None
    mean = sum(others) / len(others)
    return f"domain {domain} has {volts[domain]:.3f} V, the others {mean:.3f} V on average"


def unheard_work(evidence: Evidence) -> str | None:
    """Why the chips that are not heard are known to work; None when they do not, or nobody looked."""
    look = evidence.response
    if look is None or not look.work_amps >= WORK_RISE * look.idle_amps:
        return None
    if not all(map(math.isfinite, look.shift_volts)):
        return None
    middle = median(look.shift_volts)
    most = max(abs(shift - middle) for shift in look.shift_volts)
    if most >= SHIFT_VOLTS:
        return None
    return (
        f"told to work, the board drew {look.work_amps:.1f} A for {look.idle_amps:.1f} A, and no domain "
        f"moved more than {most:.3f} V against the others: the chips that are not heard work"
    )


def _parted(low: Sequence[float], high: Sequence[float], *, by: float) -> bool:
    """Whether all of ``low`` lie below all of ``high`` by more than that; never with a NaN."""
    return max(low) + by < min(high) and all(map(math.isfinite, (*low, *high)))


def _listed(numbers: Sequence[int]) -> str:
    return " and ".join(map(str, numbers))

"""Findings from the enumeration: how many chips answered, and where the chain ends."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rig.verdict.codes import Code
from rig.verdict.evidence import Evidence
from rig.verdict.finding import Draft, Fact

# A lost domain's volts stand off by 0.13 V or more; the lottery of good ones is 0.010 V (one sigma).
LOST_DOMAIN_VOLTS = 0.06


def chain_rules(evidence: Evidence) -> Iterator[Draft]:
    """What the counts of the tries say. One finding for the chain's end at most."""
    for foreign in evidence.foreign_chips:
        yield Draft(
            Code.CHIP_ID,
            (f"chip {foreign.chip} answered with chip id 0x{foreign.chip_id:04X}",),
            {"id": f"0x{foreign.chip_id:04X}", "before": foreign.chip - 1},
            chip=foreign.chip,
            domain=foreign.chip // evidence.chips_per_domain,
        )
    tries = evidence.enumerations
    if not tries:
        return
    if max(tries) > evidence.chips:
        yield Draft(Code.STN_RECIPE, (
            f"{max(tries)} chips answered, the recipe's product has {evidence.chips}",
        ), chain_facts(evidence, max(tries)))
        return
    if max(tries) == 0 and evidence.link_echoes is not True:
        if evidence.link_echoes is None and not evidence.tripped:
            yield Draft(Code.STN_LINK, ("no chip answered, and the fixture's loop-back was not tried",))
        return
    if min(tries) < evidence.chips:
        yield _end_of_chain(evidence)


def _end_of_chain(evidence: Evidence) -> Draft:
    tries, count = evidence.enumerations, min(evidence.enumerations)
    seen = f"chips found in {len(tries)} tries: {_listed(tries)} of {evidence.chips}"
    facts = chain_facts(evidence, count)
    domain = count // evidence.chips_per_domain
    if len(set(tries)) > 1:
        return Draft(Code.CHAIN_WANDERS, (seen,), facts, chip=count, domain=domain)
    lost = _lost_domain(evidence, count)
    if lost is not None:
        return Draft(Code.DOMAIN_LOST, (seen, lost), facts, domain=domain)
    if count == 0:
        return Draft(Code.CHAIN_NONE, (seen, "the fixture's loop-back gives back what is sent"), facts)
    return Draft(Code.CHAIN_SHORT, (seen,), facts, chip=count, domain=domain)


def chain_facts(evidence: Evidence, count: int) -> dict[str, Fact]:
    domain = count // evidence.chips_per_domain
    at_border = count % evidence.chips_per_domain == 0 and 0 < count < evidence.chips
    return {
        "count": count,
        "before": count - 1,
        "expected": evidence.chips,
        "counts": _listed(evidence.enumerations),
        "border": f", the border of domains {domain - 1} and {domain}" if at_border else "",
    }


def _lost_domain(evidence: Evidence, count: int) -> str | None:
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


def _listed(counts: tuple[int, ...]) -> str:
    return ", ".join(map(str, counts))

"""Findings from the counts of the chips: how many answered when, and where the chain ends."""

from __future__ import annotations

from collections.abc import Iterator

from rig.verdict.codes import Code
from rig.verdict.evidence import Count, Evidence
from rig.verdict.finding import Draft, Fact
from rig.verdict.lost_chips import Loss, loss_of, lost_domain, unheard_work

HEARD_SINCE = 4         # whole counts after a silent one


def chain_rules(evidence: Evidence) -> Iterator[Draft]:
    """What ids, addresses and counts say. One finding for the chain's end at most."""
    for foreign in evidence.foreign_chips:
        yield Draft(
            Code.CHIP_ID,
            (f"chip {foreign.chip} answered with chip id 0x{foreign.chip_id:04X}",),
            {"id": f"0x{foreign.chip_id:04X}", "before": foreign.chip - 1},
            chip=foreign.chip,
            domain=foreign.chip // evidence.chips_per_domain,
        )
    yield from _addresses(evidence)
    found = [one.count for one in evidence.counts]
    if not found:
        return
    if max(found) > evidence.chips:
        yield Draft(Code.STN_RECIPE, (
            f"{max(found)} chips answered, the recipe's product has {evidence.chips}",
        ), chain_facts(evidence, max(found)))
        return
    if max(found) == 0 and evidence.link_echoes is not True:
        if evidence.link_echoes is None and not evidence.tripped:
            yield Draft(Code.STN_LINK, ("no chip answered, and the fixture's loop-back was not tried",))
        return
    if _silent_once(evidence):
        yield Draft(Code.STN_LINK, (
            f"chips found: {counted(evidence.counts)} of {evidence.chips}",
            "nothing was heard once, every chip at each count since: a cable, or a computer that stood still",
        ))
        return
    loss = loss_of(evidence)
    if loss is not None:
        yield _end_of_chain(evidence, loss)


def _silent_once(evidence: Evidence) -> bool:
    """Whether one count found no chip at all and all after it the whole chain: no heat, volts or joint
    is known by a single one of so many."""
    short = [at for at, one in enumerate(evidence.counts) if one.count < evidence.chips]
    if len(short) != 1 or evidence.tripped:
        return False
    silent = evidence.counts[short[0]]          # under work it is no count: the current may have fallen
    return not silent.count and not silent.at_work and len(evidence.counts) - 1 - short[0] >= HEARD_SINCE


def _addresses(evidence: Evidence) -> Iterator[Draft]:
    """A chip that took its neighbour's address leaves its own unanswered."""
    for chip in evidence.missing_chips:
        if chip - 1 in evidence.clashing_chips:
            yield Draft(
                Code.CHIP_ADDRESS,
                (f"two chips answered at the address of chip {chip - 1}, none at that of chip {chip}",),
                {"before": chip - 1}, chip=chip, domain=chip // evidence.chips_per_domain,
            )


def _end_of_chain(evidence: Evidence, loss: Loss) -> Draft:
    count = loss.count
    seen = f"chips found: {counted(evidence.counts)} of {evidence.chips}"
    if count is None:
        said = (seen, loss.says) if loss.says else (seen,)
        return Draft(loss.kind or Code.CHAIN_SHORT, said)
    facts = chain_facts(evidence, count)
    domain = count // evidence.chips_per_domain
    volts_off = lost_domain(evidence, count)
    if volts_off is not None:
        return Draft(Code.DOMAIN_LOST, (seen, volts_off), facts, domain=domain)
    if loss.kind is not None:
        return Draft(loss.kind, (seen, loss.says), facts, chip=count, domain=domain)
    works = unheard_work(evidence)
    if works is not None:
        return Draft(Code.CHAIN_RESPONSE, (seen, works), facts, chip=count, domain=domain)
    if count == 0 and evidence.link_echoes is not True and not evidence.tripped:
        return Draft(Code.STN_LINK, (seen, "the fixture's loop-back was not tried"))
    if count == 0:
        return Draft(Code.CHAIN_NONE, (seen, "the fixture's loop-back gives back what is sent"), facts)
    return Draft(Code.CHAIN_SHORT, (seen,), facts, chip=count, domain=domain)


def chain_facts(evidence: Evidence, count: int) -> dict[str, Fact]:
    """What sentences about the chain's end may hold."""
    domain = count // evidence.chips_per_domain
    at_border = count % evidence.chips_per_domain == 0 and 0 < count < evidence.chips
    return {
        "count": count,
        "before": count - 1,
        "expected": evidence.chips,
        "counts": counted(evidence.counts),
        "border": f", the border of domains {domain - 1} and {domain}" if at_border else "",
    }


def counted(counts: tuple[Count, ...]) -> str:
    """The counts in order, runs of the same number folded: ``65 (12 times), 32 (4 times)``."""
    runs: list[list[int]] = []
    for one in counts:
        if runs and runs[-1][0] == one.count:
            runs[-1][1] += 1
        else:
            runs.append([one.count, 1])
    return ", ".join(f"{count} ({times} times)" if times > 1 else f"{count}" for count, times in runs)

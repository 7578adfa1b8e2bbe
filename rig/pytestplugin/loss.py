"""A chain that fell short: is it heat, volts, a joint that wanders, or a break that stays.

What parts them is counts on both sides of each, made again and again. The board does not hash
meanwhile: half a series stack at work destroys the other half.
"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from rig.board import WorkStream, hottest_of, probe_response, read_sensors
from rig.errors import GuardTrip, LinkError
from rig.pytestplugin.power_path import check_sense, look
from rig.slot import Phase, Protection
from rig.verdict.evidence import Count, ResponseLook

if TYPE_CHECKING:
    from rig.pytestplugin.board_run import Run

HUNT_SECONDS = 240.0            # all of it, for the guard
COOL_SECONDS = 40.0             # a warm board is given so long to come back
WARM_KELVIN = 4.0               # over the cold board: below it there is nothing to cool
ENOUGH_COUNTS = 4               # at each volts from the first short count on: chance alone seldom parts them
CONFIRMING_COUNTS = 2           # more of them, when a cooler board came back
SAME_VOLTS = 0.1
SETTLE_SECONDS = 0.3
RESET_SECONDS = 0.1             # until the current of a board put into reset is gone
COLD_SECONDS = 0.5
DIAGNOSTIC_AMPS = 10.0          # limit after a trip
PROBE_SECONDS = 20.0
PROBE_AMPS = 40.0               # limit; a whole board draws 14 A cold and 18 A warm
STAND_OFF_VOLTS = 0.1           # a domain so far from the rest has told enough: it is not to be driven


def broke_at_work(run: Run, seen: str) -> None:
    """The chain broke while it hashed: off the clock at once, then looked into; the board is stopped.

    Raises BoardStopped, and what the slot's parts raise.
    """
    _stop(run, seen)
    hunt(run)
    run.measure("chips_found_working", float(run.chain.least))


def fell_silent(run: Run, seconds: float) -> None:
    """Nothing came of the whole chain for ``seconds``, though the link echoes and the current flows on.

    Raises BoardStopped when chips are missing now, LinkError when none is: then it was the port that
    lost what they sent.
    """
    _stop(run, f"nothing came of the chain for {seconds:.1f} s, and the link echoes")
    hunt(run)
    if run.chain.least >= run.product.chips:
        raise LinkError(
            f"found nothing from the chain for {seconds:.1f} s of work, and every chip at every count since; "
            "check the chain's port, its cable, and what else this computer is doing"
        )
    run.measure("chips_found_working", float(run.chain.least))


def counts_were_short(run: Run) -> None:
    """A count of a chain that does not hash fell short, whatever clock the chips were told by then.

    Raises what the slot's parts raise.
    """
    _idle_clock(run)
    hunt(run)


def _idle_clock(run: Run) -> None:
    """In reset, until the current of the clock before is gone: an idle board's envelope is narrow."""
    run.slot.side.hold_reset()
    run.slot.clock.sleep(RESET_SECONDS)


def _stop(run: Run, seen: str) -> None:
    run.log.happened("loss", seen)
    run.end_work()
    _idle_clock(run)
    open_idle(run, run.recipe.pre_open_amps)


def after_current_drop(run: Run, stream: WorkStream, trip: GuardTrip) -> None:
    """The guard switched off a board whose current fell: where its chain broke, and why.

    Raises BoardStopped, and what the slot's parts raise.
    """
    run.log.happened("trip", str(trip))
    _look_again(run, "the current fell", run.chain.broken_before(stream) or 0)


def after_domain_rose(run: Run, stream: WorkStream, volts: float) -> None:
    """The run switched off a board one of whose domains rose: a chain that broke does that.

    Returns when the last answers name no place: then it is the domain's own. Raises as above.
    """
    broken_before = run.chain.broken_before(stream)
    if broken_before is not None:
        run.log.happened("off", f"a domain stood at {volts:.2f} V under work")
        _look_again(run, "a domain rose", broken_before)


def _look_again(run: Run, where: str, heard: int) -> None:
    """One more time on, still warm: the power's way checked, counts on the idle clock, never work."""
    run.chain.keep_at_work(where, heard)
    run.end_work()
    run.power_again()
    run.slot.clock.sleep(COLD_SECONDS)
    path = look(run)
    check_sense(run, path)
    run.measure("cold_amps", path.supply.amps.value)
    open_idle(run, min(run.recipe.pre_open_amps, DIAGNOSTIC_AMPS))
    path = look(run)
    check_sense(run, path)
    run.measure("least_idle_amps", path.supply.amps.value)
    hunt(run)
    run.measure("chips_found_working", float(run.chain.least))


def open_idle(run: Run, limit_amps: float) -> None:
    """The level's volts for a chain on its idle clock, or one that is held in reset."""
    recipe = run.recipe
    run.slot.supply.enter(Phase.PRE_OPEN, HUNT_SECONDS)
    run.slot.supply.on(run.level.volts, Protection(recipe.over_volts, recipe.over_amps), limit_amps)
    run.set_volts = run.level.volts
    run.slot.clock.sleep(COLD_SECONDS)


def hunt(run: Run) -> None:
    """Find out why counts were short, on the idle clock; all counts go to the log.

    Needs the output on. Raises what the slot's parts raise.
    """
    run.phase("looking into the lost chips")
    if run.log.counts and not run.log.counts[-1].count and not run.log.counts[-1].at_work:
        run.check_link()                # a port that was good at the bring-up may have died since
    run.slot.supply.enter(Phase.PRE_OPEN, HUNT_SECONDS)
    run.slot.side.set_fans(1.0)
    _toggle(run)
    if run.chain.least >= run.product.chips:
        return
    if not _came_back(run):
        _cool(run)
        if _came_back(run):
            _toggle(run, more=CONFIRMING_COUNTS)
    if not _came_back(run):
        _probe(run)


def _toggle(run: Run, more: int = 0) -> None:
    """Count at the level's volts and at pre-open volts by turns, until each has enough counts."""
    wanted = ENOUGH_COUNTS + more
    low, high = run.level.volts, run.recipe.pre_open_volts
    for _ in range(wanted):
        for volts, said in ((low, "the level's volts"), (high, "pre-open volts")):
            if _counts_at(run, volts) < wanted:
                count = _count_at(run, volts, f"again at {said}")
                if not count:
                    run.check_link()


def _count_at(run: Run, volts: float, where: str) -> int:
    count = run.chain.count_after_reset(volts, where)
    if count < run.product.chips:
        run.saw_idle_domains()
    return count


def _cool(run: Run) -> None:
    """Let a warm board cool and count on the way, until all chips are back or it is cold."""
    clock = run.slot.clock
    until = clock.now() + COOL_SECONDS
    cold = hottest_of(run.log.celsius)
    while clock.now() < until:
        now = hottest_of(read_sensors(run.slot, run.product))
        if now is None or cold is None or now < cold + WARM_KELVIN:
            return
        if _count_at(run, run.level.volts, "again, cooler") >= run.product.chips:
            return


def _probe(run: Run) -> None:
    """Whether the chips beyond work. Not on a board one of whose domains stands off from the rest."""
    volts = run.log.idle_domain_volts
    if not volts or max(abs(one - median(volts)) for one in volts) > STAND_OFF_VOLTS:
        return
    run.phase("response-path probe")
    recipe = run.recipe
    run.slot.supply.enter(Phase.RAMPING, PROBE_SECONDS)
    run.slot.supply.on(run.lowest_volts, Protection(recipe.over_volts, recipe.over_amps), PROBE_AMPS)
    run.slot.clock.sleep(SETTLE_SECONDS)
    probe = probe_response(run.slot, run.product, run.pack)
    run.log.response = ResponseLook(probe.idle_amps, probe.work_amps, probe.shift_volts)
    run.log.note(
        "response probe", idle_amps=probe.idle_amps, work_amps=probe.work_amps,
        shift_volts=[round(one, 4) if math.isfinite(one) else None for one in probe.shift_volts],
        seconds=round(probe.seconds, 3),
    )


def _since_short(run: Run) -> list[Count]:
    """The counts from the first short one on."""
    counts = run.log.counts
    first = next((at for at, one in enumerate(counts) if one.count < run.product.chips), len(counts))
    return counts[first:]


def _came_back(run: Run) -> bool:
    return any(one.count >= run.product.chips for one in _since_short(run))


def _counts_at(run: Run, volts: float) -> int:
    return sum(abs(one.volts - volts) <= SAME_VOLTS and not one.at_work for one in _since_short(run))

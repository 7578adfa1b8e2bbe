"""The simulated chain, sans-IO: host bytes in, reply bytes out, both at the pace of the wire."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.bm13xx.commands import Command, CommandDecoder, ReadRegister
from rig.bm13xx.models import chip_model
from rig.bm13xx.registers import Register
from rig.bm13xx.ticket import ticket_mask
from rig.recipe import Product
from rig.sim.answers import AnswerBook, Group, Sweep, Terms, sweep_start
from rig.sim.arrays import Flags, Floats, Words
from rig.sim.chips import ROLLING, Chips
from rig.sim.silicon import WRONG_SHARE
from rig.sim.wire import TOLERANCE, Incoming, Outgoing, garbled, rates_agree

_PUMP_SECONDS = 0.005              # how often answers are let out while chips hash
_TICKETS = {ticket_mask(bits): bits for bits in range(33)}


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """What the board does to its chips; arrays are (chips,), ``dead_cores`` (chips, cores).

    ``alive`` chips have power and clock and are out of reset; ``commands_reach`` of them hear the
    host, ``replies_reach`` are heard.
    """

    alive: Flags
    commands_reach: int
    replies_reach: int
    ids: Words
    hit_rate: Floats
    error_rate: Floats
    dead_cores: Flags


class Chain:
    """All chips of a board and the line to them. Powered down until ``set_conditions`` says else.

    Attributes: ``chips``; ``bytes_dropped`` of replies that found the line's buffer full.
    """

    def __init__(self, product: Product, book: AnswerBook, seed: int) -> None:
        self.chips = Chips(chip_model(product.chip), product.chips)
        self._book = book
        self._rng = np.random.default_rng([seed, 2])
        self._decoder = CommandDecoder()
        self._incoming = Incoming()
        self._outgoing = Outgoing()
        self._conditions: Conditions | None = None
        self._sweeps: list[Sweep] = []
        self._built = -1
        self._harvested = 0.0
        self._thresholds = np.zeros((3, product.chips))

    @property
    def bytes_dropped(self) -> int:
        return self._outgoing.dropped

    @property
    def hashing(self) -> Flags:
        """(chips,) which chips hash now."""
        return self.chips.hashing & self._alive

    @property
    def _alive(self) -> Flags:
        """Chips that work: alive, and joined to the host's commands and clock."""
        now = self._conditions
        if now is None:
            return np.zeros(self.chips.count, dtype=np.bool_)
        return now.alive & (np.arange(self.chips.count) < now.commands_reach)

    def set_conditions(self, conditions: Conditions, now: float) -> None:
        """What holds from ``now`` on. Chips that lost power, clock or reset forget everything."""
        before = self._conditions
        self.advance(now)
        if before is None or not _same_joints(before, conditions):
            self._built = -1
            lost = ~conditions.alive if before is None else before.alive & ~conditions.alive
            if lost.any():
                self.chips.reset(lost)
            if not conditions.alive[0]:
                self._decoder = CommandDecoder()
        self._conditions = conditions
        self.chips.ids = conditions.ids
        right, wrong = conditions.hit_rate, conditions.error_rate
        self._thresholds = np.stack((right * wrong, right, right + WRONG_SHARE * (1 - right)))

    # ---- the line

    def receive(self, data: bytes, now: float, baud: float) -> None:
        """The host starts to send ``data`` at its rate."""
        self._incoming.put(data, now, baud)
        self.advance(now)

    def transmit(self, now: float, baud: float) -> bytes:
        """What a host listening at ``baud`` has received since the last call."""
        self.advance(now)
        rate = float(self.chips.baud[0])
        data = self._outgoing.take(now, rate)
        if not data or rates_agree(baud, rate):
            return data
        return garbled(data, rate, baud, self._rng)

    def drop_line(self) -> None:
        """What was on the line in either direction is gone."""
        self._incoming.clear()
        self._outgoing.clear()

    def advance(self, now: float) -> None:
        """Let commands take effect and answers be found up to ``now``."""
        for at, baud, data in self._incoming.take(now):
            reach = self._reach(baud)
            if not reach:
                continue                   # nobody on the line understands this rate
            for command in self._decoder.feed(data):
                self._execute(command, self._reach(baud), at)
        self._harvest(now)

    def next_due(self, now: float) -> float | None:
        """When to call again, None when nothing is under way."""
        dues = [self._incoming.next_due, self._outgoing.next_due(float(self.chips.baud[0]))]
        if self._sweeps:
            dues = [now + _PUMP_SECONDS]   # a burst at a time: nobody is in a hurry among thousands
        return min((due for due in dues if due is not None), default=None)

    def _reach(self, baud: float) -> int:
        """How many chips hear a host at this rate: up to the first that is dead or out of step."""
        now = self._conditions
        if now is None:
            return 0
        hears = now.alive & (np.abs(baud / self.chips.baud - 1) <= TOLERANCE)
        return min(_leading(hears), now.commands_reach)

    def _execute(self, command: Command, reach: int, now: float) -> None:
        self._harvest(now)
        for chip in self.chips.execute(command, reach, now):
            if isinstance(command, ReadRegister) and chip < self._heard:
                self._outgoing.put(self.chips.reply(int(chip), command.register), now)

    @property
    def _heard(self) -> int:
        """How many chips' replies reach the host."""
        now = self._conditions
        if now is None:
            return 0
        return min(_leading(now.alive), now.replies_reach)

    # ---- answers

    def _harvest(self, now: float) -> None:
        """Put what the sweeps found up to ``now`` on the line."""
        now = max(now, self._harvested)
        if self._built != self.chips.revision:
            self._rebuild()
        for sweep in self._sweeps:
            while (rows := sweep.due(now)) is not None:
                self._outgoing.put(self._returned(sweep, rows), sweep.found_at(rows.start))
        self._harvested = now

    def _returned(self, sweep: Sweep, rows: slice) -> bytes:
        """The replies of these rows: right ones, a few wrong ones, the rest not at all."""
        chip, luck = sweep.chip[rows], sweep.luck[rows]
        spoiled, right, wrong = self._thresholds[:, chip]
        good = (luck >= spoiled) & (luck < right)
        if good.all():
            return sweep.frames[rows].tobytes()
        bad = (luck < spoiled) | ((luck >= right) & (luck < wrong))
        frames = sweep.frames[rows]
        if bad.any():
            frames = frames.copy()
            frames[bad] = sweep.spoiled(np.arange(rows.start, rows.stop)[bad])
            np.add.at(self.chips.errors, chip[bad], 1)
        returned: bytes = frames[good | bad].tobytes()
        return returned

    def _rebuild(self) -> None:
        """Work out anew what will be found after what has been."""
        self._built = self.chips.revision
        self._sweeps = []
        for group in self._groups():
            finds = self._book.finds(group)
            if finds is not None:
                sweep = Sweep(finds, group.terms, self._rng)
                if group.terms.since < self._harvested:
                    sweep.skip_to(self._harvested)
                self._sweeps.append(sweep)

    def _groups(self) -> list[Group]:
        """The hashing chips by the terms they work on."""
        members: dict[Terms, list[int]] = {}
        for chip in np.flatnonzero(self.hashing):
            members.setdefault(self._terms(int(chip)), []).append(int(chip))
        if not members or self._conditions is None:
            return []
        reporting = self.chips.reporting_cores & ~self._conditions.dead_cores
        reporting[self._heard:] = False
        offsets = self.chips.registers[:, Register.CHIP_NONCE_OFFSET]
        return [
            Group(
                terms, np.array(chips), np.array([sweep_start(int(offsets[chip])) for chip in chips]),
                self.chips.mhz[chips], reporting,
            )
            for terms, chips in members.items()
        ]

    def _terms(self, chip: int) -> Terms:
        registers, held = self.chips.registers[chip], self.chips.held[chip]
        if held is None:
            raise ValueError(f"chip {chip} holds no job")
        rolling = int(registers[Register.MIDSTATE_CONFIG])
        mask = int(registers[Register.TICKET_MASK])
        return Terms(
            job=held.job,
            since=held.since,
            sweep_length=int(registers[Register.HASH_COUNTING_NUMBER]),
            extra_zero_bits=_TICKETS.get(mask, mask.bit_count()),
            rolled=rolling & 0xFFFF if rolling & ROLLING else 0,
            long=bool(rolling & ROLLING),
        )


def _leading(flags: Flags) -> int:
    """How many from the start on are set."""
    return len(flags) if flags.all() else int(np.argmin(flags))


def _same_joints(one: Conditions, other: Conditions) -> bool:
    """Whether two conditions differ in rates only."""
    return (
        one.commands_reach == other.commands_reach
        and one.replies_reach == other.replies_reach
        and bool((one.alive == other.alive).all())
        and bool((one.dead_cores == other.dead_cores).all())
    )

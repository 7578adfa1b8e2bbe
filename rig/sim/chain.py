"""The simulated chain, sans-IO: host bytes in, reply bytes out, both at the pace of the wire."""

from __future__ import annotations

import math

import numpy as np

from rig.bm13xx.commands import Command, CommandDecoder, ReadRegister, WriteRegister
from rig.bm13xx.models import chip_model
from rig.bm13xx.registers import Register
from rig.bm13xx.ticket import plain_mask
from rig.recipe import Product
from rig.sim.answers import AnswerBook, Sweep
from rig.sim.arrays import Flags
from rig.sim.chips import ROLLING, Chips
from rig.sim.conditions import Conditions, Joints, leading
from rig.sim.finds import Group, Terms, sweep_start
from rig.sim.silicon import WRONG_SHARE
from rig.sim.wire import TOLERANCE, Incoming, Outgoing, garbled, rates_agree

_PUMP_SECONDS = 0.005              # how often answers are let out while chips hash
# Clocks that are moved chip by chip change what all find each time; it is worked out when they rest.
_STILL_SECONDS = 0.004
_COUNT_ALL = ReadRegister(Register.CHIP_ID)


class Chain:
    """All chips of a board and the line to them. Powered down until ``set_conditions`` says else.

    Attributes: ``chips``; ``bytes_dropped`` of replies that found the line's buffer full.
    """

    def __init__(self, product: Product, book: AnswerBook, seed: int) -> None:
        self.chips = Chips(chip_model(product.chip), product.chips)
        self._book = book
        self._rng = np.random.default_rng([seed, 2])
        self._repeats = np.random.default_rng([seed, 7])
        self._decoder = CommandDecoder()
        self._incoming = Incoming()
        self._outgoing = Outgoing()
        self._conditions: Conditions | None = None
        self._joints = Joints(product.chips, seed)
        self._linked = 0               # chips that hear the host and have its clock
        self._works: Flags = np.zeros(product.chips, dtype=np.bool_)
        self._spoils = False           # whether a chip sends wrong answers of its own, or answers twice
        self._sweeps: list[Sweep] = []
        self._built = -1
        self._harvested = 0.0
        self._still_at = -math.inf

    @property
    def bytes_dropped(self) -> int:
        return self._outgoing.dropped

    @property
    def hashing(self) -> Flags:
        """(chips,) which chips hash now."""
        return self.chips.hashing & self._works

    @property
    def baud(self) -> float:
        """The rate the host must keep to: that of the first chip."""
        return float(self.chips.baud[0])

    def set_conditions(self, conditions: Conditions, now: float) -> None:
        """What holds from ``now`` on. Chips that lost power, clock or reset forget everything."""
        before = self._conditions
        self.advance(now)
        self._conditions = conditions
        self.chips.volts = conditions.volts
        if before is None or before.effects is not conditions.effects:
            self.chips.suffer(conditions.effects)
            effects = conditions.effects
            self._spoils = bool(effects.error_rate.any() or effects.repeat_rate.any())
        was_alive = np.zeros_like(self._works) if before is None else before.alive
        if (was_alive != conditions.alive).any():
            self._wake(was_alive, conditions)
            self._relink()
        elif before is None or before.commands_reach != conditions.commands_reach:
            self._relink()

    def _wake(self, was_alive: Flags, conditions: Conditions) -> None:
        """Chips that lost power, clock or reset forget everything; those that got them start anew."""
        lost = was_alive & ~conditions.alive
        if lost.any():
            self.chips.reset(lost)
        if not conditions.alive[0]:
            self._decoder = CommandDecoder()
        if (conditions.alive & ~was_alive).any():
            self._joints.released(conditions.effects)

    def _relink(self) -> None:
        """How far the host's commands and clock get now."""
        now = self._conditions
        if now is not None:
            self._linked = min(leading(now.alive), now.commands_reach, self._joints.reach)
            self._works = now.alive & (np.arange(self.chips.count) < self._linked)
            self._built = -1

    def count_hashes(self, seconds: float) -> None:
        """Let the chips' hash counters run for what they worked in the last ``seconds``."""
        self.chips.count_hashes(self.hashing, seconds)

    # ---- the line

    def receive(self, data: bytes, now: float, baud: float) -> None:
        """The host starts to send ``data`` at its rate."""
        self._incoming.put(data, now, baud)
        self.advance(now)

    def transmit(self, now: float, baud: float) -> bytes:
        """What a host listening at ``baud`` has received since the last call."""
        self.advance(now)
        rate = self.baud
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
            alive = self._conditions is not None and self._conditions.alive[0]
            if not alive or not rates_agree(baud, self.baud):
                continue                   # the first chip makes nothing of it
            for command in self._decoder.feed(data):
                self._execute(command, baud, at)
        self._harvest(now)

    def next_due(self, now: float) -> float | None:
        """When to call again, None when nothing is under way."""
        dues = [self._incoming.next_due, self._outgoing.next_due(self.baud)]
        if self._sweeps:
            dues = [now + _PUMP_SECONDS]   # a burst at a time: nobody is in a hurry among thousands
        return min((due for due in dues if due is not None), default=None)

    def _reach(self, baud: float) -> int:
        """How many chips hear a host at this rate: up to the first that is dead or out of step."""
        hears = np.abs(baud / self.chips.baud - 1) <= TOLERANCE
        return min(leading(hears), self._linked)

    def _execute(self, command: Command, baud: float, now: float) -> None:
        one_clock = _moves_one_clock(command)
        if not one_clock:
            self._still_at = -math.inf
        self._harvest(now)
        if one_clock:
            self._still_at = now + _STILL_SECONDS
        if command == _COUNT_ALL and self._conditions and self._joints.counted(self._conditions.effects):
            self._relink()
        answering = self.chips.execute(command, self._reach(baud), now)
        if isinstance(command, ReadRegister):
            for chip in answering[answering < self._heard]:
                self._outgoing.put(self.chips.reply(int(chip), command.register, now), now)

    @property
    def _heard(self) -> int:
        """How many chips' replies reach the host: none gets past a chip on another rate."""
        now = self._conditions
        if now is None:
            return 0
        in_step = np.abs(self.chips.baud / self.baud - 1) <= TOLERANCE
        return min(leading(in_step), self._linked, now.effects.replies_reach)

    # ---- answers

    def _harvest(self, now: float) -> None:
        """Put what the sweeps found up to ``now`` on the line."""
        now = max(now, self._harvested)
        if now < self._still_at:
            return
        if self._built != self.chips.revision:
            self._rebuild()
        for sweep in self._sweeps:
            while (rows := sweep.due(now)) is not None:
                self._outgoing.put(self._returned(sweep, rows), sweep.found_at(rows.start))
        self._harvested = now

    def _returned(self, sweep: Sweep, rows: slice) -> bytes:
        """The replies of these rows: right ones, a few wrong ones, the rest not at all."""
        now, chip, luck = self._conditions, sweep.chip[rows], sweep.luck[rows]
        if now is None:
            return b""
        right, frames = now.hit_rate[chip], sweep.frames[rows]
        good = luck < right
        if good.all() and not self._spoils:
            return frames.tobytes()
        bad = ~good & (luck < right + WRONG_SHARE * (1 - right))
        if self._spoils:
            spoiled = luck < right * now.effects.error_rate[chip]
            good, bad = good & ~spoiled, bad | spoiled
        if bad.any():
            frames = frames.copy()
            frames[bad] = sweep.spoiled(np.arange(rows.start, rows.stop)[bad])
            np.add.at(self.chips.errors, chip[bad], 1)
        times = (good | bad).astype(np.intp)
        if self._spoils:
            times *= 1 + (self._repeats.random(len(chip)) < now.effects.repeat_rate[chip])
        returned: bytes = frames.repeat(times, axis=0).tobytes()
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
        reporting = self.chips.reporting_cores & ~self.chips.dead_cores
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
        return Terms(
            job=held.job,
            since=held.since,
            sweep_length=int(registers[Register.HASH_COUNTING_NUMBER]),
            ticket=plain_mask(int(registers[Register.TICKET_MASK])),
            rolled=rolling & 0xFFFF if rolling & ROLLING else 0,
            long=bool(rolling & ROLLING),
        )


def _moves_one_clock(command: Command) -> bool:
    return (
        isinstance(command, WriteRegister) and command.register == Register.PLL0_PARAMETER
        and command.address is not None
    )

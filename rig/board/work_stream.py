"""Work for the whole board: jobs from a pack out in turn, answers in by blocks.

Opening it ends the bring-up (256foundation/mujina mujina-miner/src/asic/bm13xx/REFERENCE.md, steps
16 to 19): a first job, each chip's nonce offset, the sweep length that sets them hashing, the
version mask once more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.bm13xx import registers
from rig.bm13xx.commands import ReadRegister, SendJob, WriteRegister
from rig.bm13xx.jobs import Job
from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.bm13xx.replies import RegisterReply, counters
from rig.bm13xx.sweep import version_space_seconds
from rig.board.bring_up import WRITE_SECONDS, version_mask
from rig.board.commanding import Commander
from rig.recipe import Product, Recipe
from rig.slot import Slot
from rig.work.ingest import Ingest, WireCount
from rig.work.ledger import Ledger
from rig.work.pack import Pack

JOB_IDS = 16                    # 0..15 in turn: the ids of which a reply holds every bit
BLOCK_SECONDS = 0.05            # about 900 answers of a full board at the lowest ticket
PAST_SECONDS = 0.15             # after a reply: those of a whole chain take 20 ms between its answers
ASK_STEP_SECONDS = 0.02
SPACE_SHARE = 0.96              # of the version space is worked through; beyond it a chip repeats itself


@dataclass(frozen=True, slots=True)
class Issued:
    """One job as it went out: index in the pack, id on the wire, when."""

    job: int
    job_id: int
    at_seconds: float


class WorkStream:
    """Keeps a configured board at work. Not open until ``open``; then ``step`` again and again.

    Answers are thrown away (the board only warms up) until ``book`` names a ledger. ``jobs_sent``
    counts job frames; ``heard`` (chips,) all nonces by the slice they lie in, right or wrong, and
    ``heard_at`` when the last of them was read. ``job_seconds`` keeps each job so long, also beyond
    its last version; without it the recipe says, and a job ends before a chip repeats itself.
    Errors: LinkError.
    """

    def __init__(
        self, slot: Slot, product: Product, recipe: Recipe, pack: Pack, model: ChipModel, *,
        job_seconds: float | None = None,
    ) -> None:
        self._slot, self._product, self._recipe, self._pack = slot, product, recipe, pack
        self._commander = Commander(slot)
        self._ingest = Ingest(model, slot.clock.now())
        self._last: Issued | None = None
        self._sent: dict[tuple[int, int], None] = {}            # job and id, the last one last
        self._replies: list[RegisterReply] = []
        self._job_seconds = job_seconds or min(
            recipe.job_seconds, SPACE_SHARE * version_space_seconds(product.sweep_length)
        )
        self.jobs_sent = 0
        self.heard: NDArray[np.int64] = np.zeros(product.chips, dtype=np.int64)
        self.heard_last: NDArray[np.int64] = np.zeros(product.chips, dtype=np.int64)

    @property
    def wire(self) -> WireCount:
        return self._ingest.wire(self._slot.clock.now())

    @property
    def register_writes(self) -> int:
        return self._commander.register_writes

    @property
    def last(self) -> Issued | None:
        """The job the chips have now."""
        return self._last

    def open(self) -> None:
        """Set the chips hashing: steps 16 to 19 of the bring-up, then a job that counts."""
        layout = self._pack.layout
        self._issue()
        for chip in range(self._product.chips):
            word = registers.nonce_offset_word(layout.nonce_offset(chip))
            self._write(Register.CHIP_NONCE_OFFSET, word, layout.address(chip))
        self._write(Register.HASH_COUNTING_NUMBER, self._product.sweep_length)
        self._commander.send(version_mask(), pause=WRITE_SECONDS)
        self._slot.link.flush_input()
        self._ingest.restart_silence(self._slot.clock.now())
        self._issue()

    def book(self, ledger: Ledger) -> None:
        """From a fresh job on, give every answer to ``ledger``.

        The ledger learns of the present job too, so that its last answers, still under way, are
        recognised; superseded at once, it makes no trials. Earlier ones it knows as retired.
        """
        for job, job_id in self._sent:
            ledger.recall(job, job_id)
        if self._last is not None:
            ledger.issue(self._last.job, self._last.job_id, self._slot.clock.now())
        self._ingest.ledger = ledger
        self._issue()

    def ask(self, register: Register, *, seconds: float) -> dict[int, int]:
        """Every chip's value of a register by its address, read between the answers.

        Waits for all chips, ``seconds`` at most, and the work goes on meanwhile. Replies come in one
        go: when the last is long past, those that are missing were lost on the wire, or never sent.
        """
        self._commander.send(ReadRegister(register))
        clock = self._slot.clock
        until = clock.now() + seconds
        found: dict[int, int] = {}
        self._replies.clear()
        while len(found) < self._product.chips and clock.now() < until:
            self.step(ASK_STEP_SECONDS)
            fresh = {one.address: one.value for one in self._replies if one.register == register}
            self._replies.clear()
            if fresh.keys() - found.keys():
                until = min(until, clock.now() + PAST_SECONDS)
            found |= fresh
        return found

    def step(self, seconds: float = BLOCK_SECONDS) -> None:
        """Let at most ``seconds`` (50 ms) pass, take what came in, renew the job when it is due."""
        clock = self._slot.clock
        clock.sleep(min(seconds, BLOCK_SECONDS, self._due_in()))
        self.catch_up()
        if self._due_in() <= 0:
            self._issue()

    def pass_time(self, seconds: float) -> None:
        """Steps for ``seconds`` in all, and one at least."""
        clock = self._slot.clock
        until = clock.now() + seconds
        self.step(seconds)
        while clock.now() < until:
            self.step(until - clock.now())

    def catch_up(self) -> None:
        """Take what has come in."""
        data = self._slot.link.read(0.0)
        block = self._ingest.feed(data, self._slot.clock.now())
        if block is None:
            return
        self._replies += block.registers
        if len(block.nonces):
            chips = self._pack.layout.chip_of(counters(block.nonces))
            first = int(self.heard.sum()) + 1
            self.heard_last[chips] = np.arange(first, first + len(chips))
            self.heard += np.bincount(chips, minlength=len(self.heard))

    def close(self) -> None:
        """Stop the sweeps; the chips stay configured, at their clocks."""
        self._commander.send(WriteRegister(Register.HASH_COUNTING_NUMBER, 0), pause=WRITE_SECONDS)
        self._slot.link.flush_input()

    def _due_in(self) -> float:
        if self._last is None:
            return 0.0
        return self._last.at_seconds + self._job_seconds - self._slot.clock.now()

    def _issue(self) -> None:
        job, job_id = self.jobs_sent % self._pack.jobs, self.jobs_sent % JOB_IDS
        template = self._pack.templates[job].tobytes()
        self._commander.send(SendJob(Job.from_header(job_id, template)))
        self.jobs_sent += 1
        self._sent.pop((job, job_id), None)
        self._sent[job, job_id] = None
        self._last = Issued(job, job_id, self._slot.clock.now())
        if self._ingest.ledger is not None:
            self._ingest.ledger.issue(job, job_id, self._last.at_seconds)

    def _write(self, register: Register, value: int, address: int | None = None) -> None:
        self._commander.send(WriteRegister(register, value, address), pause=WRITE_SECONDS)

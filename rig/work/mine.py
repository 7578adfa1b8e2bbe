"""Making packs: which answers to look for, and the search for them.

A chip meets its answers spread evenly over the versions it rolls through, as it meets real ones:
the 4,096 batches are cut into as many strata as the chip has answers in a job, and each answer
falls somewhere in its own. Everything follows from the order's seed by SHAKE-256, so the same
order gives the same answers anywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rig.bm13xx.chain import COUNTER_BITS, ChainLayout
from rig.bm13xx.jobs import Job, block_hash, zero_bits
from rig.bm13xx.models import chip_model
from rig.bm13xx.sweep import BATCHES
from rig.errors import UsageError
from rig.work.backend import best_backend, library_for
from rig.work.issue import SUB_CORES
from rig.work.pack import Pack
from rig.work.packformat import NAME_PATTERN

_VERSION = 0x2000_0000
_NBITS = 0x1D00_FFFF
_NTIME = 1_767_225_600               # 2026-01-01 00:00:00 UTC


@dataclass(frozen=True)
class Order:
    """What to mine. Raises UsageError when no such pack can be."""

    name: str
    chip: str
    chips: int
    address_interval: int
    sweep_length: int
    window_counts: int
    required_zero_bits: int
    jobs: int
    answers_per_chip: int            # in each job
    per_sub_core: int                # at least, over the whole pack
    seed: int

    def __post_init__(self) -> None:
        model = chip_model(self.chip)
        needed = model.positions * self.per_sub_core
        planned = self.jobs * self.answers_per_chip
        layout = ChainLayout(self.chips, self.address_interval)
        shortest = (1 << COUNTER_BITS) - layout.slice_start(self.chips - 1)
        for bad, message in (
            (1 << model.sub_core_bits != SUB_CORES,
             f"{self.chip}: found {1 << model.sub_core_bits} sub-cores a core, expected {SUB_CORES}: "
             "packs hold no others"),
            (re.fullmatch(NAME_PATTERN, self.name) is None,
             f"name {self.name!r}: expected 1 to 60 letters, digits, dots, dashes or underscores"),
            (not 1 <= self.sweep_length <= 0xFFFF,
             f"a sweep length of {self.sweep_length}, expected 1 to 65535"),
            (needed > planned, f"{self.per_sub_core} answers for every sub-core are {needed} a chip, more "
                               f"than {self.jobs} jobs of {self.answers_per_chip}: ask for more of either"),
            (not 1 <= self.answers_per_chip <= BATCHES,
             f"{self.answers_per_chip} answers a chip and job, expected 1 to {BATCHES}"),
            (not 1 <= self.window_counts <= shortest,
             f"a window of {self.window_counts} counts, expected 1 to {shortest}, a chip's slice"),
            (not 1 <= self.required_zero_bits <= 64,
             f"{self.required_zero_bits} zero bits, expected 1 to 64"),
            (not 1 <= self.jobs <= 0xFFFF, f"{self.jobs} jobs, expected 1 to 65535"),
        ):
            if bad:
                raise UsageError(message)

    @cached_property
    def layout(self) -> ChainLayout:
        return ChainLayout(self.chips, self.address_interval)

    @property
    def digest(self) -> str:
        """SHA-256 of the order, hex: tells whether a half-made pack belongs to it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def command(self) -> str:
        """The command that makes this pack again, but for where to write it."""
        return (
            f"rig pack mine --name {self.name} --chip {self.chip} --chips {self.chips} "
            f"--interval {self.address_interval} --sweep-length {self.sweep_length} "
            f"--window {self.window_counts} --bits {self.required_zero_bits} --jobs {self.jobs} "
            f"--answers {self.answers_per_chip} --per-sub-core {self.per_sub_core} --seed {self.seed}"
        )

    @property
    def units(self) -> list[tuple[int, int]]:
        """The pieces the work is cut into: every job and chip."""
        return [(job, chip) for job in range(self.jobs) for chip in range(self.chips)]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One unit's answers."""

    word: npt.NDArray[np.uint32]
    version_bits: npt.NDArray[np.uint16]
    zero_bits: npt.NDArray[np.uint8]


def header_template(name: str, job: int) -> bytes:
    """The 80-byte header of a job of the pack ``name``: hashes of stated labels, everything else fixed."""
    def label(what: str) -> bytes:
        return hashlib.sha256(f"rig pack {name}: {what} of job {job}".encode()).digest()

    work = Job(0, _VERSION, label("previous block"), label("merkle root"), _NTIME, _NBITS)
    return work.header(0, 0)


def sub_cores_of(order: Order, chip: int) -> npt.NDArray[np.int64]:
    """(jobs, answers_per_chip) core * 16 + sub-core of each answer a chip is to have.

    Every sub-core that is there comes ``per_sub_core`` times, the rest is drawn evenly.
    """
    model = chip_model(order.chip)
    present = np.array([
        core << 4 | sub_core
        for core in range(model.cores) for sub_core in range(model.sub_cores) if model.has(core, sub_core)
    ])
    sure = np.tile(present, order.per_sub_core)
    total = order.jobs * order.answers_per_chip
    drawn = present[_draws(order, f"sub-cores {chip}", total - len(sure)) % np.uint64(len(present))]
    shuffle = np.argsort(_draws(order, f"order {chip}", total), kind="stable")
    return np.concatenate((sure, drawn))[shuffle].reshape(order.jobs, -1)


def mine_unit(order: Order, job: int, chip: int) -> Found:
    """Search the answers of one chip in one job."""
    count = order.answers_per_chip
    edges = np.arange(count + 1, dtype=np.uint64) * np.uint64(BATCHES) // np.uint64(count)
    batch = edges[:-1] + _draws(order, f"batches {job} {chip}", count) % (edges[1:] - edges[:-1])
    start = _draws(order, f"starts {job} {chip}", count) % np.uint64(order.window_counts)
    places = sub_cores_of(order, chip)[job]
    work = Job.from_header(0, header_template(order.name, job))
    answers: set[tuple[int, int, int]] = set()
    for place, first_batch, offset in zip(places.tolist(), batch.tolist(), start.tolist(), strict=True):
        answers.add(_search(order, work, chip, place, first_batch, offset, answers))
    version_bits, word, zeros = zip(*sorted(answers), strict=True)
    return Found(np.array(word, np.uint32), np.array(version_bits, np.uint16), np.array(zeros, np.uint8))


def assemble(order: Order, found: dict[tuple[int, int], Found]) -> Pack:
    """The pack of all units' answers."""
    job = np.repeat(np.arange(order.jobs, dtype=np.uint16), order.chips * order.answers_per_chip)
    chip = np.tile(np.repeat(np.arange(order.chips, dtype=np.uint8), order.answers_per_chip), order.jobs)
    word = np.concatenate([found[unit].word for unit in order.units])
    version_bits = np.concatenate([found[unit].version_bits for unit in order.units])
    zeros = np.concatenate([found[unit].zero_bits for unit in order.units])
    rows = np.lexsort((word, version_bits, job))
    headers = b"".join(header_template(order.name, index) for index in range(order.jobs))
    return Pack(
        name=order.name, origin=order.command, chip=order.chip, chips=order.chips,
        address_interval=order.address_interval, sweep_length=order.sweep_length,
        window_counts=order.window_counts, required_zero_bits=order.required_zero_bits,
        templates=np.frombuffer(headers, np.uint8).reshape(order.jobs, 80),
        job=job[rows], chip_index=chip[rows],
        word=word[rows], version_bits=version_bits[rows], zero_bits=zeros[rows],
    )


def _search(
    order: Order, work: Job, chip: int, place: int, first_batch: int, offset: int,
    known: set[tuple[int, int, int]],
) -> tuple[int, int, int]:
    """Version bits, word and zero bits of the next answer of a sub-core that is not yet ``known``.

    From ``offset`` to the window's end, then from its start; where a whole window holds none, in
    the next batch. Raises UsageError when the whole version space holds none.
    """
    core, sub_core = divmod(place, 16)
    base = core << COUNTER_BITS | order.layout.slice_start(chip)
    for step in range(BATCHES):
        version_bits = (first_batch + step) % BATCHES << 4 | sub_core
        for first, count in ((offset, order.window_counts - offset), (0, offset)):
            word = first_strong(work, version_bits, base + first, count, order.required_zero_bits)
            if word < 0:
                continue
            zeros = min(255, zero_bits(block_hash(work.header(word, version_bits))))
            if (version_bits, word, zeros) not in known:
                return version_bits, word, zeros
    raise UsageError(
        f"chip {chip} core {core} sub-core {sub_core}: no answer of {order.required_zero_bits} zero bits in "
        f"a window of {order.window_counts} counts; ask for fewer bits or a wider window"
    )


def first_strong(work: Job, version_bits: int, first: int, count: int, required_zero_bits: int) -> int:
    """The first of ``count`` words from ``first`` on whose header is strong enough, or -1."""
    backend = best_backend()
    library = library_for(backend)
    if library is not None:
        header = work.header(0, version_bits)
        return library.mine(header, first, count, required_zero_bits, backend.path)
    for word in range(first, first + count):
        if zero_bits(block_hash(work.header(word, version_bits))) >= required_zero_bits:
            return word
    return -1


def _draws(order: Order, purpose: str, count: int) -> npt.NDArray[np.uint64]:
    """``count`` random 64-bit numbers that depend on the order and the purpose alone."""
    label = f"{order.name} {order.seed} {purpose}".encode()
    return np.frombuffer(hashlib.shake_256(label).digest(8 * count), dtype="<u8").astype(np.uint64)

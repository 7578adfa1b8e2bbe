"""What a pack holds: its own truth by hashlib, and its coverage of the chips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rig.bm13xx.jobs import Job, block_hash, zero_bits
from rig.work.pack import Pack


@dataclass(frozen=True, slots=True)
class BadAnswer:
    """An answer that is not what the pack says."""

    row: int
    job: int
    said: int                        # zero bits
    found: int


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """How often a pack's answers reach each place of the chain."""

    per_chip_and_job: npt.NDArray[np.int64]      # (jobs, chips)
    per_core: npt.NDArray[np.int64]              # (chips, cores)
    per_sub_core: npt.NDArray[np.int64]          # (chips, sub-cores that are there)


def bad_answers(pack: Pack) -> Iterator[BadAnswer]:
    """Hash every answer with hashlib, by nothing of the compiled library; yields those that are wrong."""
    for job in range(pack.jobs):
        work = Job.from_header(0, pack.templates[job].tobytes())
        rows = pack.answers_of(job)
        columns = (pack.word[rows].tolist(), pack.version_bits[rows].tolist(), pack.zero_bits[rows].tolist())
        for row, (word, version_bits, said) in enumerate(zip(*columns, strict=True), rows.start):
            found = min(255, zero_bits(block_hash(work.header(word, version_bits))))
            if found != said:
                yield BadAnswer(row, job, said, found)


def coverage(pack: Pack) -> Coverage:
    """Count a pack's answers by job, chip, core and sub-core."""
    model = pack.model
    every = per_sub_core(pack)
    present = np.array([[model.has(core, sub_core) for sub_core in range(16)] for core in range(model.cores)])
    places = pack.job.astype(np.intp) * pack.chips + pack.chip_index
    by_job = np.bincount(places, minlength=pack.jobs * pack.chips)
    return Coverage(
        per_chip_and_job=by_job.reshape(pack.jobs, pack.chips),
        per_core=every.sum(axis=2),
        per_sub_core=every[:, present],
    )


def per_sub_core(pack: Pack, wanted: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.int64]:
    """(chips, cores, 16) how many answers, of those ``wanted``, each sub-core has."""
    shape = (pack.chips, pack.model.cores, 16)
    places = (pack.chip_index.astype(np.intp) * shape[1] + pack.core) * 16 + pack.sub_core
    if wanted is not None:
        places = places[wanted]
    return np.bincount(places, minlength=pack.chips * shape[1] * 16).reshape(shape)

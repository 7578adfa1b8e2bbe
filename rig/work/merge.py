"""Packs recorded from several boards with the same jobs, made one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rig.errors import FileError, UsageError
from rig.work.issue import answer_keys
from rig.work.pack import Pack
from rig.work.recording import pack_of

_SAME = ("chip", "chips", "address_interval", "sweep_length", "required_zero_bits", "jobs")


def merged(packs: Sequence[tuple[Path, Pack]], least: int, name: str) -> Pack:
    """The answers that at least ``least`` of the packs have, within the shortest of their windows.

    Raises FileError, naming the pack and what differs, when they are not of one job list and one
    kind of board; UsageError for fewer than two packs or a ``least`` out of range.
    """
    if len(packs) < 2 or not 1 <= least <= len(packs):
        raise UsageError(
            f"merge: found {len(packs)} packs and --least {least}, expected two packs or more, "
            "and --least from 1 to their number"
        )
    _, first = packs[0]
    for path, pack in packs[1:]:
        for field in _SAME:
            found, expected = getattr(pack, field), getattr(first, field)
            if found != expected:
                raise FileError(path, field, str(found), f"{expected}, as {packs[0][0]} has it")
        if not np.array_equal(pack.templates, first.templates):
            raise FileError(path, "templates", "other jobs", f"the job list of {packs[0][0]}")
    keys, times = np.unique(
        np.concatenate([
            pack.job.astype(np.uint64) << np.uint64(48) | answer_keys(pack.version_bits, pack.word)
            for _, pack in packs
        ]),
        return_counts=True,
    )
    window = min(pack.window_counts for _, pack in packs)
    origin = f"rig pack merge, answers that {least} of {len(packs)} have: " + "; ".join(
        f"{pack.name} ({pack.origin})" for _, pack in packs
    )
    keys = keys[times >= least]
    job = (keys >> np.uint64(48)).astype(np.uint16)
    jobs = replace(first, name=name, origin=origin, window_counts=window)
    found = pack_of(jobs, job, keys & np.uint64((1 << 48) - 1))
    inside = found.layout.position(found.counter) < window
    return replace(
        found, job=found.job[inside], chip_index=found.chip_index[inside], word=found.word[inside],
        version_bits=found.version_bits[inside], zero_bits=found.zero_bits[inside],
    )

"""Packs of known answers (``*.kap``): jobs whose answers are known before any chip sees them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rig.bm13xx.chain import COUNTER_BITS, ChainLayout
from rig.bm13xx.jobs import VERSION_SHIFT
from rig.bm13xx.models import ChipModel, chip_model
from rig.bm13xx.sweep import window_counts
from rig.errors import FileError, UsageError
from rig.recipe import Product
from rig.work.packformat import Bytes2d, Columns, PackHeader, decode, encode, first_rows

_COUNTER_MASK = (1 << COUNTER_BITS) - 1
_ROLLED_MASK = 0xFFFF << VERSION_SHIFT
SUB_CORE_MASK = 0xF                  # a BM1370's sub-core is the low four bits of the version counter


@dataclass(frozen=True, eq=False)
class Pack:
    """Known answers of one chain of chips, and the jobs they answer.

    ``templates`` is (jobs, 80) uint8: block headers, version bits 28..13 and the nonce zero. The
    answer columns have one entry an answer, ordered by job, then version bits, then word (so by
    batch within a job); all are read-only. ``word`` is the nonce as a reply's bytes 2..5 read most
    significant byte first; its counter lies within ``window_counts`` of the chip's slice start.
    """

    name: str
    origin: str
    chip: str
    chips: int
    address_interval: int
    sweep_length: int
    window_counts: int
    required_zero_bits: int
    templates: Bytes2d
    job: npt.NDArray[np.uint16]
    chip_index: npt.NDArray[np.uint8]
    word: npt.NDArray[np.uint32]
    version_bits: npt.NDArray[np.uint16]
    zero_bits: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.word)

    @property
    def jobs(self) -> int:
        return len(self.templates)

    @property
    def model(self) -> ChipModel:
        return chip_model(self.chip)

    @cached_property
    def layout(self) -> ChainLayout:
        return ChainLayout(self.chips, self.address_interval)

    @property
    def full_window_mhz(self) -> float:
        """The lowest hash clock in MHz at which every chip's sweep reaches all its answers."""
        return self.window_counts / (window_counts(self.sweep_length, 1e6) / 1e6)

    @property
    def core(self) -> npt.NDArray[np.intp]:
        """The core of each answer."""
        return (self.word >> COUNTER_BITS).astype(np.intp)

    @property
    def counter(self) -> npt.NDArray[np.int64]:
        """The core's 25-bit nonce counter at each answer."""
        return (self.word & _COUNTER_MASK).astype(np.int64)

    @property
    def sub_core(self) -> npt.NDArray[np.intp]:
        return (self.version_bits & SUB_CORE_MASK).astype(np.intp)

    @property
    def batch(self) -> npt.NDArray[np.intp]:
        """The batch of 16 versions each answer falls in, 0..4095."""
        return (self.version_bits >> 4).astype(np.intp)

    @cached_property
    def first_rows(self) -> npt.NDArray[np.intp]:
        """(jobs + 1,) row each job's answers start at, and the number of answers."""
        return np.searchsorted(self.job, np.arange(self.jobs + 1)).astype(np.intp)

    def answers_of(self, job: int) -> slice:
        """The rows of one job's answers."""
        return slice(int(self.first_rows[job]), int(self.first_rows[job + 1]))


def load_pack(path: Path) -> Pack:
    """Read and check a pack; its hashes are not computed (``rig pack verify`` does that).

    A file that is the same to the byte as last time is not taken apart again: a station's runs are forks
    of one process. Raises FileError when it is absent, truncated, tampered with, of another format
    version, or holds answers that no chip of its own layout could give.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(path, "", f"unreadable ({error.strerror})", "a known-answer pack") from error
    known = _KNOWN.get(path)
    if known is None or known[0] != data:
        known = _KNOWN[path] = data, _read(data, path)
    return known[1]


_KNOWN: dict[Path, tuple[bytes, Pack]] = {}


def _read(data: bytes, path: Path) -> Pack:
    header, templates, columns = decode(data, path)
    layout = _layout(header, path)
    _check_templates(templates, path)
    _check_answers(header, columns, path)
    starts = np.array([layout.slice_start(chip) for chip in range(header.chips)], dtype=np.uint32)
    core = columns.core.astype(np.uint32) << np.uint32(COUNTER_BITS)
    word = core | (starts[columns.chip] + columns.position)
    _check_order(header, columns.version_bits, word, path)
    job = np.repeat(np.arange(len(header.answers), dtype=np.uint16), header.answers)
    for array in (templates, job, columns.chip, word, columns.version_bits, columns.zero_bits):
        array.flags.writeable = False
    return Pack(
        name=header.name, origin=header.origin, chip=header.chip, chips=header.chips,
        address_interval=header.address_interval, sweep_length=header.sweep_length,
        window_counts=header.window_counts, required_zero_bits=header.required_zero_bits,
        templates=templates, job=job, chip_index=columns.chip, word=word,
        version_bits=columns.version_bits, zero_bits=columns.zero_bits,
    )


def save_pack(pack: Pack, path: Path) -> None:
    """Write a pack whole or not at all. Raises FileError when it holds what no reader would take."""
    layout = pack.layout
    header = PackHeader(
        name=pack.name, origin=pack.origin, chip=pack.chip, chips=pack.chips,
        address_interval=pack.address_interval, sweep_length=pack.sweep_length,
        window_counts=pack.window_counts, required_zero_bits=pack.required_zero_bits,
        answers=tuple(int(count) for count in np.bincount(pack.job, minlength=pack.jobs)),
    )
    columns = Columns(
        pack.version_bits, pack.chip_index, pack.core.astype(np.uint8),
        layout.position(pack.counter).astype(np.uint32), pack.zero_bits,
    )
    if min(header.answers) < 1:
        raise FileError(path, f"job {header.answers.index(0)}", "no answers", "some to every job")
    if np.any(layout.chip_of(pack.counter) != pack.chip_index):
        raise FileError(path, "answers", "nonces of another chip's slice", "each chip's own")
    _check_templates(pack.templates, path)
    _check_answers(header, columns, path)
    _check_order(header, pack.version_bits, pack.word, path)
    part = path.with_name(path.name + ".part")
    part.write_bytes(encode(header, pack.templates, columns))
    os.replace(part, path)


def check_pack(pack: Pack, product: Product, path: Path) -> None:
    """Whether a pack is for this product. Raises FileError naming the first thing that differs."""
    named = [
        silicon for silicon, pack in (
            (product.simulated_silicon, product.simulated_silicon.pack),
            (product.simulated_silicon, product.simulated_judged_by),
            (product.silicon, product.silicon.pack if product.silicon else None),
        )
        if silicon is not None and pack is not None and Path(pack).name == path.name
    ]
    for field, found, expected in (
        ("chip", pack.chip, product.chip),
        ("chips", pack.chips, product.chips),
        ("address_interval", pack.address_interval, product.address_interval),
        ("sweep_length", pack.sweep_length, product.sweep_length),
        *(("required_zero_bits", pack.required_zero_bits, silicon.required_zero_bits) for silicon in named),
    ):
        if found != expected:
            raise FileError(path, field, str(found), f"{expected}, as product {product.product} has it")


def _layout(header: PackHeader, path: Path) -> ChainLayout:
    try:
        model = chip_model(header.chip)
        layout = ChainLayout(header.chips, header.address_interval)
    except UsageError as error:
        raise FileError(path, "header", str(error), "a chip and a chain the rig knows") from error
    slice_counts = min(
        (layout.slice_start(chip + 1) if chip + 1 < header.chips else 1 << COUNTER_BITS)
        - layout.slice_start(chip)
        for chip in range(header.chips)
    )
    if header.window_counts > slice_counts:
        found = f"{header.window_counts} counts"
        raise FileError(path, "window_counts", found, f"at most {slice_counts}, the shortest slice")
    if model.sub_core_bits != SUB_CORE_MASK.bit_length():
        raise FileError(path, "chip", header.chip, "a chip with a 4-bit sub-core")
    return layout


def _check_templates(templates: Bytes2d, path: Path) -> None:
    versions = np.ascontiguousarray(templates[:, :4]).view("<u4")[:, 0]
    if np.any(versions & _ROLLED_MASK):
        job = int(np.flatnonzero(versions & _ROLLED_MASK)[0])
        raise FileError(path, f"template {job}", f"version {versions[job]:#010x}", "version bits 28..13 zero")
    if np.any(templates[:, 76:]):
        raise FileError(path, "templates", "a nonce", "nonce bytes zero")


def _check_answers(header: PackHeader, columns: Columns, path: Path) -> None:
    model = chip_model(header.chip)
    present = np.zeros((256, SUB_CORE_MASK + 1), dtype=np.bool_)
    for core in range(model.cores):
        for sub_core in range(model.sub_cores):
            present[core, sub_core] = model.has(core, sub_core)
    for bad, found, expected in (
        (columns.chip >= header.chips, "a chip beyond the chain", f"chips 0 to {header.chips - 1}"),
        (columns.position >= header.window_counts, "an answer outside the window",
         f"at most {header.window_counts} counts past the start of its chip's slice"),
        (~present[columns.core, columns.version_bits & SUB_CORE_MASK], "a sub-core that is not there",
         f"the {model.positions} sub-cores of a {header.chip}"),
        (columns.zero_bits < header.required_zero_bits, "an answer too weak",
         f"at least {header.required_zero_bits} zero bits"),
    ):
        if np.any(bad):
            raise FileError(path, f"answer {int(np.flatnonzero(bad)[0])}", found, expected)


def _check_order(
    header: PackHeader, version_bits: npt.NDArray[np.uint16], word: npt.NDArray[np.uint32], path: Path
) -> None:
    keys = version_bits.astype(np.uint64) << np.uint64(32) | word
    falls = keys[1:] <= keys[:-1]
    falls[first_rows(header.answers)[1:-1] - 1] = False         # another job starts there
    if np.any(falls):
        found = "an answer out of order or twice"
        raise FileError(path, f"answer {int(np.flatnonzero(falls)[0]) + 1}", found, "strictly rising answers")

"""Every number of the boards in a report, in one pass over the lake: cells, moving ranges, a sample.

A cell is the boards of one day, place (station and slot) and lot that passed; those that failed are a
cell of each day and station apart, without place and lot, so that one dead board moves no slot's mean.
Count, mean and squared deviations of a cell merge exactly, so capability, bias of slots and lots, and drifts
all come from cells, however many boards there are. Percentiles and histograms come from ``sample``: every
board up to SAMPLE_BOARDS, above that every k-th, about THINNED_BOARDS of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rig.qa.lake import Lake
from rig.qa.part import Block
from rig.qa.rows import Told
from rig.qa.select import Firsts

SAMPLE_BOARDS: Final = 100_000
THINNED_BOARDS: Final = 50_000           # of more than that, so many or a few more

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a measurement: a chip, a domain, a sensor, or the board itself."""

    told: Told
    index: int

    @property
    def label(self) -> str:
        return self.told.name if self.told.over == "board" else f"{self.told.name}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Sample:
    """Numbers board by board, as they lie in the lake's blocks: of each, where its elements are (-1: not)."""

    elements: int
    chunks: tuple[tuple[NDArray[np.int64], Floats], ...]

    def __len__(self) -> int:
        """Boards."""
        return sum(values.shape[1] for _, values in self.chunks)

    def of(self, element: int) -> Floats:
        """One element of all boards in the sample, NaN where it was not taken; first part first."""
        found = [np.empty(0)]
        for rows, values in self.chunks:
            at = int(rows[element])
            found.append(values[at] if at >= 0 else np.full(values.shape[1], np.nan))
        return np.concatenate(found)

    def spaced(self, most: int) -> Floats:
        """Elements × about ``most`` boards, evenly spaced."""
        step = max(1, len(self) // most)
        found, first = [np.empty((self.elements, 0))], 0
        for rows, values in self.chunks:
            some = values[:, first::step]
            first = (first - values.shape[1]) % step
            found.append(np.where(rows[:, None] >= 0, some[rows], np.nan))
        return np.concatenate(found, axis=1)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Arrays end with elements. A cell with ``n`` 0 has mean 0.

    ``ranges`` and ``pairs``: sum and count of moving ranges between boards that followed each other in one
    slot, of one lot, on one day.
    """

    elements: tuple[Element, ...]
    day: Ints
    place: Ints
    lot: Ints
    n: Floats
    mean: Floats
    squares: Floats
    ranges: Floats
    pairs: Floats
    low: Floats
    high: Floats
    sample: Sample

    def only(self, cells: NDArray[np.bool_], elements: slice = slice(None)) -> Numbers:
        """These cells and elements alone, for cells' sake: ranges, extremes and sample stay those of all."""
        return replace(
            self,
            elements=self.elements[elements],
            day=self.day[cells],
            place=self.place[cells],
            lot=self.lot[cells],
            n=self.n[:, elements][cells],
            mean=self.mean[:, elements][cells],
            squares=self.squares[:, elements][cells],
        )

    def total(self, cells: NDArray[Any] | slice = slice(None)) -> tuple[Floats, Floats, Floats]:
        """Count, mean and squared deviations over these cells, for each element."""
        n, mean, squares = self.n[cells], self.mean[cells], self.squares[cells]
        count = n.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            middle = (n * mean).sum(axis=0) / count
            spread = squares.sum(axis=0) + (n * (mean - middle) ** 2).sum(axis=0)
        return count, middle, spread


@dataclass(frozen=True, slots=True)
class _Piece:
    told: tuple[Told, ...]
    keys: NDArray[np.int64]  # cells × (day, place, lot)
    n: Floats  # elements × cells
    mean: Floats
    squares: Floats
    ranges: Floats
    pairs: Floats
    low: Floats
    high: Floats
    sample: Floats


def collect(lake: Lake, firsts: Firsts, spec: str, *, threads: int | None = None) -> Numbers:
    """The numbers of the boards in ``firsts`` that were judged by ``spec``."""
    of_spec = firsts.spec.names.index(spec) if spec in firsts.spec.names else len(firsts.spec.names)
    wanted = np.flatnonzero(firsts.spec.codes == of_spec)
    step = 1 if len(wanted) <= SAMPLE_BOARDS else len(wanted) // THINNED_BOARDS

    def piece(rows: NDArray[np.int64]) -> _Piece:
        part = firsts.part.names[firsts.part.codes[rows[0]]]
        block = lake.block(part, spec, int(firsts.block[rows[0]]))
        return _summed(block, firsts, rows, step)

    with ThreadPoolExecutor(threads or min(4, os.cpu_count() or 1)) as pool:
        pieces = list(pool.map(piece, _by_block(firsts, wanted)))
    return _merged(pieces)


def _by_block(firsts: Firsts, rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """``rows`` of ``firsts``, those of one block together. They are sorted so."""
    if len(rows):
        part, block = firsts.part.codes[rows], firsts.block[rows]
        borders = np.flatnonzero((part[1:] != part[:-1]) | (block[1:] != block[:-1])) + 1
        yield from np.split(rows, borders)


def _summed(block: Block, firsts: Firsts, rows: NDArray[np.int64], step: int) -> _Piece:
    """One block: within it, runs stand by slot, lot and time, so each cell is a slice."""
    columns = firsts.row[rows]
    whole = len(columns) == block.matrix.shape[1]
    values = block.matrix if whole else np.take(block.matrix, columns, axis=1)
    passed = firsts.passed[rows]
    order = np.argsort(~passed, kind="stable")
    own = np.stack([firsts.day[rows], firsts.slot.codes[rows], firsts.lot.codes[rows]], axis=1)
    moved = np.abs(np.diff(values, axis=1))
    moved[:, np.any(own[1:] != own[:-1], axis=1)] = np.nan
    followed = ~np.isnan(moved)
    np.copyto(moved, 0.0, where=~followed)
    keys = np.where(passed[:, None], own, own * [1, 0, 0] - [0, 1, 1])[order].astype(np.int64)
    starts = np.concatenate([[0], np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1])
    sample = values if step == 1 else values[:, int(rows[0]) % step :: step]
    if not passed.all():
        values = values[:, order]
    there = ~np.isnan(values)
    # a value of each, so that what never changes has no spread at all
    middle = np.nan_to_num(values[np.arange(len(values)), there.argmax(axis=1)])
    apart = np.where(there, values - middle[:, None], 0.0)
    n = np.add.reduceat(there, starts, axis=1, dtype=np.float64)
    sums = np.add.reduceat(apart, starts, axis=1)
    mean = np.where(n > 0, middle[:, None] + sums / np.maximum(n, 1), 0.0)
    np.square(apart, out=apart)
    squares = np.maximum(np.add.reduceat(apart, starts, axis=1) - sums**2 / np.maximum(n, 1), 0.0)
    return _Piece(
        block.told,
        keys[starts],
        n,
        mean,
        squares,
        moved.sum(axis=1),
        followed.sum(axis=1),
        np.fmin.reduce(values, axis=1),
        np.fmax.reduce(values, axis=1),
        sample if step == 1 else np.ascontiguousarray(sample),
    )


def _merged(pieces: list[_Piece]) -> Numbers:
    """All pieces in one layout: an element is told by its measurement's name and limit, and its index."""
    places: dict[tuple[str, str | None, int], int] = {}
    elements: list[Element] = []
    where: list[NDArray[np.int64]] = []
    for piece in pieces:
        into: list[int] = []
        for told in piece.told:
            for index in range(told.size):
                key = (told.name, told.limit, index)
                if key not in places:
                    places[key] = len(elements)
                    elements.append(Element(told, index))
                into.append(places[key])
        where.append(np.asarray(into, np.int64))
    size, cells = len(elements), sum(len(piece.keys) for piece in pieces)
    keys = np.concatenate([piece.keys for piece in pieces] or [np.empty((0, 3), np.int64)]).astype(np.int32)
    n, mean, squares = (np.zeros((cells, size)) for _ in range(3))
    ranges, pairs = np.zeros(size), np.zeros(size)
    low, high = np.full(size, np.nan), np.full(size, np.nan)
    cell = 0
    samples = []
    for at in where:
        piece = pieces.pop(0)                           # a million boards' cells are not held twice
        samples.append((_turned(at, size), piece.sample))
        to = slice(cell, cell := cell + len(piece.keys))
        n[to, at], mean[to, at], squares[to, at] = piece.n.T, piece.mean.T, piece.squares.T
        ranges[at] += piece.ranges
        pairs[at] += piece.pairs
        low[at], high[at] = np.fmin(low[at], piece.low), np.fmax(high[at], piece.high)
    return Numbers(
        tuple(elements),
        keys[:, 0],
        keys[:, 1],
        keys[:, 2],
        n,
        mean,
        squares,
        ranges,
        pairs,
        low,
        high,
        Sample(size, tuple(samples)),
    )


def _turned(elements: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Row of each element, from the element of each row."""
    found = np.full(size, -1)
    found[elements] = np.arange(len(elements))
    return found

"""Packs of jobs nobody has solved: for random work, and to have golden boards solve them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rig.bm13xx.sweep import window_counts
from rig.recipe import Product
from rig.work.mine import header_template
from rig.work.pack import Pack

_LONGEST_WINDOW = 1 << 24            # counts; what a pack's file can hold


def open_pack(product: Product, name: str, jobs: int, required_zero_bits: int, mhz: float) -> Pack:
    """``jobs`` fresh jobs for a product's chain; the same name gives the same jobs."""
    templates = b"".join(header_template(name, job) for job in range(jobs))
    return Pack(
        name=name, origin=f"{jobs} jobs that follow from the name", chip=product.chip, chips=product.chips,
        address_interval=product.address_interval, sweep_length=product.sweep_length,
        window_counts=min(_LONGEST_WINDOW, window_counts(product.sweep_length, mhz)),
        required_zero_bits=required_zero_bits,
        templates=np.frombuffer(templates, np.uint8).reshape(jobs, 80),
        job=np.empty(0, np.uint16), chip_index=np.empty(0, np.uint8), word=np.empty(0, np.uint32),
        version_bits=np.empty(0, np.uint16), zero_bits=np.empty(0, np.uint8),
    )


def without_answers(pack: Pack, jobs: int, mhz: float) -> Pack:
    """The first ``jobs`` jobs of a pack, their answers forgotten; for a clock of ``mhz``."""
    return replace(
        pack, templates=pack.templates[:jobs],
        window_counts=min(_LONGEST_WINDOW, window_counts(pack.sweep_length, mhz)),
        job=pack.job[:0], chip_index=pack.chip_index[:0], word=pack.word[:0],
        version_bits=pack.version_bits[:0], zero_bits=pack.zero_bits[:0],
    )

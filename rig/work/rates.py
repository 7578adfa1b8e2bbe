"""How many right answers a perfect chip returns in a second."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rig.bm13xx.models import ChipModel
from rig.bm13xx.sweep import version_space_seconds
from rig.work.pack import Pack
from rig.work.reach import Clocks, within_reach


def natural_rate(model: ChipModel, mhz: float, zero_bits: int) -> float:
    """Of a chip at ``mhz``: one hash a clock and sub-core, one in 2^``zero_bits`` is right."""
    return float(mhz * 1e6 * model.positions / 2.0**zero_bits)


def pack_rates(pack: Pack, mhz: Clocks, ticket_zero_bits: int) -> npt.NDArray[np.float64]:
    """(chips,) of silicon that knows no answers but the pack's, worked on in turn at ``mhz``."""
    met = within_reach(pack, mhz, ticket_zero_bits)
    answers = np.bincount(pack.chip_index[met], minlength=pack.chips)
    rates: npt.NDArray[np.float64] = answers / (pack.jobs * version_space_seconds(pack.sweep_length))
    return rates

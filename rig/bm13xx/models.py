"""The chips the rig knows, as data: a new chip is one entry here.

Sources as bm1370 and its relatives' public drivers name them: bitaxeorg/ESP-Miner
``main/device_config.h`` (core counts), GPTechinno/bm13xx-rs ``bm13xx-protocol/src/response.rs``
and 256foundation/mujina ``mujina-miner/src/asic/bm13xx/REFERENCE.md`` (layout of nonce replies).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from rig.errors import UsageError


@dataclass(frozen=True, slots=True)
class ChipModel:
    """What differs between the chips of the family.

    ``cores`` x ``sub_cores`` are the positions a nonce reply can name. ``missing_sub_cores`` are
    those positions known to be absent; ``counted_sub_cores`` is the number that firmware tables
    count, None where no source has it. The low ``sub_core_bits`` of a nonce's byte 7 are the
    sub-core, the ``job_id_bits`` above them the job id.
    """

    name: str
    chip_id: int
    cores: int
    sub_cores: int
    job_id_bits: int
    sub_core_bits: int
    counted_sub_cores: int | None = None
    missing_sub_cores: frozenset[tuple[int, int]] = frozenset()
    crystal_mhz: float = 25.0

    @property
    def positions(self) -> int:
        """Sub-cores that are there, by the positions known to be missing (BM1370: 2,040)."""
        return self.cores * self.sub_cores - len(self.missing_sub_cores)

    def has(self, core: int, sub_core: int) -> bool:
        """Whether this position exists on the chip."""
        inside = 0 <= core < self.cores and 0 <= sub_core < self.sub_cores
        return inside and (core, sub_core) not in self.missing_sub_cores

    def reply_job_id(self, job_id: int) -> int:
        """The part of a job's id that comes back in a nonce reply."""
        return job_id & ((1 << self.job_id_bits) - 1)


# That cores 15 and 127 hold only 12 sub-cores each is read from the incumbent's test program;
# that 12..15 are the absent ones is inferred (no capture names them).
_BM1370 = ChipModel(
    "bm1370", 0x1370, cores=128, sub_cores=16, job_id_bits=4, sub_core_bits=4,
    counted_sub_cores=2040, missing_sub_cores=frozenset(product((15, 127), range(12, 16))),
)
_BM1368 = ChipModel(
    "bm1368", 0x1368, cores=80, sub_cores=16, job_id_bits=4, sub_core_bits=4, counted_sub_cores=1276,
)
_BM1366 = ChipModel(
    "bm1366", 0x1366, cores=112, sub_cores=8, job_id_bits=5, sub_core_bits=3, counted_sub_cores=894,
)
# No source counts the BM1362's cores: 128 is what the nonce's core field can name.
_BM1362 = ChipModel("bm1362", 0x1362, cores=128, sub_cores=8, job_id_bits=5, sub_core_bits=3)

MODELS = MappingProxyType({model.name: model for model in (_BM1370, _BM1368, _BM1366, _BM1362)})


def chip_model(name: str) -> ChipModel:
    """The model of that name, lower case as in product files. Raises UsageError when unknown."""
    try:
        return MODELS[name]
    except KeyError:
        raise UsageError(f"unknown chip {name!r}; known are {', '.join(MODELS)}") from None

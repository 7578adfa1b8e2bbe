"""One lot of an STDF file: what is counted while its parts are written, and the file around them."""

from __future__ import annotations

import shutil
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from rig.purpose import Purpose
from rig.records.exports.bins import Bin, Bins
from rig.records.exports.stdf_layouts import FAR, HBR, MIR, MRR, PCR, SBR, SDR, TSR, Layout, fits
from rig.records.model import RunRecord
from rig.verdict.severity import Verdict

HEAD: Final = 1
ALL_SITES: Final = 255          # in place of the head: of all sites together
MOST_VALUES: Final = 1000       # test numbers kept for the values of one measurement

_LITTLE_ENDIAN, _VERSION = 2, 4
_NAMES = 4_000_000
_MODES = {Purpose.TEST: "P", Purpose.ENGINEERING: "E", Purpose.GOLDEN: "C", Purpose.GAUGE: "Q"}


@dataclass(slots=True)
class Executions:
    """How often one test was executed, and what came of it."""

    name: str
    executed: int = 0
    failed: int = 0
    least: float = float("inf")
    most: float = float("-inf")
    total: float = 0.0
    squares: float = 0.0
    numbers: int = 0

    def add(self, value: float | None, *, failed: bool) -> None:
        self.executed += 1
        self.failed += failed
        if value is not None:
            self.numbers += 1
            self.least, self.most = min(self.least, value), max(self.most, value)
            self.total += value
            self.squares += value * value


class Numbering:
    """A test's number: the same in every file, but where the checksums of two names meet."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._taken: set[int] = set()

    def of(self, name: str, index: int) -> int:
        """The number of the value at ``index``; those of one measurement follow each other."""
        if name not in self._of:
            number = zlib.crc32(name.encode("utf-8", "backslashreplace")) % _NAMES
            while number in self._taken:
                number = (number + 1) % _NAMES
            self._of[name] = number
            self._taken.add(number)
        return self._of[name] * MOST_VALUES + min(index, MOST_VALUES - 1)


@dataclass
class Lot:
    """Counts of one file while it is written. ``first`` is the run that began it."""

    name: str
    first: RunRecord
    numbers: Numbering = field(default_factory=Numbering)
    tests: dict[int, Executions] = field(default_factory=dict)
    serials: set[str] = field(default_factory=set)
    ended: datetime | None = None
    _sites: dict[str, int] = field(default_factory=dict)        # fixture and slot to site, from 1
    _hard: Counter[tuple[int, Bin]] = field(default_factory=Counter)
    _soft: Counter[tuple[int, Bin]] = field(default_factory=Counter)
    _aborted: Counter[int] = field(default_factory=Counter)
    _again: Counter[int] = field(default_factory=Counter)

    def body(self, folder: Path) -> Path:
        """The file that the parts are gathered in."""
        return folder / f"{self.name}.body"

    def site(self, record: RunRecord) -> int:
        return self._sites.setdefault(f"{record.fixture}/{record.slot}", min(len(self._sites) + 1, 255))

    def add(self, record: RunRecord, bins: Bins) -> bool:
        """Count a part; whether the same board has been in the lot before."""
        site, again = self.site(record), record.serial in self.serials
        self.serials.add(record.serial)
        self._hard[site, bins.hard] += 1
        self._soft[site, bins.soft] += 1
        self._aborted[site] += record.verdict > Verdict.FAIL
        self._again[site] += again
        self.ended = max(self.ended or record.ended, record.ended)
        return again

    def close(self, folder: Path) -> Path:
        """The whole file, its parts between the head and the summaries; the body is gone then."""
        path, body = folder / f"{self.name}.stdf", self.body(folder)
        with path.open("wb") as file, body.open("rb") as parts:
            file.writelines(self._head())
            shutil.copyfileobj(parts, file)
            file.writelines(self._summaries())
        body.unlink()
        return path

    def _head(self) -> Iterator[bytes]:
        first, plan = self.first, self.first.made_by.plan
        marks = ["simulated"] if first.simulated else []
        marks += [first.purpose.value] if first.purpose is not Purpose.TEST else []
        yield FAR.encode(CPU_TYPE=_LITTLE_ENDIAN, STDF_VER=_VERSION)
        yield MIR.encode(
            SETUP_T=seconds(first.started), START_T=seconds(first.started), STAT_NUM=1,
            MODE_COD="D" if first.simulated else _MODES[first.purpose],
            LOT_ID=self.name, PART_TYP=first.product, NODE_NAM=first.station, TSTR_TYP="rig",
            JOB_NAM=first.product, JOB_REV=plan.get("recipe.yaml", ""), OPER_NAM=first.operator or "",
            EXEC_TYP="rig", EXEC_VER=first.made_by.rig_version, TEST_COD=first.purpose.value,
            USER_TXT=", ".join(marks), SPEC_NAM="limits.yaml" if "limits.yaml" in plan else "",
            SPEC_VER=plan.get("limits.yaml", ""),
        )
        for place, site in self._sites.items():
            yield SDR.encode(
                HEAD_NUM=HEAD, SITE_GRP=site, SITE_CNT=1, SITE_NUM=(site,), CONT_TYP="slot", CONT_ID=place,
            )

    def _summaries(self) -> Iterator[bytes]:
        for number, test in sorted(self.tests.items()):
            yield _synopsis(number, test)
        for head, sites in self._summed():
            yield from _bin_counts(HBR, "HBIN", head, sites, self._hard)
            yield from _bin_counts(SBR, "SBIN", head, sites, self._soft)
        for head, sites in self._summed():
            parts: Counter[bool | None] = Counter()
            for (site, one), count in self._hard.items():
                parts[one.passes] += count * (site in sites)
            yield PCR.encode(
                HEAD_NUM=head, SITE_NUM=min(sites), PART_CNT=parts.total(), GOOD_CNT=parts[True],
                FUNC_CNT=parts[True] + parts[False], RTST_CNT=sum(self._again[site] for site in sites),
                ABRT_CNT=sum(self._aborted[site] for site in sites),
            )
        yield MRR.encode(FINISH_T=seconds(self.ended or self.first.ended))

    def _summed(self) -> Iterator[tuple[int, set[int]]]:
        """All sites together, then each by itself."""
        sites = set(self._sites.values())
        yield ALL_SITES, sites
        yield from ((HEAD, {site}) for site in sorted(sites))


def seconds(at: datetime) -> int:
    """Seconds since 1970 in UTC."""
    return int(at.timestamp())


def _synopsis(number: int, test: Executions) -> bytes:
    unknown = 0b1100_1100                       # no times; the upper bits are reserved
    facts = {"TEST_MIN": test.least, "TEST_MAX": test.most, "TST_SUMS": test.total, "TST_SQRS": test.squares}
    for flag, name in ((1, "TEST_MIN"), (2, "TEST_MAX"), (16, "TST_SUMS"), (32, "TST_SQRS")):
        if not test.numbers or not fits(facts[name]):
            unknown, facts[name] = unknown | flag, 0.0
    return TSR.encode(
        HEAD_NUM=ALL_SITES, SITE_NUM=0, TEST_TYP="P", TEST_NUM=number, EXEC_CNT=test.executed,
        FAIL_CNT=test.failed, TEST_NAM=test.name, OPT_FLAG=unknown, **facts,
    )


def _bin_counts(
    layout: Layout, word: str, head: int, sites: set[int], counted: Counter[tuple[int, Bin]]
) -> Iterator[bytes]:
    sums: Counter[Bin] = Counter()
    for (site, one), count in counted.items():
        if site in sites:
            sums[one] += count
    for one in sorted(sums, key=lambda one: (one.number, one.name)):
        yield layout.encode(HEAD_NUM=head, SITE_NUM=min(sites), **{
            f"{word}_NUM": one.number, f"{word}_CNT": sums[one], f"{word}_NAM": one.name,
            f"{word}_PF": {True: "P", False: "F", None: " "}[one.passes],
        })

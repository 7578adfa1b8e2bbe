"""Pictures of one run: where its board fails, the volts of its stack, its curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from rig.qa import charts, charts_board, charts_values
from rig.qa.board_table import latest
from rig.qa.page import Figure
from rig.qa.stats import Bounds

TELEMETRY: Final = "telemetry.parquet"
CURVE: Final = (340.0, 112.0)
VOLTS: Final = ("domain_volts", "idle_domain_volts")        # at work, else without a clock


@dataclass(frozen=True, slots=True)
class _Board:
    """A record's measurements, and how many chips and domains its board has."""

    by_name: Mapping[str, Mapping[str, Any]]
    chips: int
    domains: int
    chips_blamed: frozenset[int]
    domains_blamed: frozenset[int]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> _Board | None:
        """None where a record of it tells neither."""
        by_name = {one["name"]: one for one in latest(record)}
        sizes = {one.get("over"): len(one["values"]) for one in by_name.values()}
        counted = by_name.get("chips_found", {})
        chips = sizes.get("chip") or Bounds.read(counted.get("limit")).equals
        domains = sizes.get("domain")
        if not chips or not domains:
            return None
        findings = [one for one in record.get("findings") or () if not one.get("consequence")]
        at_chips = frozenset(one["chip"] for one in findings if one.get("chip") is not None)
        at_domains = frozenset(            # of a chip's finding it is only where the chip stands
            one["domain"]
            for one in findings
            if one.get("chip") is None and one.get("domain") is not None
        )
        return cls(by_name, int(chips), domains, at_chips, at_domains)

    def map(self, found: int | None) -> list[Figure]:
        """Answers lost by each chip, or, where none were asked for, the chips that were found."""
        rates = self.by_name.get("chip_hit_rate", {}).get("values") or ()
        lost = {chip: 10_000 * (1 - rate) for chip, rate in enumerate(rates) if rate is not None}
        note = "columns are domains from the host" + ("; framed: to blame" if self.chips_blamed else "")
        if lost:
            usual = max(25.0, float(np.median(list(lost.values()))) * 6)
            drawn = charts.heat(
                {chip: min(value, usual) for chip, value in lost.items()},
                self.chips,
                self.domains,
                shown=lost,
                marked=self.chips_blamed,
                red=bool(self.chips_blamed),
                top=usual,
                width=charts_board.WIDE,
            )
            return [Figure("Answers lost of 10 000, chip by chip", drawn, note)]
        if found is None:
            return []
        drawn = charts_board.found(found, self.chips, self.domains, self.chips_blamed)
        return [Figure(f"Chips that answered: {found} of {self.chips}", drawn, note)]

    def volts(self) -> list[Figure]:
        for name in VOLTS:
            values = self.by_name.get(name, {}).get("values") or ()
            if any(value is not None for value in values):
                drawn = charts_board.volts(values, self.domains_blamed)
                return [Figure("Volts of the domains", drawn, "dashed: their mean")]
        return []


def board_pictures(record: Mapping[str, Any]) -> list[Figure]:
    """The map and the stack's volts, as far as the run came to them."""
    board = _Board.of(record)
    return [] if board is None else [*board.map(record.get("chips_found")), *board.volts()]


def curves(folder: Path | None) -> list[Figure]:
    """Watts, volts, temperatures and answers over the run, where its telemetry was kept."""
    if folder is None or not (folder / TELEMETRY).is_file():
        return []
    columns = ["seconds", "watts", "terminal_volts", "supply_volts", "celsius", "hits"]
    table = pq.read_table(folder / TELEMETRY, columns=columns)
    seconds = table["seconds"].to_numpy()
    rows = {name: table[name].to_pylist() for name in columns[1:]}
    hottest = [
        max((one for one in some or () if one is not None), default=math.nan) for some in rows["celsius"]
    ]
    coolest = [
        min((one for one in some or () if one is not None), default=math.nan) for some in rows["celsius"]
    ]
    hits = np.array([sum(some) if some else math.nan for some in rows["hits"]])
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.maximum(np.diff(hits), 0) / np.diff(seconds)
    pads = np.array([math.nan if one is None else one for one in rows["terminal_volts"]])
    there = np.isfinite(pads)
    if there.any():                                 # measured now and then only
        pads = np.interp(seconds, seconds[there], pads[there], left=math.nan, right=math.nan)
    found = []
    for title, lines, unit in (
        ("Power", {"": rows["watts"]}, "W"),
        ("Volts", {"at the supply": rows["supply_volts"], "at the pads": pads.tolist()}, "V"),
        ("Temperature", {"hottest sensor": hottest, "coolest": coolest}, "celsius"),
        ("Answers a second", {"": [math.nan, *rate]}, ""),
    ):
        drawn = charts_values.curves(seconds.tolist(), lines, unit, *CURVE)
        if drawn:
            found.append(Figure(title, drawn))
    return found

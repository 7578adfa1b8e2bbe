"""The reports' bench, small: what it measures is there and is of the whole lake."""

from __future__ import annotations

from pathlib import Path

from benches.reports import charts, make


def test_a_lake_is_drawn_and_its_report_timed(tmp_path: Path) -> None:
    numbers = make(tmp_path, 400)

    figures = charts(tmp_path)

    assert numbers > 250
    assert figures["boards"] == 400
    assert 0 < figures["capability_cpu_seconds"] < figures["report_cpu_seconds"]

"""A whole run in virtual time with telemetry: it costs the run nothing, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest

from rig.clock import SystemClock
from rig.fixturefile import load_fixture
from rig.records.folder import TELEMETRY_JOURNAL
from rig.records.outbox.service import open_spool
from rig.records.telemetry.recording import PARQUET_FILE
from rig.testkit import VirtualBench
from rig.verdict import Verdict

ROOT = Path(__file__).parents[2]
SECTION = "telemetry: {backend: v1, url: 'http://127.0.0.1:9', database: rig, batch_lines: 5000}\n"


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., VirtualBench]:
    """A bench with a telemetry section."""
    (tmp_path / "bench.yaml").write_text((ROOT / "fixtures" / "sim.yaml").read_text() + SECTION)

    def bench(**told: bool) -> VirtualBench:
        return VirtualBench("s21pro", fixture=tmp_path / "bench.yaml", results=tmp_path / "results",
                            plans=ROOT / "testplans", **told)

    return bench


def test_a_run_leaves_its_seconds(tmp_path: Path, bench: Callable[..., VirtualBench]) -> None:
    record = bench(telemetry=True).run(seed=3)

    (file,) = (tmp_path / "results").rglob(PARQUET_FILE)
    rows = pyarrow.parquet.read_table(file).to_pylist()
    burning = [row for row in rows if row["phase"] == "burn-in"]
    answered = {taken.name: taken.values for taken in record.latest()}
    last = burning[-1]
    shares = [hits / trials for hits, trials in zip(last["hits"], last["trials"], strict=True)]
    assert record.verdict is Verdict.PASS
    assert file.parent.name == f"{record.serial}-{record.run_id}"
    assert shares == pytest.approx(answered["chip_hit_rate"], abs=0.01)
    assert all(len(row["celsius"]) == 4 and row["watts"] > 900 for row in burning)
    assert any(row["domain_volts"] is not None and len(row["domain_volts"]) == 13 for row in burning)
    assert not list((tmp_path / "results").rglob(TELEMETRY_JOURNAL))
    entry = load_fixture(tmp_path / "bench.yaml").telemetry
    assert entry is not None
    depth = open_spool(tmp_path / "results", entry, SystemClock()).depth()
    phases = [event for event in record.events if event.kind == "phase"]
    at_work = sum(row["hits"] is not None for row in rows)
    assert depth.rows == len(rows) + 65 * at_work + len(phases)


def test_a_spool_that_is_none_is_an_event_and_no_more(
    tmp_path: Path, bench: Callable[..., VirtualBench]
) -> None:
    (tmp_path / "results" / "spool.db").mkdir(parents=True)

    record = bench(telemetry=True).run(seed=3)

    assert record.verdict is Verdict.PASS
    (told,) = [event.text for event in record.events if event.kind == "telemetry"]
    assert "spool.db" in told
    assert list((tmp_path / "results").rglob(PARQUET_FILE))


def test_virtual_time_keeps_none_unless_it_is_asked_to(
    tmp_path: Path, bench: Callable[..., VirtualBench]
) -> None:
    bench().run([{"kind": "dead_chip", "chip": 3}])

    assert not list((tmp_path / "results").rglob("telemetry.*"))
    assert not (tmp_path / "results" / "spool.db").exists()

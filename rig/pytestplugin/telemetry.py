"""Telemetry of a run under pytest: where it goes, and what of a sample and a tick it is made of."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from rig.clock import Clock
from rig.destinations import Backend, TelemetryEntry
from rig.pytestplugin.sampler import Sample
from rig.pytestplugin.setup import RunSetup
from rig.records.outbox.service import open_spool
from rig.records.telemetry.look import Identity, Look, Points
from rig.records.telemetry.recording import NoTelemetry, RunTelemetry, SpoolThread, Telemetry, finish_dead
from rig.slot import Reading


def begin_telemetry(setup: RunSetup, folder: Path, clock: Clock) -> Telemetry:
    """What takes this run's seconds, in its folder and on the way to the dashboards. Never raises.

    Finishes what runs left whose process died.
    """
    if not setup.options.telemetry:
        return NoTelemetry()
    entry, results = setup.fixture.telemetry, setup.options.results
    identity = Identity(
        run_id=setup.run_id, serial=setup.options.serial, product=setup.plan.product.product,
        station=setup.fixture.station, fixture=setup.fixture.fixture, slot=setup.options.slot,
        chips_per_domain=setup.plan.product.chips_per_domain,
    )
    if entry is None:
        finish_dead(results)
        return RunTelemetry(folder, identity, clock)
    spool, is_tag = open_spool(results, entry, clock), _run_is_tag(entry)
    finish_dead(results, spool, run_is_tag=is_tag)
    return RunTelemetry(folder, identity, clock, SpoolThread(spool, Points(identity, run_is_tag=is_tag)))


def look_of(sample: Sample, tick: Any) -> Look:
    """What is known of this second; ``tick`` is any procedure's."""
    supply, meter, tally = sample.supply, sample.meter, getattr(tick, "tally", None)
    scan = sample.scan
    return Look(
        mhz=getattr(tick, "mhz", None),
        supply_volts=_number(supply.volts), supply_amps=_number(supply.amps),
        meter_volts=_number(meter.volts), meter_amps=_number(meter.amps), watts=_number(meter.watts),
        watt_hours=_number(meter.watt_hours),
        terminal_volts=None if scan is None else _number(scan.terminals),
        fan_share=getattr(tick, "fan_share", None),
        domain_volts=() if scan is None else tuple(one.value for one in scan.domains),
        celsius=tuple(getattr(tick, "celsius", ())),
        trials=() if tally is None else tuple(tally.trials.tolist()),
        hits=() if tally is None else tuple(tally.hits.tolist()),
        errors=() if tally is None else tuple(tally.wrong.tolist()),
    )


def _number(reading: Reading) -> float | None:
    return reading.value if reading.ok and math.isfinite(reading.value) else None


def _run_is_tag(entry: TelemetryEntry) -> bool:
    """VictoriaMetrics keeps no words in fields."""
    return entry.backend is Backend.VICTORIAMETRICS

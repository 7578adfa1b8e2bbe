"""A night without a bench: jobs of a site's slots, hands that answer as a test says, nights of the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.clock import VirtualClock
from rig.errors import RigError
from rig.lab.site import PlantedFault, Site, load_site
from rig.night.schedule import Job
from rig.night.slotnight import Power, Ran
from rig.night.summary import Ended, NightSummary, Piece, SlotNight
from rig.verdict.severity import Verdict

ROOT = Path(rig.__file__).parents[1]
PLANS = ROOT / "testplans"
UART_GONE = {"fault": {"kind": "uart_gone"}, "codes": ["STN-LINK"]}

WriteSite = Callable[..., Site]


@pytest.fixture
def site_of(tmp_path: Path) -> WriteSite:
    """Writes a site file of the simulated bench's four slots, with changes, and reads it."""
    def write(slots: int = 2, **changes: Any) -> Site:
        file = tmp_path / "site.yaml"
        boards = {
            f"slot{number}": {"serial": f"S21PROGOLDEN{number:05d}", "product": "s21pro"}
            for number in range(1, slots + 1)
        }
        values = {"site": "here", "planted": [UART_GONE],
                  "benches": [{"fixture": str(ROOT / "fixtures" / "sim.yaml"), "slots": boards}]}
        file.write_text(yaml.safe_dump(values | changes))
        return load_site(file)

    return write


PASSED = Ran("PASS L1", Verdict.PASS, Verdict.PASS, run_id="run-1", measured={"board_watts": 1040.0})
FIT = Ran("fit", Verdict.PASS)
LINK = Ran("STATION_FAULT the port is dead", Verdict.STATION_FAULT, None, "STN-LINK", "run-2")


@dataclass
class FakeHands:
    """Hands whose every answer the test gives; what they did is in ``did``. Only the bench is not there."""

    clock: VirtualClock
    golden: Ran = PASSED
    planted: Ran = LINK
    checked: Ran = FIT
    problems: list[str] = field(default_factory=list)
    drifts: list[str] | None = field(default_factory=list)
    taken: dict[str, RigError] = field(default_factory=dict)
    left: Power = field(default_factory=lambda: Power("off, 0.00 V", on=False))
    stopped: bool = False
    did: list[str] = field(default_factory=list)

    @contextmanager
    def held(self, job: Job) -> Iterator[None]:
        if job.slot in self.taken:
            raise self.taken[job.slot]
        self.did.append(f"took {job.slot}")
        try:
            yield
        finally:
            self.did.append(f"gave {job.slot} back")

    def self_test(self, job: Job) -> list[str]:
        return self.problems

    def instruments(self, job: Job) -> Ran:
        self.clock.sleep(5)
        return self.checked

    def run(self, job: Job, planted: PlantedFault | None) -> Ran:
        self.did.append(f"ran {job.slot}" + (f" with {planted.kind}" if planted else ""))
        self.clock.sleep(60)
        return self.golden if planted is None else self.planted

    def drift(self, job: Job) -> list[str] | None:
        return self.drifts

    def power(self, job: Job) -> Power:
        self.did.append(f"asked for {job.slot}")
        return self.left


BEGAN = datetime(2026, 11, 1, 22, tzinfo=UTC)


def night(
    number: int, *, watts: float = 1040.0, seconds: float = 60.0, bad: int = 0, **changes: Any
) -> NightSummary:
    """The ``number``-th night of a site with one slot."""
    run = f"run-{number}"
    pieces = [Piece(name="golden run", ended=Ended.GOOD, says="PASS", seconds=seconds, run_id=run)]
    pieces += [Piece(name=f"planted {at}", ended=Ended.FAILED if at < bad else Ended.GOOD, says="told")
               for at in range(9)]
    slot = SlotNight(
        place="a-sim-slot1", station="a", fixture="sim", slot="slot1", serial="S21PROGOLDEN00001",
        product="s21pro", simulated=True, pieces=tuple(pieces), measured={"board_watts": watts},
        golden_seconds=seconds, power="off, 0.00 V", seconds=seconds + 20,
    )
    started = BEGAN + timedelta(days=number)
    values = {
        "night": f"{started:%Y%m%dT%H%M%SZ}", "site": "here", "host": "station1", "rig_version": "0",
        "started": started, "ended": started + timedelta(seconds=300), "slots": (slot,),
    }
    return NightSummary.model_validate(values | changes)

"""What needs a person: each plant is named, and nothing is named where nothing is."""

from __future__ import annotations

import pytest

from rig.qa.history import Line
from rig.qa.history_keep import History
from rig.qa.lake import Lake
from rig.qa.line import Line as Report
from rig.qa.select import Asked, Chosen
from rig.recipe import PlanFolder
from tests.qa.conftest import UNTIL, lake_of

SOUND = 12              # `make prove-reports` looks at 200


@pytest.fixture(scope="module")
def report(planted_lake: Lake) -> Report:
    return Report.of(Chosen(planted_lake, Asked(simulated=True)))


def test_each_plant_is_named_with_its_evidence(report: Report, planted: History) -> None:
    line = planted.happened.line
    found = {one.name: "; ".join(one.evidence) for one in report.found.findings}
    slot = " ".join(line.places[line.plants.place or 0])

    lot = f"Lot {planted.lot_name(line.plants.lot or 0)}"
    assert set(found) == {slot, lot, f"Domain {line.plants.domain}"}
    assert "contact_ohms" in found[slot]
    assert "CHIP-WEAK" in found[lot]
    assert f"volts[{line.plants.domain}] moved on" in found[f"Domain {line.plants.domain}"]


def test_a_step_is_dated_to_the_day(report: Report, planted: History) -> None:
    wanted = planted.plants()[2].split()[-2]
    (domain,) = (one for one in report.found.findings if one.name.startswith("Domain"))

    assert f"moved on {wanted}" in "; ".join(domain.evidence)


@pytest.mark.parametrize("kind", ["place", "lot", "domain"])
def test_a_plant_alone_is_found_alone(plan: PlanFolder, planted: History, kind: str) -> None:
    plants = planted.happened.line.plants
    alone = type(plants)(**{kind: getattr(plants, kind)}, hot_day=plants.hot_day)
    history = History.of(Line(6000, 60, 9, UNTIL, alone), plan)

    found = Report.of(Chosen(lake_of(history), Asked(simulated=True))).found.findings

    assert len(found) == 1


def test_a_sound_line_needs_nobody(plan: PlanFolder) -> None:
    lakes = [lake_of(History.of(Line(1500, 30, seed, UNTIL), plan)) for seed in range(100, 100 + SOUND)]

    found = [Report.of(Chosen(lake, Asked(simulated=True))).found.findings for lake in lakes]

    assert [(one.name, one.evidence) for box in found for one in box] == []

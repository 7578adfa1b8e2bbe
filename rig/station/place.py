"""What a station stands on: a fixture, the plan of its product, where it lives and where records go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rig.errors import UsageError
from rig.fixturefile import FixtureFile, load_fixture
from rig.pytestplugin.options import RunOptions
from rig.pytestplugin.setup import check_plan, results_folder
from rig.recipe import PlanFolder, check_ratings, find_plans, load_plan
from rig.runtime import Runtime, runtime_for


@dataclass(frozen=True, slots=True)
class Place:
    """Read and checked; nothing is powered or started by it."""

    fixture_file: Path
    fixture: FixtureFile
    plan: PlanFolder
    runtime: Runtime
    results: Path
    scenario: Path | None

    @classmethod
    def find(
        cls, fixture_file: Path, product: str | None, scenario: Path | None, results: Path, plans: Path | None
    ) -> Place:
        """Raises UsageError or FileError with one sentence."""
        fixture = load_fixture(fixture_file)
        name = product or fixture.board
        if name is None:
            raise UsageError("--product: found none, expected the product tested here: the bench is real")
        if scenario is not None and not fixture.simulated:
            raise UsageError(f"--scenario {scenario}: only a simulated bench plays scenarios")
        if scenario is not None and not scenario.exists():
            raise UsageError(f"--scenario {scenario}: found no such file")
        plan = load_plan(find_plans(plans), name)
        check_plan(plan)
        for slot, entry in fixture.slots.items():
            check_ratings(plan, entry, slot, fixture_file)
        place = cls(fixture_file.resolve(), fixture, plan, runtime_for(fixture_file), results.resolve(),
                    None if scenario is None else scenario.resolve())
        results_folder(place.options)
        return place

    @property
    def options(self) -> RunOptions:
        """The options of its runs, but for slot, serial, operator and purpose."""
        return RunOptions(
            self.fixture_file, "", self.plan.product.product, "", self.scenario, self.results,
            plans=self.plan.folder.parent,
        )

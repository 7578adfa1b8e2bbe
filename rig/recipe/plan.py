"""A product's folder, read and cross-checked as one thing."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from rig.datafile import digest, load
from rig.errors import FileError, UsageError
from rig.recipe.failures import Failures
from rig.recipe.limits import Limits
from rig.recipe.lookup import PRODUCT, STEPS, Lookup
from rig.recipe.product import Product
from rig.recipe.recipe import Recipe
from rig.recipe.waivers import Waivers
from rig.slotentry import SlotEntry

LIMITS = "limits.yaml"
DATA_FILES = (PRODUCT, "recipe.yaml", LIMITS, "failures.yaml")
WAIVERS = "waivers.yaml"        # may be absent


@dataclass(frozen=True)
class PlanFolder:
    """Everything a plan's folder says, validated; ``hashes`` names each file by its SHA-256.

    ``limits`` are those of the recipe's mode. Files that ``folder`` has not are those of the product it
    is like: ``lookup`` knows.
    """

    folder: Path
    lookup: Lookup
    product: Product
    recipe: Recipe
    limits: Limits
    failures: Failures
    hashes: dict[str, str]
    waivers: Waivers | None = None

    @property
    def modules(self) -> list[Path]:
        """The plan's pytest modules in the order they run."""
        return sorted(self.lookup.steps.glob(STEPS))

    def steps_at(self, given: Path) -> Path:
        """Where pytest finds the steps when it was called with ``given``: this folder may have none."""
        return self.lookup.steps if given.resolve() == self.folder.resolve() else given

    def pack_path(self, *, simulated: bool) -> Path:
        """The known-answer pack for this kind of silicon. Raises FileError when there is none."""
        silicon = self.product.simulated_silicon if simulated else self.product.silicon
        if silicon is None:
            raise FileError(self.folder / PRODUCT, "silicon", "nothing", "a pack for real boards")
        recorded = self.product.simulated_judged_by if simulated else None
        path = self.lookup.file(recorded or silicon.pack)
        if not path.is_file():
            raise FileError(path, "", "no such file", "the known-answer pack that product.yaml names")
        return path


def find_plans(given: Path | None = None) -> Path:
    """The folder of plans: as given, else $RIG_PLANS, else testplans/ upwards from here.

    Raises UsageError when none is found.
    """
    chosen = given or (Path(os.environ["RIG_PLANS"]) if os.environ.get("RIG_PLANS") else None)
    if chosen is not None:
        if not chosen.is_dir():
            raise UsageError(f"plans folder {chosen}: no such folder; give --plans or set RIG_PLANS")
        return chosen
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "testplans").is_dir():
            return folder / "testplans"
    raise UsageError("no testplans/ folder here or above; give --plans or set RIG_PLANS")


def load_plan(plans: Path, product: str) -> PlanFolder:
    """Read and cross-check ``plans/product``. Raises UsageError or FileError; powers nothing."""
    folder = plans / product
    if not (folder / PRODUCT).is_file():
        known = sorted(path.parent.name for path in plans.glob(f"*/{PRODUCT}"))
        raise UsageError(f"product {product!r}: no plan in {plans}, which has {', '.join(known) or 'none'}")
    found = load(folder / PRODUCT, Product)
    if found.product != product:
        raise FileError(folder / PRODUCT, "product", repr(found.product), repr(product))
    lookup = Lookup.of(folder, found)
    plan = PlanFolder(
        folder=folder,
        lookup=lookup,
        product=found,
        recipe=load(lookup.file("recipe.yaml"), Recipe),
        limits=_limits(lookup),
        failures=load(lookup.file("failures.yaml"), Failures),
        hashes={name: digest(lookup.file(name)) for name in DATA_FILES}
        | {f"{path.parent.name}/{path.name}": digest(path) for path in lookup.files(LIMITS)[1:]}
        | {path.name: digest(path) for path in sorted(lookup.steps.glob(STEPS))},
    )
    for name, spec in plan.limits.measurements.items():
        if spec.code is not None and spec.code not in plan.failures.codes:
            field = f"measurements.{name}.code"
            raise FileError(lookup.file(LIMITS), field, repr(spec.code), "a code of failures.yaml")
    _check_level_names(plan)
    plan = _with_waivers(plan)
    return replace(plan, limits=plan.limits.in_mode(plan.recipe.mode))


def _limits(lookup: Lookup) -> Limits:
    """The nearest declarations, and those of the products this one is like that it does not have."""
    nearest, *further = (load(path, Limits) for path in lookup.files(LIMITS) or [lookup.file(LIMITS)])
    for others in further:
        nearest = nearest.beside(others)
    return nearest


def _check_level_names(plan: PlanFolder) -> None:
    known = [level.level for level in plan.recipe.levels]
    for name, spec in plan.limits.measurements.items():
        for level in spec.levels:
            if level not in known:
                field = f"measurements.{name}.levels.{level}"
                file = plan.lookup.file(LIMITS)
                raise FileError(file, field, repr(level), f"one of {', '.join(known)}")


def _with_waivers(plan: PlanFolder) -> PlanFolder:
    file = plan.folder / WAIVERS
    if not file.is_file():
        return plan
    waivers = load(file, Waivers)
    for field, found, expected in waivers.problems(plan.limits):
        raise FileError(file, field, found, expected)
    return replace(plan, waivers=waivers, hashes=plan.hashes | {WAIVERS: digest(file)})


def check_ratings(plan: PlanFolder, slot: SlotEntry, slot_name: str, fixture: Path) -> None:
    """Refuse levels the slot's supply cannot give. Raises FileError."""
    supply, recipe = slot.supply, plan.recipe
    for field, wanted, rated, unit in (
        ("over_volts", recipe.over_volts, supply.max_volts * 1.1, "V (1.1 x max_volts)"),
        ("pre_open_volts", recipe.pre_open_volts, supply.max_volts, "V"),
        ("limit_amps", recipe.limit_amps, supply.max_amps, "A"),
        *((f"levels.{level.level}.volts", level.volts, supply.max_volts, "V") for level in recipe.levels),
    ):
        if wanted > rated:
            raise FileError(
                plan.lookup.file("recipe.yaml"), field, f"{wanted:g}",
                f"at most {rated:g} {unit}, the rating of the supply of {slot_name} in {fixture.name}",
            )
    watts = max(level.volts for level in recipe.levels) * recipe.limit_amps
    if watts > supply.max_watts:
        raise FileError(
            plan.lookup.file("recipe.yaml"), "limit_amps", f"{recipe.limit_amps:g} A ({watts:.0f} W)",
            f"at most {supply.max_watts:g} W, the rating of the supply of {slot_name} in {fixture.name}",
        )

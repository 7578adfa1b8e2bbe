"""Product, recipe, limits, failures: a plan's data, validated at the door."""

from rig.recipe.clock_sweep import ClockSweep
from rig.recipe.failures import Failure, Failures, Party, party_of
from rig.recipe.limits import Dimension, LevelLimit, Limit, Limits, MeasurementSpec
from rig.recipe.mode import Mode
from rig.recipe.plan import PlanFolder, check_ratings, find_plans, load_plan
from rig.recipe.product import Product, Silicon
from rig.recipe.recipe import Decision, FullPattern, Level, RandomWork, Recipe
from rig.recipe.retests import Again, Retests, Then

__all__ = [
    "Again", "ClockSweep", "Decision", "Dimension", "Failure", "Failures", "FullPattern", "Level",
    "LevelLimit", "Limit", "Limits", "MeasurementSpec", "Mode", "Party", "PlanFolder", "Product",
    "RandomWork", "Recipe", "Retests", "Silicon", "Then", "check_ratings", "find_plans", "load_plan",
    "party_of",
]

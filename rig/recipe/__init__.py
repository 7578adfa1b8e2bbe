"""Product, recipe, limits, failures: a plan's data, validated at the door."""

from rig.recipe.failures import Failure, Failures, Party, party_of
from rig.recipe.limits import Dimension, Limit, Limits, MeasurementSpec
from rig.recipe.plan import PlanFolder, check_ratings, find_plans, load_plan
from rig.recipe.product import Product, Silicon
from rig.recipe.recipe import Decision, Level, Recipe

__all__ = [
    "Decision", "Dimension", "Failure", "Failures", "Level", "Limit", "Limits", "MeasurementSpec",
    "Party", "PlanFolder", "Product", "Recipe", "Silicon", "check_ratings", "find_plans",
    "load_plan", "party_of",
]

"""A product's folder as one thing: found, cross-checked, held against a slot's ratings."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.errors import FileError, UsageError
from rig.recipe import PlanFolder, check_ratings, find_plans, load_plan
from rig.slotentry import MeterEntry, ScannerEntry, SlotEntry, SupplyEntry

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "testplans", tmp_path / "testplans")
    return tmp_path / "testplans"


def edit(file: Path, **changes: Any) -> None:
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes))


def slot(**ratings: float) -> SlotEntry:
    supply = {"max_volts": 20, "max_amps": 120, "max_watts": 2000} | ratings
    return SlotEntry(supply=SupplyEntry(**supply), meter=MeterEntry(), scanner=ScannerEntry())


def test_the_shipped_plan_is_whole_and_fits_the_shipped_bench() -> None:
    plan = load_plan(ROOT / "testplans", "s21pro")

    check_ratings(plan, slot(), "slot1", Path("sim.yaml"))
    assert plan.pack_path(simulated=True).name == "s21pro-sim.kap"
    assert [path.name for path in plan.modules] == sorted(path.name for path in plan.modules)
    assert set(plan.hashes) == {
        "product.yaml", "recipe.yaml", "limits.yaml", "failures.yaml", *(path.name for path in plan.modules)
    }


def test_every_file_is_named_by_its_hash(plans: Path) -> None:
    before = load_plan(plans, "s21pro").hashes
    file = plans / "s21pro" / "test_3_chain.py"
    file.write_text(file.read_text() + "\n")

    after = load_plan(plans, "s21pro").hashes

    assert {name for name in before if before[name] != after[name]} == {"test_3_chain.py"}
    assert after["test_3_chain.py"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_unknown_product_names_those_there_are(plans: Path) -> None:
    with pytest.raises(UsageError, match=r"'s99': no plan in .*, which has s21, s21pro, t21"):
        load_plan(plans, "s99")
    with pytest.raises(UsageError, match="which has none"):
        load_plan(plans / "s21pro", "s21pro")


def test_a_folder_and_its_product_have_one_name(plans: Path) -> None:
    (plans / "s21pro").rename(plans / "renamed")
    with pytest.raises(FileError, match="found 's21pro', expected 'renamed'"):
        load_plan(plans, "renamed")


@pytest.mark.parametrize("name", ["recipe.yaml", "limits.yaml", "failures.yaml"])
def test_a_missing_file_is_named(plans: Path, name: str) -> None:
    (plans / "s21pro" / name).unlink()
    with pytest.raises(FileError, match=f"{name}: found no such file"):
        load_plan(plans, "s21pro")


def test_a_limit_with_a_code_nobody_explains_is_refused(plans: Path) -> None:
    file = plans / "s21pro" / "limits.yaml"
    text = file.read_text()
    assert "code: POWER-LEAK" in text
    file.write_text(text.replace("code: POWER-LEAK", "code: POWER-LEEK"))

    refused = r"measurements.inrush_seconds.code: found 'POWER-LEEK'"
    with pytest.raises(FileError, match=refused):
        load_plan(plans, "s21pro")


def test_real_boards_need_a_pack_of_their_own(plans: Path) -> None:
    plan = load_plan(plans, "s21pro")
    with pytest.raises(FileError, match="a pack for real boards"):
        plan.pack_path(simulated=False)
    edit(plans / "s21pro" / "product.yaml", silicon={"pack": "real.kap", "required_zero_bits": 32})
    with pytest.raises(FileError, match=r"real\.kap: found no such file"):
        load_plan(plans, "s21pro").pack_path(simulated=False)


@pytest.mark.parametrize(
    ("ratings", "field", "most"),
    [
        ({"max_volts": 14.0}, "over_volts", "15.4 V"),
        ({"max_volts": 14.6}, "pre_open_volts", "14.6 V"),
        ({"max_amps": 90}, "limit_amps", "90 A"),
        ({"max_watts": 1000}, "limit_amps", "1000 W"),
    ],
)
def test_a_supply_too_small_is_refused(ratings: dict[str, float], field: str, most: str) -> None:
    plan = load_plan(ROOT / "testplans", "s21pro")
    with pytest.raises(FileError) as caught:
        check_ratings(plan, slot(**ratings), "slot2", Path("bench.yaml"))
    assert caught.value.field == field
    assert most in str(caught.value)
    assert "slot2 in bench.yaml" in str(caught.value)


def test_each_level_must_be_within_the_ratings(plans: Path) -> None:
    levels = [{"level": "L1", "volts": 13.6, "mhz": 500}, {"level": "L2", "volts": 15.5, "mhz": 500}]
    edit(plans / "s21pro" / "recipe.yaml", levels=levels)
    plan: PlanFolder = load_plan(plans, "s21pro")
    with pytest.raises(FileError) as caught:
        check_ratings(plan, slot(max_volts=15.2), "slot1", Path("bench.yaml"))
    assert caught.value.field == "levels.L2.volts"


def test_ratings_may_be_used_to_the_full() -> None:
    plan = load_plan(ROOT / "testplans", "s21pro")
    check_ratings(plan, slot(max_volts=15, max_amps=95, max_watts=1292.1), "slot1", Path("bench.yaml"))


def test_plans_are_as_given_then_from_the_environment_then_upwards(
    plans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RIG_PLANS", raising=False)
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_plans() == plans
    monkeypatch.setenv("RIG_PLANS", str(deep))
    assert find_plans() == deep
    assert find_plans(plans) == plans


def test_no_plans_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIG_PLANS", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="give --plans or set RIG_PLANS"):
        find_plans()
    with pytest.raises(UsageError, match="no such folder"):
        find_plans(tmp_path / "none")


def test_a_level_that_the_recipe_does_not_have_is_refused(plans: Path) -> None:
    file = plans / "s21pro" / "limits.yaml"
    limits = yaml.safe_load(file.read_text())
    limits["measurements"]["board_watts"]["levels"] = {"L9": {"limit": {"at_most": 900}}}
    file.write_text(yaml.safe_dump(limits))
    with pytest.raises(FileError, match=r"board_watts\.levels\.L9: found 'L9', expected one of L1"):
        load_plan(plans, "s21pro")

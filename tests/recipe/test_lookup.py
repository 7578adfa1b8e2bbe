"""A product like another: what its folder has not is the other's, and the record's hashes tell."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.errors import FileError
from rig.recipe import load_plan

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "testplans", tmp_path / "testplans")
    return tmp_path / "testplans"


def edit(file: Path, **changes: Any) -> None:
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes))


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_what_a_folder_has_not_is_found_along_the_way(plans: Path) -> None:
    t21 = load_plan(plans, "t21")

    assert t21.folder == plans / "t21"
    assert {path.parent.name for path in t21.modules} == {"s21pro"}
    assert t21.pack_path(simulated=True) == plans / "s21" / "s21-sim.kap"
    assert t21.hashes["recipe.yaml"] == digest(plans / "t21" / "recipe.yaml")
    assert t21.hashes["limits.yaml"] == digest(plans / "s21" / "limits.yaml")
    assert t21.hashes["failures.yaml"] == digest(plans / "s21pro" / "failures.yaml")
    assert t21.hashes["test_3_chain.py"] == digest(plans / "s21pro" / "test_3_chain.py")


def test_a_file_of_its_own_comes_first(plans: Path) -> None:
    shutil.copy(plans / "s21" / "limits.yaml", plans / "t21" / "limits.yaml")
    edit(plans / "t21" / "limits.yaml", version=7)

    assert load_plan(plans, "t21").limits.version == 7
    assert load_plan(plans, "s21").limits.version == 1


def test_a_measurement_that_is_not_declared_here_is_declared_there(plans: Path) -> None:
    there, here = load_plan(plans, "s21pro"), load_plan(plans, "s21")

    own, others = here.limits.measurements, there.limits.measurements
    assert set(own) == set(others)
    assert own["cold_amps"] == others["cold_amps"]
    assert own["chips_found"].limit != others["chips_found"].limit
    assert here.hashes["limits.yaml"] == digest(plans / "s21" / "limits.yaml")
    assert here.hashes["s21pro/limits.yaml"] == there.hashes["limits.yaml"]


def test_steps_of_two_folders_are_never_mixed(plans: Path) -> None:
    own = plans / "s21" / "test_1_identity.py"
    shutil.copy(plans / "s21pro" / "test_1_identity.py", own)

    s21 = load_plan(plans, "s21")

    assert s21.modules == [own]
    assert "test_3_chain.py" not in s21.hashes


def test_pytest_on_the_products_folder_runs_the_steps_it_has_from_the_other(plans: Path) -> None:
    s21 = load_plan(plans, "s21")

    assert s21.steps_at(plans / "s21") == plans / "s21pro"
    assert s21.steps_at(plans / "s21pro" / "test_7_off.py") == plans / "s21pro" / "test_7_off.py"


def test_waivers_are_a_products_own(plans: Path) -> None:
    (plans / "s21pro" / "waivers.yaml").write_text("waivers: s21pro\nversion: 1\nentries: {}\n")

    assert load_plan(plans, "s21").waivers is None


@pytest.mark.parametrize(("like", "says"), [
    ("s99", "expected a product of"),
    ("s21", "expected a product that is not like this one"),
    ("../s21pro", "like"),
])
def test_a_likeness_that_leads_nowhere_or_around_is_refused(plans: Path, like: str, says: str) -> None:
    edit(plans / "s21pro" / "product.yaml", like=like)

    with pytest.raises(FileError, match=says):
        load_plan(plans, "t21")

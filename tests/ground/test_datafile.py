"""The door: whatever a file holds becomes a checked value or one FileError."""

from __future__ import annotations

import contextlib
import hashlib
import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from rig.datafile import Data, check, digest, load, read_yaml
from rig.errors import FileError
from rig.fixturefile import FixtureFile
from rig.recipe import Failures, Limits, Product, Recipe
from rig.recipe.product import I2cMap

MODELS: list[type[Data]] = [FixtureFile, Product, Recipe, Limits, Failures, I2cMap]


class Inner(Data):
    volts: float = Field(gt=0)


class Outer(Data):
    name: str
    inner: Inner
    many: tuple[Inner, ...] = ()


def refusal(file: Path, values: Any) -> FileError:
    with pytest.raises(FileError) as caught:
        check(file, values, Outer)
    return caught.value


def test_good_values_become_a_frozen_model(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("name: x\ninner: {volts: 2}\nmany: [{volts: 1.5}]\n")

    found = load(file, Outer)

    assert found == Outer(name="x", inner=Inner(volts=2), many=(Inner(volts=1.5),))
    with pytest.raises(ValidationError):
        found.name = "y"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "field", "found", "expected"),
    [
        ({"inner": {"volts": 1}}, "name", "nothing", "a value (the key is required)"),
        ({"name": "x", "inner": {"volts": 1}, "colour": 1}, "colour", "an unknown key",
         "only the documented keys"),
        ({"name": "x", "inner": {"volts": 0}}, "inner.volts", "0", "greater than 0"),
        ({"name": "x", "inner": {"volts": 1}, "many": [{"volts": 1}, {"volts": "much"}]},
         "many.1.volts", "'much'", "valid number"),
        ({"name": "x", "inner": {"volts": math.inf}}, "inner.volts", "inf", "finite"),
        ({"name": "x", "inner": {"volts": math.nan}}, "inner.volts", "nan", "finite"),
        ({"name": 5, "inner": {"volts": 1}}, "name", "5", "valid string"),
        (["name"], "", "list", "a mapping"),
        (None, "", "NoneType", "a mapping"),
    ],
)
def test_a_refusal_names_field_found_and_expected(
    values: Any, field: str, found: str, expected: str
) -> None:
    error = refusal(Path("a.yaml"), values)
    assert (error.field, error.found) == (field, found)
    assert expected in error.expected
    assert "\n" not in str(error)


def test_a_long_finding_is_cut() -> None:
    error = refusal(Path("a.yaml"), {"name": "x", "inner": {"volts": "v" * 500}})
    assert len(error.found) == 80
    assert error.found.endswith("...")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1, 2", "line 1"),
        ("a: 1\nb: 2\na: 3\n", "line 3: found the key 'a' twice"),
        ("x: {limit: {at_most: 5, at_most: 50}}", "the key 'at_most' twice"),
        ("when: 2001-13-45", "cannot be read"),
        ("a: !!bool maybe", "cannot be read"),
        ("a: !!int many", "cannot be read"),
        ("a: !!timestamp never", "cannot be read"),
        ("[" * 3000, "cannot be read"),
        ("a: !!python/object:os.system {}", "could not determine a constructor"),
        ("? [a]\n: 1", "unhashable"),
        ("a: \x00", "valid YAML"),
    ],
)
def test_what_is_no_yaml_is_a_file_error(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(FileError, match=says):
        read_yaml(file)


def test_absent_folder_and_bytes_are_file_errors(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(FileError, match="unreadable"):
        read_yaml(tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(FileError, match="unreadable"):
        read_yaml(tmp_path / "bytes.yaml")


def test_anchors_aliases_and_merges_are_no_doubles(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, x: 3}\nd: [{x: 1}, {x: 2}]\n")
    assert read_yaml(file) == {
        "a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 2}, "c": {"x": 3, "y": 2}, "d": [{"x": 1}, {"x": 2}],
    }


def test_an_empty_file_is_refused_as_no_mapping(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.touch()
    with pytest.raises(FileError, match="found NoneType, expected a mapping"):
        load(file, Outer)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates()
    | st.binary(max_size=6),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8) | st.integers() | st.none(), inner, max_size=4),
    max_leaves=20,
)


@given(values=plain, model=st.sampled_from(MODELS))
def test_check_raises_nothing_but_file_error(values: Any, model: type[Data]) -> None:
    found: object = model
    with contextlib.suppress(FileError):
        found = type(check(Path("any.yaml"), values, model))
    assert found is model


@given(data=st.data(), model=st.sampled_from(MODELS))
def test_check_survives_nonsense_under_the_right_keys(data: st.DataObject, model: type[Data]) -> None:
    values = {name: data.draw(plain, label=name) for name in model.model_fields}
    with contextlib.suppress(FileError):
        assert isinstance(check(Path("any.yaml"), values, model), model)


@given(plain)
def test_read_yaml_gives_back_what_safe_load_does(values: Any) -> None:
    text = yaml.safe_dump(values)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.yaml"
        file.write_text(text, encoding="utf-8")
        assert repr(read_yaml(file)) == repr(yaml.safe_load(text))


def test_digest_is_sha_256_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert digest(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()

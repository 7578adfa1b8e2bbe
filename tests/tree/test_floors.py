"""The house against its drawing: what import-linter cannot see."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import rig

PACKAGE = Path(rig.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
BROAD_PLACES = {"rig/guard/server.py", "rig/pytestplugin/session.py"}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_assert_for_input(path: Path) -> None:
    assert not [node.lineno for node in ast.walk(tree_of(path)) if isinstance(node, ast.Assert)]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_broad_excepts_only_where_the_house_allows_them(path: Path) -> None:
    broad = [
        node.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") == "Exception")
    ]

    assert not broad or name_of(path) in BROAD_PLACES


def test_every_module_says_what_it_is() -> None:
    silent = [name_of(path) for path in SOURCES if not ast.get_docstring(tree_of(path))]

    assert silent == []


def test_modules_stay_small() -> None:
    long = {name_of(path): lines for path in SOURCES
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 320}

    assert long == {}


@pytest.mark.parametrize(
    ("library", "module"),
    [
        ("pyvisa", "rig/instruments/visa.py"),
        ("psycopg", "rig/records/plant/postgres.py"),
        ("influxdb_client", "rig/records/outbox/influx.py"),
    ],
)
def test_only_one_module_imports(library: str, module: str) -> None:
    imported = re.compile(rf"^\s*(import|from) {library}\b", re.MULTILINE)
    importers = [path for path in SOURCES
                 if imported.search(_without_type_checking(path.read_text(encoding="utf-8")))]

    assert [name_of(path) for path in importers] == [module]


def _without_type_checking(source: str) -> str:
    """A name for a type check is no import."""
    return re.sub(r"^if TYPE_CHECKING:\n(    .*\n)+", "", source, flags=re.MULTILINE)

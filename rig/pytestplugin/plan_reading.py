"""What a plan's steps measure, read from their source without running them.

From the plan's test functions on, every function of the plan and of the rig's own plan rooms that is
called by name is followed. Names stand for all functions so called, so a little more is reached than
can be; nothing that can be is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOM = Path(__file__).parent        # where the helpers live that plans call
TAKERS = ("measure", "_measure")    # take a measurement by name
JUDGES = ("judge",)                 # of the chain: take its count under a name


@dataclass(frozen=True, slots=True)
class Step:
    """One test function of a plan; ``says`` is the first line of its module's docstring."""

    module: str
    name: str
    says: str


@dataclass(frozen=True, slots=True)
class PlanReading:
    """``measured``: names given to measure() in so many words; ``mentioned``: every text in reach."""

    steps: tuple[Step, ...]
    measured: frozenset[str]
    mentioned: frozenset[str]


@dataclass(slots=True)
class _Functions:
    """Functions by name, and the module constants that each may load."""

    known: dict[str, list[tuple[ast.AST, dict[str, set[str]]]]] = field(default_factory=dict)

    def add(self, tree: ast.Module) -> None:
        constants = {
            target.id: set(_texts(node.value))
            for node in tree.body if isinstance(node, ast.Assign)
            for target in node.targets if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                self.known.setdefault(node.name, []).append((node, constants))
            elif isinstance(node, ast.ClassDef):
                made = [part for part in node.body if isinstance(part, ast.FunctionDef)
                        and part.name in ("__init__", "__post_init__")]
                self.known.setdefault(node.name, []).extend((part, constants) for part in made)


def read_plan(modules: Iterable[Path]) -> PlanReading:
    """Read the modules of a plan, in order. Raises SyntaxError for one that is no Python."""
    functions, steps = _Functions(), list[Step]()
    for path in sorted(ROOM.glob("*.py")):
        functions.add(_parse(path))
    for path in modules:
        tree = _parse(path)
        functions.add(tree)
        steps += _steps(path, tree)
    measured, mentioned = set[str](), set[str]()
    waiting, seen = [step.name for step in steps], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for node, constants in functions.known.get(name, ()):
            measured |= _measured(node, constants)
            mentioned |= set(_texts(node)) | {
                text for part in _loads(node) for text in constants.get(part, ())
            }
            waiting += _loads(node)
    return PlanReading(tuple(steps), frozenset(measured), frozenset(mentioned))


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _steps(path: Path, tree: ast.Module) -> Iterator[Step]:
    says = (ast.get_docstring(tree) or "").partition("\n")[0]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield Step(path.name, node.name, says)


def _measured(node: ast.AST, constants: dict[str, set[str]]) -> set[str]:
    found = set[str]()
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        called, first = call.func, call.args[0]
        if isinstance(called, ast.Attribute) and called.attr in TAKERS + JUDGES:
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
            elif isinstance(first, ast.Name) and called.attr in TAKERS:
                found |= constants.get(first.id, set())
    return found


def _loads(node: ast.AST) -> list[str]:
    """Every name and attribute in a function: all it may call."""
    return [
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute)
    ]


def _texts(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value

"""The pytest plug-in a test plan runs under. Inert unless --rig-slot is given.

A plan's modules use two fixtures: ``run`` (measure, drive, power on) and ``slot`` (link, supply,
meter, scanner, side channel). How to write one is told in docs/plans.md.
"""

from __future__ import annotations

from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rig.pytestplugin.options import (
    add_options,
    demand_one_process,
    read_options,
    wanted,
    wanted_place,
    wanted_purpose,
)
from rig.slot import Slot

if TYPE_CHECKING:
    from rig.pytestplugin.answers import AnswerJudge
    from rig.pytestplugin.board_run import Run

__all__ = ["AnswerJudge", "Run"]

_FOR_PLANS = {"AnswerJudge": "rig.pytestplugin.answers", "Run": "rig.pytestplugin.board_run"}


def __getattr__(name: str) -> object:
    """What plans import, loaded when they do: a pytest without a board must not wait for labgrid."""
    if name in _FOR_PLANS:
        return getattr(import_module(_FOR_PLANS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    if not wanted(config):
        return
    from rig.clock import SystemClock
    from rig.errors import RigError, UsageError
    from rig.pytestplugin.progress import Silence
    from rig.pytestplugin.session import RunSession
    from rig.pytestplugin.setup import prepare
    from rig.pytestplugin.stops import Signals, before_the_run
    from rig.pytestplugin.wired import wired_slot

    # a deprecation in a library must never end the test of a board
    config.known_args_namespace.pythonwarnings = ["default"]
    held = ExitStack()
    config.add_cleanup(held.close)
    try:
        held.enter_context(before_the_run())
        demand_one_process(config)
        setup = prepare(read_options(config, _held_slot(config, held)), SystemClock())
        slot = held.enter_context(wired_slot(setup))
        session = RunSession(setup, slot, Silence(), Signals(), quiet=False)
    except RigError as error:
        pytest.exit(f"rig: {error}", returncode=2 if isinstance(error, UsageError) else 3)
    except KeyboardInterrupt as stopped:
        why = str(stopped) or "stopped by a person or a signal"
        pytest.exit(f"rig: {why}, before the run had begun; nothing was powered", returncode=4)
    config.pluginmanager.register(session, "rig-run")
    config.args = [str(setup.plan.steps_at(Path(given))) for given in config.args]


def _held_slot(config: pytest.Config, held: ExitStack) -> tuple[Path, str, str] | None:
    """Where the board sits when the session was given a place, which is its own until ``held`` closes."""
    asked = wanted_place(config)
    if asked is None:
        return None
    from rig.lab.hold import held_place
    from rig.lab.waiting import reserved_place

    purpose = wanted_purpose(config)
    if asked.name is not None and not asked.wait_seconds:
        place = held_place(asked.name, asked.coordinator, purpose)
    else:
        tags = asked.tags if asked.name is None else {"name": asked.name}
        place = reserved_place(tags, asked.coordinator, asked.wait_seconds, purpose)
    found = held.enter_context(place)
    return found.fixture, found.slot, found.place


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    """What a plan measures with and drives the board by."""
    from rig.pytestplugin.session import RunSession

    for plugin in request.config.pluginmanager.get_plugins():
        if isinstance(plugin, RunSession):
            return plugin.run
    pytest.skip("a test plan runs with --rig-slot, or under `rig run`")


@pytest.fixture
def slot(run: Run) -> Slot:
    """The slot the board sits in: rig.slot.Slot."""
    return run.slot

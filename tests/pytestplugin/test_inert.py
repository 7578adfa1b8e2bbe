"""The plug-in in somebody's pytest: nothing without --rig-slot, one sentence for what cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STEPS = """
import warnings

import pytest


def test_own():
    assert 1 + 1 == 2


def test_step(run, slot):
    raise RuntimeError("a step ran without a board")


def test_warns():
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning)
"""


class Project:
    """Somebody's project whose conftest names the plug-in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runtime = folder, folder / "runtime"
        (folder / "conftest.py").write_text('pytest_plugins = ["rig.pytestplugin"]\n')
        (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
        (folder / "test_steps.py").write_text(STEPS)

    def pytest(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:labgrid", "-p", "no:cacheprovider", "-ra", *words],
            cwd=self.folder, env=os.environ | {"RIG_RUNTIME": str(self.runtime)},
            capture_output=True, text=True, timeout=60, check=False,
        )

    def left(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()} - {"__pycache__"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


OWN = {"conftest.py", "pytest.ini", "test_steps.py"}


def test_without_a_slot_steps_are_skipped_and_own_tests_untouched(project: Project) -> None:
    done = project.pytest()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed, 1 skipped" in done.stdout
    assert "a test plan runs with --rig-slot, or under `rig run`" in done.stdout
    assert project.left() == OWN


def test_collecting_touches_nothing(project: Project) -> None:
    done = project.pytest("--collect-only", "-q", "--rig-slot=slot1", "--rig-fixture=none.yaml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_steps.py::test_step" in done.stdout
    assert project.left() == OWN


@pytest.mark.parametrize("word", ["--rig-colour=red", "--rig-slo=slot1"])
def test_an_unknown_option_is_refused(project: Project, word: str) -> None:
    done = project.pytest(word)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "unrecognized arguments" in done.stderr
    assert word in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "rig: found no --rig-fixture, expected it: bench file"),
        (["--rig-fixture=none.yaml"], "rig: found no --rig-product"),
        (["--rig-fixture=none.yaml", "--rig-product=p", "--rig-serial=S"], "none.yaml: found no such file"),
    ],
    ids=["fixture", "product", "no such bench"],
)
def test_a_slot_without_the_rest_is_refused_before_any_step(
    project: Project, words: list[str], says: str
) -> None:
    done = project.pytest("--rig-slot=slot1", *words)

    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stdout + done.stderr
    assert "a step ran" not in done.stdout
    assert project.left() == OWN


def test_loading_the_plug_in_loads_neither_labgrid_nor_the_instruments(project: Project) -> None:
    seen = "import sys, rig.pytestplugin as p; print({'labgrid', 'numpy', 'pyvisa'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", seen], cwd=project.folder, capture_output=True, text=True, timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "set()"


def test_the_help_names_every_option(project: Project) -> None:
    done = project.pytest("--help")
    for name in ("fixture", "slot", "product", "serial", "scenario", "results", "operator", "plans"):
        assert f"--rig-{name}=" in done.stdout, name


def test_a_forgotten_slot_is_a_usage_error_and_not_a_shippable_board(project: Project) -> None:
    done = project.pytest("--rig-product=s21pro", "--rig-serial=S21PROTEST0000001")

    assert done.returncode == 2
    assert "--rig-" in done.stdout + done.stderr

"""The distribution as a stranger meets it: one serial package, a wheel that installs and runs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import rig

ROOT = Path(rig.__file__).parents[1]


def test_one_distribution_provides_serial() -> None:
    """pyserial and labgrid's fork overwrite each other's files when both are installed."""
    providers = metadata.packages_distributions()["serial"]

    assert set(providers) == {"pyserial-labgrid"}


def test_no_plain_pyserial_in_the_pins() -> None:
    pins = (ROOT / "constraints.txt").read_text().lower().splitlines()

    assert not [pin for pin in pins if pin.startswith("pyserial==")]
    assert [pin for pin in pins if pin.startswith("pyserial-labgrid==")]


def test_wheel_installs_in_an_empty_environment_and_runs(tmp_path: Path) -> None:
    def succeed(*words: str | Path, cwd: Path = tmp_path) -> str:
        done = subprocess.run(
            [str(word) for word in words], cwd=cwd, capture_output=True, text=True, timeout=400, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    succeed(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("hashrig-*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    panel = {file.relative_to(ROOT).as_posix() for file in (ROOT / "rig" / "station").rglob("*")
             if file.suffix in (".html", ".css", ".js", ".json")}
    assert len(panel) > 20
    assert panel <= inside
    succeed(sys.executable, "-m", "venv", tmp_path / "empty")
    python = tmp_path / "empty" / "bin" / "python"
    succeed(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--constraint", ROOT / "constraints.txt", wheel)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    assert succeed(python.parent / "rig", "--version", cwd=elsewhere) == f"rig {rig.__version__}\n"
    where = succeed(python, "-c", "import rig; print(rig.__file__)", cwd=elsewhere)
    assert str(tmp_path) in where


@pytest.mark.parametrize("module", ["rig.cli", "rig.guard.client"])
def test_heavy_libraries_stay_out_of_the_start(module: str) -> None:
    """`rig --version` and the guard's client are quick: no numpy, no labgrid, no VISA at import."""
    listing = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, timeout=60, check=True
    )

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"numpy", "labgrid", "pyvisa", "grpc", "pytest"}

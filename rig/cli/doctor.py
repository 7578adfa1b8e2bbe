"""``rig doctor``: whether this machine and a fixture's ports are fit for a run, and what to do if not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.doctor_check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rig.fixturefile import FixtureFile
    from rig.runtime import Runtime

PACKAGES = (
    "labgrid", "pyserial-labgrid", "PyVISA", "PyVISA-py", "numpy", "pydantic", "pytest", "PyYAML",
    "typer", "rich", "junit-xml",
)
LEAST_PYTHON = (3, 11)
_CONNECT_SECONDS = 1.0
_UNFIT = 3
_BROKEN_CHIP = 32


def doctor(
    fixture: Annotated[Path | None, typer.Option(help="Bench file whose ports to look at, too.")] = None,
    play: Annotated[
        str | None, typer.Option(metavar="PRODUCT", help="Play a sound and a broken board of it, too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at the installation and, with --fixture, at a bench: exit 0 when a run can be made, else 3."""
    import json

    checks = [*_installation(), *(_bench(fixture) if fixture else ()), *(_played(play) if play else ())]
    fit = all(check.good or not check.necessary for check in checks)
    if as_json:
        typer.echo(json.dumps({"fit": fit, "checks": [asdict(check) for check in checks]}))
    else:
        for check in checks:
            mark = "ok  " if check.good else "BAD " if check.necessary else "-   "
            typer.echo(f"{mark} {check.name}: {check.found}")
            if check.advice:
                typer.echo(f"      {check.advice}")
        typer.echo("Fit for a run." if fit else "Not fit for a run.")
    raise typer.Exit(0 if fit else _UNFIT)


# ---- the installation

def _installation() -> Iterator[Check]:
    import sys
    from importlib.metadata import PackageNotFoundError, packages_distributions, version

    import rig

    yield Check("rig", True, rig.__version__)
    found = ".".join(map(str, sys.version_info[:3]))
    new = sys.version_info[:2] >= LEAST_PYTHON
    yield Check("Python", new, f"{found}, {sys.executable}", "" if new else "Install Python 3.11 or newer.")
    for package in PACKAGES:
        try:
            yield Check(package, True, version(package))
        except PackageNotFoundError:
            yield Check(package, False, "not installed", "Install the rig again: make setup.")
    providers = sorted(set(packages_distributions().get("serial", ())))
    one = providers == ["pyserial-labgrid"]
    yield Check(
        "serial", one, f"provided by {', '.join(providers) or 'nothing'}",
        "" if one else "Uninstall pyserial, then install pyserial-labgrid again: they share a folder.",
    )
    yield _hashing()


def _hashing() -> Check:
    from rig.work.backend import Backend, best_backend, describe

    best = best_backend()
    native = best is Backend.NATIVE_SHANI
    slow = "" if native else "A run works, but one core serves fewer boards (docs/benchmarks.md)."
    return Check("hashing", native, f"{best.value}: {describe(best)}", slow, necessary=False)


def _played(product: str) -> Iterator[Check]:
    """The shipped plan on the simulated bench: a sound board must pass, one whose chain breaks must not."""
    import tempfile

    from rig.errors import RigError
    from rig.recipe import find_plans
    from rig.testkit import VirtualBench

    plans = find_plans(None)
    benches = [plans.parent / "fixtures" / name for name in (f"sim-{product}.yaml", "sim.yaml")]
    fixture = next((file for file in benches if file.is_file()), benches[-1])
    broken: dict[str, str | int] = {"kind": "dead_chip", "chip": _BROKEN_CHIP}
    with tempfile.TemporaryDirectory(prefix="rig-doctor-") as folder:
        bench = VirtualBench(product, fixture=fixture, results=Path(folder), plans=plans)
        for name, faults, wanted in (("sound", [], None), ("broken", [broken], "CHAIN-SHORT")):
            try:
                record = bench.run(faults, seed=1)
                code, said = record.failure_code, f"{record.verdict.name} {record.failure_code or ''}".strip()
            except RigError as error:
                code, said = "none", str(error)
            yield Check(f"{product}, a {name} board", code == wanted, said,
                        "" if code == wanted else "Look at the plan; do not test boards with this rig.")


# ---- a bench

def _bench(file: Path) -> Iterator[Check]:
    from rig.cli.doctor_beside import beside
    from rig.errors import UsageError
    from rig.fixturefile import load_fixture
    from rig.runtime import runtime_for

    fixture = load_fixture(file)
    slots = ", ".join(fixture.slots)
    yield Check("fixture", True, f"{fixture.fixture}, station {fixture.station}, slots {slots}")
    yield from _calibration(fixture)
    yield from beside(fixture)
    try:
        runtime = runtime_for(file)
    except UsageError as error:
        yield Check("runtime directory", False, str(error), "Set RIG_RUNTIME to a folder of your own.")
        return
    mode = runtime.folder.stat().st_mode & 0o777
    yield Check("runtime directory", True, f"{runtime.folder}, mode {mode:o}")
    guarded = _listens(runtime.guard_socket)
    yield _process("guard", guarded)
    if fixture.simulated:
        up = _listens(runtime.bench_socket)
        yield _process("bench", up)
        yield from _simulated_ports(fixture, runtime) if up else ()
        return
    for name, slot in fixture.slots.items():
        for part, address in slot.addresses().items():
            if part in ("uart", "bridge"):
                yield _device(f"{name} {part}", Path(address or ""))
            elif not guarded:                # an instrument may take one client only, and has it
                yield _instrument(f"{name} {part}", address or "")


def _calibration(fixture: FixtureFile) -> Iterator[Check]:
    """Instruments that are overdue: a production bench will not begin."""
    from rig.clock import SystemClock

    today = SystemClock().utc().date()
    for name, slot in fixture.slots.items():
        for role, day in slot.overdue(today).items():
            yield Check(
                f"{name} {role} calibration", False, f"ended on {day.isoformat()}",
                "Have it calibrated and write the new date into the bench file.",
                necessary=fixture.for_production,
            )


def _process(role: str, up: bool) -> Check:
    return Check(role, up, "up" if up else "not up: a run starts it", necessary=False)


def _simulated_ports(fixture: FixtureFile, runtime: Runtime) -> Iterator[Check]:
    import json

    try:
        ports = json.loads(runtime.bench_ports.read_text())["slots"]
        devices = [(name, part, ports[name][part]) for name in fixture.slots for part in ("uart", "bridge")]
    except (OSError, ValueError, KeyError) as error:
        yield Check("bench ports", False, f"unreadable ({error!r})", "Stop the bench and start it again.")
        return
    for name, part, path in devices:
        yield _device(f"{name} {part}", Path(path))


def _listens(path: Path) -> bool:
    import socket

    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(_CONNECT_SECONDS)
        try:
            door.connect(str(path))
        except OSError:
            return False
    return True


def _device(name: str, path: Path) -> Check:
    """A serial device: there, ours to open, and nobody else's. Opened and closed, nothing is sent."""
    import fcntl
    import os
    import stat

    try:
        if not stat.S_ISCHR(path.stat().st_mode):
            return Check(name, False, f"{path} is no device", "Correct the fixture file.")
        port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Check(name, False, f"{path} is not there", "Plug the adapter in, or correct the fixture file.")
    except PermissionError:
        return Check(name, False, f"{path}: no permission", f"Join the group of {path}, then log in again.")
    except OSError as error:
        return Check(name, False, f"{path}: {error.strerror}", "End the program that has it open.")
    try:
        fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Check(name, True, f"{path} is in use, by a run or another program", necessary=False)
    finally:
        os.close(port)
    return Check(name, True, f"{path} is free")


def _instrument(name: str, resource: str) -> Check:
    """A raw socket instrument: whether it takes a connection."""
    import socket

    words = resource.split("::")
    if len(words) != 4 or words[0] != "TCPIP" or words[3] != "SOCKET" or not words[2].isdigit():
        return Check(name, True, f"{resource}: not looked at", necessary=False)
    try:
        socket.create_connection((words[1], int(words[2])), _CONNECT_SECONDS).close()
    except OSError as error:
        found = f"{resource}: {error.strerror or error}"
        return Check(name, False, found, "Switch it on; check its network cable and address.")
    return Check(name, True, f"{resource} takes connections")

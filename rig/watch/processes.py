"""Whether guard, station, coordinator and exporter are up, and answer. None is waited for long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rig.clock import Clock
from rig.errors import RigError
from rig.guard.client import GuardClient
from rig.watch.place import Place
from rig.watch.signs import Sign

ANSWER_SECONDS = 3.0


def guard(place: Place, clock: Clock) -> Iterator[Sign]:
    """The guard, and each slot's supply and bridge as it sees them."""
    client = GuardClient(place.runtime.guard_socket, "", "watch", clock, ANSWER_SECONDS)
    began = clock.now()
    try:
        slots = client.status()
    except RigError as error:
        yield Sign(name="guard", well=False, says=str(error))
        for name in place.fixture.slots:
            yield Sign(name=f"guard {name}", well=None, says="not known: the guard does not answer")
        return
    finally:
        client.close()
    yield Sign(name="guard", well=True, says=f"answers for {len(slots)} slots",
               figures={"answer_seconds": clock.now() - began})
    for name in place.fixture.slots:
        yield _slot(f"guard {name}", slots.get(name))


def _slot(name: str, report: Mapping[str, Any] | None) -> Sign:
    if report is None:
        return Sign(name=name, well=False, says="the guard does not know this slot: start it again")
    faults = [str(report[part]) for part in ("supply_fault", "bridge_fault") if report[part] is not None]
    if report["latched"] is not None:
        faults.append(f"e-stop latched since {report['latched']['since']}")
    return Sign(name=name, well=not faults, says="; ".join(faults) or str(report["state"]))


def station(place: Place, clock: Clock) -> Iterator[Sign]:
    """The station's page: a process has its lock, and it answers."""
    import httpx

    holder = place.runtime.lock("station").held_by()
    if holder is None:
        yield Sign(name="station", well=False, says="found no station of this bench, expected one: start it")
        return
    began, process = clock.now(), f"process {holder.get('pid')}"
    try:
        address = place.runtime.station_address.read_text(encoding="ascii").strip()
        with (
            httpx.Client(timeout=ANSWER_SECONDS, trust_env=False) as client,
            client.stream("GET", address) as answer,
        ):
            status = answer.status_code
    except (OSError, UnicodeDecodeError, httpx.HTTPError, httpx.InvalidURL) as error:
        yield Sign(name="station", well=False, says=f"{process} is up and does not answer "
                   f"({type(error).__name__}: {error})")
        return
    yield Sign(name="station", well=status == 200, says=f"{process} answers {status} at {address}",
               figures={"answer_seconds": clock.now() - began})


def lab(place: Place) -> Iterator[Sign]:
    """Labgrid's coordinator, and the bench's exporter with every slot offered."""
    from rig.lab.lab import Lab

    try:
        state = Lab(place.file).state()
    except RigError as error:
        yield Sign(name="exporter", well=False, says=str(error))
        return
    answers = "answers" if state.coordinator_answers else "does not answer"
    yield Sign(name="coordinator", well=state.coordinator_answers,
               says=f"{state.address or 'none yet'} {answers}")
    missing = [one.name for one in state.places if one.slot is None]
    if state.exporter_pid is None:
        says = "down: rig lab up"
    elif missing:
        says = f"not offered: {', '.join(missing)}"
    else:
        says = f"process {state.exporter_pid}, {len(state.places)} places"
    yield Sign(name="exporter", well=state.exporter_pid is not None and not missing, says=says)

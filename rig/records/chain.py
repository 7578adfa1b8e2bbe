"""A station's records as a chain: each link holds the hash of its record and of the link before it.

The links are rows of the store's table ``chain``. One is made in the transaction that closes its run, so
that slots which finish at once stand one after the other. A run that is stored again with other
contents gets another link: nothing is taken out of a chain.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from rig.records.canonical import NotCanonical, canonical, digest_of

BEGINNING = "0" * 64        # what the first link follows
_COLUMNS = "place, station, number, run_id, state, record, previous, link"


@dataclass(frozen=True, slots=True)
class Link:
    """One closed run in its station's chain. ``place``: in the store, over all its stations.

    ``record``: SHA-256 of the record's canonical JSON; ``previous`` and ``link`` hashes of links.
    """

    place: int
    station: str
    number: int
    run_id: str
    state: str
    record: str
    previous: str
    link: str

    def computed(self) -> str:
        """What ``link`` must be."""
        return hashlib.sha256(canonical({
            "number": self.number, "previous": self.previous, "record": self.record, "run_id": self.run_id,
            "state": self.state, "station": self.station,
        })).hexdigest()


def append(database: sqlite3.Connection, station: str, run_id: str, state: str, record: str) -> None:
    """Link a stored run into its chain, in the caller's transaction; the same once more does nothing."""
    take_in(database, station, but=run_id)
    digest, last = digest_of(record), last_link(database, run_id)
    if last is None or (last.record, last.state) != (digest, state):
        _add(database, station, run_id, state, digest)


def take_in(database: sqlite3.Connection, station: str, but: str | None = None) -> None:
    """Link the runs of a station that closed before there were chains, oldest first; once."""
    if _head(database, station) is not None:
        return
    old = database.execute(
        "SELECT run_id, state, record FROM runs WHERE station = ? AND state != 'pending' AND run_id IS NOT ? "
        "ORDER BY started, rowid", [station, but],
    )
    for run_id, state, record in old.fetchall():
        with contextlib.suppress(NotCanonical):     # a damaged one stays without a link, and is told
            _add(database, station, run_id, state, digest_of(record))


def last_link(database: sqlite3.Connection, run_id: str) -> Link | None:
    """The link of a run that counts; None when it is in no chain."""
    row = database.execute(
        f"SELECT {_COLUMNS} FROM chain WHERE run_id = ? ORDER BY place DESC LIMIT 1", [run_id]
    ).fetchone()
    return None if row is None else Link(*row)


def link_before(database: sqlite3.Connection, link: Link, serial: str) -> Link | None:
    """The link of the board's run that closed last before ``link``'s, on any station of the store."""
    row = database.execute(
        f"SELECT {_COLUMNS} FROM chain WHERE place < ? AND run_id != ? AND run_id IN "
        "(SELECT run_id FROM runs WHERE serial = ?) ORDER BY place DESC LIMIT 1",
        [link.place, link.run_id, serial],
    ).fetchone()
    return None if row is None else Link(*row)


def chain_problems(database: sqlite3.Connection, station: str) -> Iterator[str]:
    """What is wrong with a station's chain and the records it holds, a sentence each; nothing: whole."""
    where = f"chain of station {station}"
    links = [Link(*row) for row in database.execute(
        f"SELECT {_COLUMNS} FROM chain WHERE station = ? ORDER BY number", [station]
    )]
    yield from _breaks(where, links)
    counting = {link.run_id: link for link in links}
    stored = set()
    for run_id, state, record in database.execute(
        "SELECT run_id, state, record FROM runs WHERE station = ? AND state != 'pending'", [station]
    ):
        stored.add(run_id)
        link = counting.get(run_id)
        if link is None:
            yield f"{where}: run {run_id} is stored but has no link"
        else:
            yield from _differences(f"{where}: number {link.number}, run {run_id}", link, state, record)
    for run_id, link in counting.items():
        if run_id not in stored:
            yield f"{where}: number {link.number}, run {run_id}: its record is gone from the store"


def _breaks(where: str, links: list[Link]) -> Iterator[str]:
    number, before = 0, BEGINNING
    for link in links:
        if link.number != number + 1:
            yield f"{where}: found number {link.number} after {number}, expected {number + 1}"
        elif link.previous != before:
            yield f"{where}: number {link.number} does not follow the link before it"
        if link.link != link.computed():
            yield f"{where}: number {link.number}, run {link.run_id}: its link was changed"
        number, before = link.number, link.link


def _differences(where: str, link: Link, state: str, record: str) -> Iterator[str]:
    if state != link.state:
        yield f"{where}: the store says {state}, the chain {link.state}"
    try:
        same = digest_of(record) == link.record
    except NotCanonical as error:
        yield f"{where}: its record in the store is damaged: {error}"
        return
    if not same:
        yield f"{where}: its record in the store was changed after it was closed"


def _add(database: sqlite3.Connection, station: str, run_id: str, state: str, digest: str) -> None:
    head = _head(database, station)
    number, previous = (1, BEGINNING) if head is None else (head.number + 1, head.link)
    link = Link(0, station, number, run_id, state, digest, previous, "")
    database.execute(
        "INSERT INTO chain (station, number, run_id, state, record, previous, link) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [station, number, run_id, state, digest, previous, link.computed()],
    )


def _head(database: sqlite3.Connection, station: str) -> Link | None:
    row = database.execute(
        f"SELECT {_COLUMNS} FROM chain WHERE station = ? ORDER BY number DESC LIMIT 1", [station]
    ).fetchone()
    return None if row is None else Link(*row)

"""A store with runs in it, and an independent reader of STDF."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rig.records import STORE_FILE, RunRecord, Store
from rig.verdict import Outcome

Read = Callable[[Path], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def runs(records: dict[str, RunRecord]) -> list[RunRecord]:
    """A board's four runs, an hour apart; the second was tested again within the run."""
    found = []
    for place, record in enumerate(records.values()):
        later = timedelta(hours=place)
        found.append(record.model_copy(update={
            "run_id": f"20260101T{8 + place:02d}0000-00c0de",
            "started": record.started + later, "ended": record.ended + later,
        }))
    first = found[1].measurements[1]
    short = first.model_copy(update={"values": (64.0,), "outcome": Outcome.FAIL, "failing": (0,)})
    again = (found[1].measurements[0], short, first.model_copy(update={"attempt": 2}))
    found[1] = found[1].model_copy(update={"measurements": (*again, *found[1].measurements[2:])})
    return found


@pytest.fixture
def results(tmp_path: Path, runs: list[RunRecord]) -> Path:
    """A results folder whose store holds them, put in last to first."""
    store = Store(tmp_path / STORE_FILE)
    for record in reversed(runs):
        store.put(record)
    return tmp_path


@pytest.fixture(scope="session")
def read_stdf() -> Read:
    """Records of a file as pystdf reads them; every length is held against what it used of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")         # its patterns are written with old escapes
        from pystdf.IO import Parser

    class Sink:
        def __init__(self) -> None:
            self.found: list[tuple[str, dict[str, Any]]] = []

        def after_send(self, _source: object, data: tuple[Any, list[Any]]) -> None:
            kind, fields = data
            named = dict(zip(kind.columnNames, fields, strict=True))
            self.found.append((type(kind).__name__.upper(), named))

    def read(path: Path) -> list[tuple[str, dict[str, Any]]]:
        sink = Sink()
        with path.open("rb") as file:
            parser = Parser(inp=file)
            parser.addSink(sink)
            parser.parse()
        assert len(sink.found) == len(lengths(path.read_bytes()))
        return sink.found

    return read


def lengths(data: bytes) -> list[int]:
    """Of all records; they must fill the file to its last byte."""
    found, at = [], 0
    while at < len(data):
        found.append(struct.unpack_from("<H", data, at)[0])
        at += 4 + found[-1]
    assert at == len(data)
    return found

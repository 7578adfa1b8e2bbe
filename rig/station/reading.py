"""What may be read of a station: its state, its runs, its cards."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, TypeVar

from fastapi import Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from rig.records import STORE_FILE
from rig.records.lookup import Lookup
from rig.station.api import Api, session_of
from rig.station.cards import cards_of
from rig.station.messages import (
    CardList,
    Curves,
    JournalPage,
    RunDetail,
    RunId,
    RunLineView,
    RunList,
    SessionView,
    SlotName,
)
from rig.station.prints import Prints, policy, with_print
from rig.station.runfiles import FILES, RunFiles
from rig.station.sessions import Refused
from rig.station.station import Station
from rig.station.view import StationView
from rig.station.words import say

T = TypeVar("T")


class Reading:
    """The routes that change nothing."""

    def __init__(self, station: Station, api: Api) -> None:
        self._station, self._api = station, api
        self._files = RunFiles(station.place.results, station.place.plan.product)
        self._prints = Prints(station.place.results, self._files)

    async def session(self, request: Request) -> SessionView:
        return self._api.session_view(session_of(request))

    async def state(self) -> StationView:
        return self._station.view()

    async def runs(
        self, serial: Annotated[str | None, Query(max_length=80)] = None, slot: SlotName | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> RunList:
        """Runs, newest first."""
        lookup = Lookup(self._station.place.results / STORE_FILE)
        lines = await asyncio.to_thread(lambda: lookup.lines(serial=serial, slot=slot, limit=limit))
        return RunList(runs=[RunLineView(**{name: getattr(line, name) for name in RunLineView.model_fields})
                             for line in lines])

    async def detail(self, run_id: RunId) -> RunDetail:
        """A run; also while it is on."""
        return _there(await asyncio.to_thread(self._files.detail, run_id))

    async def curves(self, run_id: RunId) -> Curves:
        return _there(await asyncio.to_thread(self._files.curves, run_id))

    async def journal(
        self, run_id: RunId, offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 200,
    ) -> JournalPage:
        return _there(await asyncio.to_thread(self._files.journal, run_id, offset, limit))

    async def file(self, run_id: RunId, name: str) -> Response:
        """record.json, junit.xml or journal.jsonl, to keep."""
        found = _there(self._files.file(run_id, name))
        return FileResponse(found, media_type=FILES[name], filename=f"{run_id}-{name}")

    async def page(
        self, run_id: RunId, *, printed: Annotated[bool, Query(alias="print")] = False
    ) -> Response:
        """The run on one sheet of paper; with ``print`` it asks for its printer by itself."""
        html, nonce = await self._prints.page(run_id), secrets.token_urlsafe(16) if printed else None
        return HTMLResponse(
            html if nonce is None else with_print(html, nonce),
            headers={"content-security-policy": policy(nonce)},
        )

    async def cards(self) -> CardList:
        """Every card there is to print."""
        return CardList(cards=cards_of(self._station.place.fixture, self._station.place.plan.failures))


def _there(found: T | None) -> T:
    if found is None:
        raise Refused(404, say("refused.unknown"))
    return found

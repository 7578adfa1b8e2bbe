"""The WebSocket of a page: the whole picture, then changes, and a beat a second."""

from __future__ import annotations

import asyncio
import contextlib

import anyio
from fastapi import FastAPI
from starlette.websockets import WebSocket, WebSocketDisconnect

from rig.station.api import Api
from rig.station.door import CLOSE_NO_SESSION
from rig.station.hub import Watcher, station_message
from rig.station.sessions import Session, Sessions
from rig.station.station import Station

CLOSE_TOO_SLOW = 1013
LOOK_SECONDS = 0.5              # how often a page's own session is looked at


def add_socket(app: FastAPI, api: Api, station: Station, sessions: Sessions) -> None:
    """``/ws``, for whom the door has let in."""

    async def watch(link: WebSocket) -> None:
        session: Session | None = link.state.session
        await link.accept()
        if session is not None:
            sessions.connected(session, +1)
        try:
            with station.hub.watching() as watcher:
                async with anyio.create_task_group() as both:
                    both.start_soon(_listen, link, both.cancel_scope)
                    await _tell(link, watcher, api, station, sessions)
                    both.cancel_scope.cancel()
        finally:
            if session is not None:
                sessions.connected(session, -1)

    app.add_api_websocket_route("/ws", watch)


async def _tell(
    link: WebSocket, watcher: Watcher, api: Api, station: Station, sessions: Sessions
) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):    # the page has gone meanwhile
        await link.send_text(station_message(station.view()))
        told = ""
        while not watcher.lost.is_set():
            session: Session | None = link.state.session
            found = None if session is None else sessions.find(session.token)
            if session is not None and found is None and not link.state.screen:
                await link.close(CLOSE_NO_SESSION)
                return
            said = api.session_view(found).model_dump_json(exclude={"expires_at"})
            if told not in ("", said):
                text = api.session_view(found).model_dump_json()
                await link.send_text(f'{{"type":"session","session":{text}}}')
            told = said
            with contextlib.suppress(TimeoutError):
                message = await asyncio.wait_for(watcher.messages.get(), LOOK_SECONDS)
                await link.send_text(message)
        await link.close(CLOSE_TOO_SLOW)


async def _listen(link: WebSocket, both: anyio.CancelScope) -> None:
    """Whatever a page sends is not looked at; when it is gone, so is the need to tell it anything."""
    while (await link.receive())["type"] != "websocket.disconnect":
        continue
    both.cancel()

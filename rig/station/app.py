"""The station's web application: all routes, behind their door."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

import rig
from rig.errors import RigError
from rig.station.api import Api
from rig.station.door import BADGE, PIN, Door
from rig.station.messages import ErrorBody
from rig.station.reading import Reading
from rig.station.sessions import Refused, Sessions
from rig.station.station import Station
from rig.station.watching import add_socket
from rig.station.words import say


def make_app(station: Station, sessions: Sessions, view: str, hosts: Iterable[str]) -> Door:
    """``view``: the token of the station's screens; ``hosts``: the names it is reached by."""
    app = FastAPI(title="rig station", version=rig.__version__, docs_url=None, redoc_url=None)
    api = Api(station, sessions, view)
    reading = Reading(station, api)
    app.add_api_route("/", api.page, include_in_schema=False)
    reads: tuple[tuple[str, Callable[..., object]], ...] = (
        ("/api/session", reading.session), ("/api/state", reading.state), ("/api/runs", reading.runs),
        ("/api/runs/{run_id}", reading.detail), ("/api/runs/{run_id}/curves", reading.curves),
        ("/api/runs/{run_id}/journal", reading.journal), ("/api/runs/{run_id}/files/{name}", reading.file),
        ("/api/runs/{run_id}/page", reading.page), ("/api/cards", reading.cards),
    )
    for path, read in reads:
        app.add_api_route(path, read, methods=["GET"], responses=_ERRORS)
    presses: tuple[tuple[str, Callable[..., object]], ...] = (
        (BADGE, api.badge), (PIN, api.pin), ("/api/control", api.take_control), ("/api/scan", api.scan),
        ("/api/slots/{slot}/stop", api.stop), ("/api/slots/{slot}/acknowledge", api.acknowledge),
        ("/api/slots/{slot}/release", api.release), ("/api/slots/{slot}/alarm", api.let_go),
        ("/api/mute", api.mute), ("/api/shift/end", api.end_shift),
        ("/api/shift/self-test", api.self_test),
    )
    for path, press in presses:
        app.add_api_route(path, press, methods=["POST"], responses=_ERRORS)
    app.add_api_route("/api/session", api.log_out, methods=["DELETE"], status_code=204)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RigError, _failed)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _unknown)
    add_socket(app, api, station, sessions)
    return Door(app, sessions, view, hosts)


_ERRORS: dict[int | str, dict[str, object]] = {
    status: {"model": ErrorBody} for status in (401, 403, 404, 409, 422, 429, 503)
}


def _error(status: int, body: ErrorBody) -> JSONResponse:
    return JSONResponse(body.model_dump(), status)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Refused):
        raise error
    return _error(error.status, ErrorBody(error=error.words, retry_after=error.retry_after))


async def _failed(_request: Request, error: Exception) -> JSONResponse:
    return _error(503, ErrorBody(error=say("refused.store", text=str(error))))


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    found = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": ""}
    where = ".".join(map(str, found["loc"]))
    return _error(422, ErrorBody(error=say("refused.malformed", text=f"{where}: {found['msg']}")))


async def _unknown(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _error(status, ErrorBody(error=say("refused.unknown")))

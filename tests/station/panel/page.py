"""The product's page in a real browser, told example states by a small station of the tests' own.

What is drawn and pressed is real, and so are requests and sockets; only what stands behind them is played,
so that every state can be shown in a moment. The station itself is driven by the tests next to these.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, JSONResponse
from playwright.sync_api import Page

from rig.station.page import Page as StationPage
from rig.station.page import policy
from tests.station.panel import examples

NONCE = "bm9uY2U"
SHEET = "<!doctype html><title>A sheet</title><body>Board"
BEAT_SECONDS = 0.5
Json = dict[str, Any]


class ExampleStation:
    """Answers a page's requests and keeps them; ``tell`` sends what a station would."""

    def __init__(self, page: Page, view: Json | None = None, session: Json | None = None) -> None:
        self.page = page
        self.view = view or examples.station()
        self.session = session or examples.session()
        self.html = StationPage().html(NONCE)
        self.asked: list[tuple[str, str, Json]] = []
        self.answers: dict[str, tuple[int, Json]] = {}
        self.silent = False
        self.problems: list[str] = []
        self._sockets: list[WebSocket] = []
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(),
                log_level="error",
                lifespan="off",
                ws="websockets-sansio",
                timeout_graceful_shutdown=1,
            )
        )
        self._door = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run, name="example station")
        page.on("pageerror", lambda problem: self.problems.append(str(problem)))
        page.on(
            "console",
            lambda line: self.problems.append(line.text) if "Content Security" in line.text else None,
        )

    def open(self) -> Page:
        self._thread.start()
        self.page.goto(f"http://127.0.0.1:{self._door.getsockname()[1]}/")
        self.page.wait_for_selector(".tile")
        return self.page

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._door.close()

    def tell(self, message: Json) -> None:
        asyncio.run_coroutine_threadsafe(self._send(message), self._loop).result(timeout=5)

    def show(self, view: Json) -> None:
        self.view = view
        self.tell({"type": "station", "view": view})

    def posts(self) -> list[tuple[str, Json]]:
        return [(path, body) for method, path, body in self.asked if method == "POST"]

    def drop(self, code: int = 1011) -> None:
        """The station's end goes away, and says nothing until ``silent`` is false again."""
        self.silent = True
        for one in list(self._sockets):
            asyncio.run_coroutine_threadsafe(one.close(code=code), self._loop).result(timeout=5)

    # --- the far side

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            beats = asyncio.create_task(self._beat())
            await self._server.serve(sockets=[self._door])
            beats.cancel()

        asyncio.run(serve())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if not self.silent:
                await self._send({"type": "beat", "seq": self.view["seq"], "now": self.view["now"]})

    async def _send(self, message: Json) -> None:
        for one in list(self._sockets):
            await one.send_text(json.dumps(message))

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.websocket("/ws")
        async def connect(arrived: WebSocket) -> None:
            await arrived.accept()
            if self.session["role"] == "none":
                await arrived.close(code=4401)
                return
            if not self.silent:
                await arrived.send_text(json.dumps({"type": "station", "view": self.view}))
            self._sockets.append(arrived)
            try:
                await arrived.receive_text()
            except WebSocketDisconnect:
                self._sockets.remove(arrived)

        @app.get("/")
        async def page() -> Response:
            return HTMLResponse(self.html, headers={"Content-Security-Policy": policy(NONCE)})

        @app.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
        async def answer(request: Request, path: str) -> Response:
            body = await request.body()
            told = json.loads(body) if body else {}
            self.asked.append((request.method, path, told))
            if path.endswith("/page") and path not in self.answers:
                return HTMLResponse(SHEET)
            status, found = self.answers.get(path) or self._usual(path, told)
            return JSONResponse(found, status)

        return app

    def _usual(self, path: str, body: Json) -> tuple[int, Json]:
        if path.startswith("api/session") or path == "api/control":
            if self.session["role"] == "none":
                return 401, {
                    "error": examples.words("refused.session", "Scan your badge."),
                    "retry_after": None,
                }
            return 200, self.session
        if path == "api/cards":
            return 200, {
                "cards": [
                    {"code": f"STOP-{n}", "words": examples.words("card.stop", f"Stop slot {n}", number=n)}
                    for n in range(1, 17)
                ]
            }
        if path.endswith("/curves"):
            return 200, examples.curves()
        if path == "api/runs":
            return 200, {"runs": [examples.run_line()]}
        if path.startswith("api/runs/"):
            return 200, examples.run_detail()
        words = examples.words(
            "accepted.board", "Board goes into slot.", serial=body.get("text", ""), number=1
        )
        return 200, {
            "id": body.get("id"),
            "outcome": "accepted",
            "kind": "board",
            "words": words,
            "slot": None,
            "repeated": False,
        }

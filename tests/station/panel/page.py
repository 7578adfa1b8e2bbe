"""The product's page in a real browser, told example states by a station of the tests' own.

What is drawn and pressed is real; only the other end of the wire is played, so that every state can be
shown in a moment. The station itself is driven by the tests next to these.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, WebSocketRoute

from rig.station.page import Page as StationPage
from rig.station.page import policy
from tests.station.panel import examples

ORIGIN = "http://panel.test/"
NONCE = "bm9uY2U"
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
        self.sockets: list[WebSocketRoute] = []
        self.problems: list[str] = []
        page.on("pageerror", lambda problem: self.problems.append(str(problem)))
        page.on("console", lambda line: self.problems.append(line.text) if "Content Security" in line.text else None)
        page.route("**/*", self._answer)
        page.route_web_socket(re.compile(r"/ws$"), self._connect)

    def open(self) -> Page:
        self.page.goto(ORIGIN)
        self.page.wait_for_selector(".tile")
        return self.page

    def tell(self, message: Json) -> None:
        self.sockets[-1].send(json.dumps(message))

    def show(self, view: Json) -> None:
        self.view = view
        self.tell({"type": "station", "view": view})

    def posts(self) -> list[tuple[str, Json]]:
        return [(path, body) for method, path, body in self.asked if method == "POST"]

    def drop(self) -> None:
        """The station's end goes away, and comes back only when ``silent`` is false again."""
        self.silent = True
        self.sockets[-1].close(code=1011)

    def _connect(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        if self.silent:
            return
        if self.session["role"] == "none":
            socket.close(code=4401)
            return
        socket.send(json.dumps({"type": "station", "view": self.view}))

    def _answer(self, route: Route) -> None:
        request = route.request
        path = urlsplit(request.url).path.lstrip("/")
        if path == "":
            route.fulfill(body=self.html, content_type="text/html; charset=utf-8",
                          headers={"Content-Security-Policy": policy(NONCE)})
            return
        body = json.loads(request.post_data) if request.post_data else {}
        self.asked.append((request.method, path, body))
        status, answer = self.answers.get(path) or self._usual(request.method, path, body)
        route.fulfill(status=status, json=answer)

    def _usual(self, method: str, path: str, body: Json) -> tuple[int, Json]:
        if path.startswith("api/session") or path == "api/control":
            if self.session["role"] == "none":
                return 401, {"error": examples.words("refused.session", "Scan your badge."), "retry_after": None}
            return 200, self.session
        if path == "api/cards":
            return 200, {"cards": [{"code": f"STOP-{n}", "words": examples.words("card.stop", f"Stop slot {n}", number=n)}
                                   for n in range(1, 17)]}
        if path.endswith("/curves"):
            return 200, examples.curves()
        if path == "api/runs":
            return 200, {"runs": [examples.run_line()]}
        if path.startswith("api/runs/"):
            return 200, examples.run_detail()
        words = examples.words("accepted.board", "Board goes into slot.", serial=body.get("text", ""), number=1)
        return 200, {"id": body.get("id"), "outcome": "accepted", "kind": "board", "words": words, "slot": None,
                     "repeated": False}

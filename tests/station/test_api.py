"""Who may read and press what: answered at the door, whatever the path and the body are."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

import rig
from rig.clock import SystemClock
from rig.records import RunRecord
from rig.station.crew import OnRun, Outcome
from rig.station.live import Live
from rig.station.place import Place
from rig.station.sessions import LOCKED_SECONDS, MOST_TRIES
from rig.station.station import Station

ROOT = Path(rig.__file__).parents[1]
WRITES = ("POST", "PUT", "PATCH", "DELETE")
PATHS = (
    "/", "/api/scan", "/api/slots/slot1/stop", "/api/slots/nowhere/release", "/api/mute", "/api/nothing",
    "/api/session", "/api/session/pin", "/api/session/nothing", "/openapi.json", "/ws", "/%00", "//",
)
BODIES = (b"", b"{", b'{"id": 1}', b"\xff" * 100, json.dumps({"id": "x" * 40, "text": "STOP-1"}).encode())


@pytest.mark.parametrize("method", WRITES)
def test_writing_without_a_badge_is_refused_before_path_and_body(door: Any, method: str) -> None:
    for path, body, browser in itertools.product(PATHS, BODIES, (door.browser(), door.screen())):
        answer = browser.client.request(
            method, path, content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code in (401, 403), (method, path, body)
        assert set(answer.json()) == {"error", "retry_after"}


@pytest.mark.parametrize("path", ["/api/state", "/api/runs", "/api/session", "/api/cards", "/api/nothing",
                                  "/docs", "/api/runs/20261128T000000Z-abcdef/files/record.json"])
def test_reading_without_a_token_is_refused(door: Any, path: str) -> None:
    assert door.browser().client.get(path).status_code == 401


def test_page_and_description_need_no_token(door: Any) -> None:
    browser = door.browser()

    page, told = browser.client.get("/"), browser.client.get("/openapi.json")

    assert page.status_code == told.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "/api/scan" in told.json()["paths"]


def test_a_screen_reads_and_presses_nothing(door: Any) -> None:
    screen = door.screen()

    assert screen.client.get("/api/state").status_code == 200
    assert screen.client.get("/api/session").json()["role"] == "viewer"
    assert screen.scan("STOP-1").status_code == 401


def test_a_wrong_screen_token_opens_nothing(door: Any) -> None:
    browser = door.browser()
    browser.client.get(f"/?view={door.view[:-1]}")

    assert browser.client.get("/api/state").status_code == 401


def test_a_badge_makes_an_operator_and_its_pin_what_it_is(door: Any) -> None:
    browser = door.browser()

    first = browser.badge("0002").json()
    second = browser.pin().json()

    assert (first["role"], first["own_role"], first["in_control"]) == ("operator", "technician", True)
    assert second["role"] == "technician"


def test_what_needs_a_technician_is_refused_to_an_operator(door: Any) -> None:
    browser = door.browser()
    browser.badge("0002")

    before = browser.press("/api/mute", muted=True)
    browser.pin()
    after = browser.press("/api/mute", muted=True)

    assert (before.status_code, before.json()["error"]["key"]) == (403, "refused.role")
    assert after.json()["outcome"] == "accepted"


@pytest.mark.parametrize(("csrf", "origin", "host"), [
    ("", None, None), ("wrong", None, None), (None, "http://evil.example", None),
    (None, "null", None), (None, None, "evil.example:8080"),
])
def test_a_press_from_elsewhere_is_refused(
    door: Any, csrf: str | None, origin: str | None, host: str | None
) -> None:
    browser = door.browser()
    browser.badge("0001")
    headers = {"x-rig-csrf": browser.csrf if csrf is None else csrf}
    headers |= {name: value for name, value in (("origin", origin), ("host", host)) if value is not None}

    answer = browser.client.post("/api/scan", json={"id": "press-0001", "text": "STOP-1"}, headers=headers)

    assert answer.status_code == 403


def test_a_badge_is_not_taken_from_a_form_of_another_page(door: Any) -> None:
    answer = door.browser().client.post(
        "/api/session/badge", content=b"{}", headers={"content-type": "text/plain"}
    )

    assert answer.status_code == 403


def test_wrong_pins_lock_the_badge(door: Any) -> None:
    browser = door.browser()
    browser.badge("0002")

    tries = [browser.pin("000000").status_code for _ in range(MOST_TRIES)]
    locked = browser.pin()

    assert tries == [401] * MOST_TRIES
    assert locked.status_code == 429
    assert 0 < locked.json()["retry_after"] <= LOCKED_SECONDS


def test_wrong_badges_are_counted_too(door: Any) -> None:
    browser = door.browser()

    codes = [browser.badge("9999").status_code for _ in range(MOST_TRIES + 1)]

    assert codes == [401] * MOST_TRIES + [429]


def test_a_press_sent_twice_is_done_once(door: Any) -> None:
    browser = door.browser()
    browser.badge("0001")
    headers = {"x-rig-csrf": browser.csrf}
    body = {"id": "press-0001", "text": "SLOT-1"}

    first = browser.client.post("/api/scan", json=body, headers=headers).json()
    second = browser.client.post("/api/scan", json=body, headers=headers).json()

    assert first["repeated"] is False
    assert second == {**first, "repeated": True}


def test_one_browser_is_in_control(door: Any) -> None:
    ada, bo = door.browser(), door.browser()
    ada.badge("0001")
    bo.badge("0002")

    refused = bo.scan("SLOT-1")
    bo.press("/api/control")
    taken = bo.scan("SLOT-1")
    late = ada.scan("SLOT-1")

    assert (refused.status_code, refused.json()["error"]["key"]) == (409, "refused.not_in_control")
    assert taken.status_code == 200
    assert late.status_code == 409


def test_logging_out_ends_the_session(door: Any) -> None:
    browser = door.browser()
    browser.badge("0001")

    out = browser.client.delete("/api/session", headers={"x-rig-csrf": browser.csrf})

    assert out.status_code == 204
    assert browser.client.get("/api/state").status_code == 401


HOSTILE = (
    "<script>alert(1)</script>", "'; DROP TABLE runs;--", "../../etc/passwd", "STOP-0", "STOP-99999",
    "\u202eABC", "A" * 80, "${jndi:x}", "REWORK-", "REWORK-../..", "^XA^XZ", "S21P\x00ROTEST000001",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_scan_is_told_apart_and_does_nothing(door: Any, text: str) -> None:
    browser = door.browser()
    browser.badge("0001")

    answer = browser.scan(text).json()

    assert (answer["outcome"], answer["kind"]) == ("refused", "unknown") or answer["kind"] == "stop"
    assert answer["outcome"] == "refused"
    assert door.station.crew.runs == {}


@pytest.mark.parametrize("body", [
    {}, {"id": "press-0001"}, {"id": "press-0001", "text": ""}, {"id": "../../..", "text": "STOP-1"},
    {"id": "press-0001", "text": "A" * 81}, {"id": "press-0001", "text": "STOP-1", "more": 1},
])
def test_a_malformed_press_says_where(door: Any, body: dict[str, object]) -> None:
    browser = door.browser()
    browser.badge("0001")

    answer = browser.client.post("/api/scan", json=body, headers={"x-rig-csrf": browser.csrf})

    assert (answer.status_code, answer.json()["error"]["key"]) == (422, "refused.malformed")


def test_a_body_without_end_is_not_read(door: Any) -> None:
    browser = door.browser()
    browser.badge("0001")

    answer = browser.client.post(
        "/api/scan", content=b" " * 20_000, headers={"x-rig-csrf": browser.csrf}
    )

    assert answer.status_code == 413


@pytest.mark.parametrize("run_id", ["..", "a*b", "20261128T000000Z-abcdef", "%2e%2e%2fshift"])
@pytest.mark.parametrize("tail", ["", "/curves", "/journal", "/files/record.json", "/files/..%2frig.db"])
def test_runs_that_are_not_there_are_not_found(door: Any, run_id: str, tail: str) -> None:
    assert door.screen().client.get(f"/api/runs/{run_id}{tail}").status_code in (404, 422)


def test_every_scan_is_kept_with_time_and_badge(door: Any) -> None:
    browser = door.browser()
    browser.badge("0001")
    browser.scan("STOP-1")

    file = max((door.station.place.results / "station").iterdir())
    lines = [json.loads(line) for line in file.read_text().splitlines()]

    assert [(one["kind"], one["data"]["badge"]) for one in lines] == [("badge", "0001"), ("scan", "0001")]
    assert lines[1]["data"]["text"] == "STOP-1"
    assert all(one["utc"] for one in lines)


def test_cards_are_listed_without_any_badge(door: Any) -> None:
    codes = {card["code"] for card in door.screen().client.get("/api/cards").json()["cards"]}

    assert {"SLOT-1", "STOP-4", "RELEASE-2", "REWORK-CHIP-WEAK", "SHIFT-END"} <= codes
    assert not any(code.startswith("BADGE") for code in codes)


def test_a_page_is_told_the_whole_picture_first(door: Any) -> None:
    screen = door.screen()

    own = {"origin": "http://127.0.0.1:8080"}
    with screen.client.websocket_connect("ws://127.0.0.1:8080/ws", headers=own) as link:
        first = link.receive_json()

    assert first["type"] == "station"
    assert [tile["state"] for tile in first["view"]["tiles"]] == ["NO_LINK"] * 4


@pytest.mark.parametrize(("known", "origin", "code"), [
    (False, "http://127.0.0.1:8080", 4401), (True, "http://evil.example", 4403), (True, None, 4403),
])
def test_a_socket_needs_a_token_and_the_pages_own_origin(
    door: Any, known: bool, origin: str | None, code: int
) -> None:
    browser = door.screen() if known else door.browser()
    headers = {"origin": origin} if origin else {}

    with pytest.raises(WebSocketDisconnect) as closed, \
            browser.client.websocket_connect("ws://127.0.0.1:8080/ws", headers=headers) as link:
        link.receive_json()

    assert closed.value.code == code


def test_a_printer_that_does_not_answer_is_told_once_and_until_it_does(place: Place, tmp_path: Path) -> None:
    text = (ROOT / "tests" / "data" / "golden" / "record_pass.json").read_text()
    record = RunRecord.model_validate_json(text)
    with socket.create_server(("127.0.0.1", 0)) as printer:
        address = f"tcp://127.0.0.1:{printer.getsockname()[1]}"
        panel = place.fixture.panel.model_copy(update={"printer": address})
        fixture = place.fixture.model_copy(update={"panel": panel})
        station = Station(replace(place, fixture=fixture, results=tmp_path), SystemClock())
        passed = Outcome(OnRun("slot1", record.serial, 0, Live(0.0, 0.0)), record)

        async def notices() -> list[str]:
            """What the page says when one more board has passed."""
            station._ended(passed)
            await asyncio.gather(*station._tasks)
            return [words.key for words in station.view().notices]

        answered = asyncio.run(notices())
        printer.close()
        silent = [asyncio.run(notices()) for _ in range(2)]
        with socket.create_server(("127.0.0.1", int(address.rsplit(":")[-1]))):
            again = asyncio.run(notices())
    station.log.close()

    assert (answered, silent, again) == ([], [["notice.printer"]] * 2, [])

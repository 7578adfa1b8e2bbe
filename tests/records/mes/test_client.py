"""The client against a system that really answers, or fails to."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from proofs.mes_standin import TOKEN, StandIn
from rig.clock import SystemClock
from rig.errors import MesError
from rig.mesentry import MesEntry
from rig.records import RunRecord
from rig.records.mes import (
    MesAway,
    MesClient,
    MesDenied,
    MesRejected,
    Question,
    Reason,
    Route,
)

Client = Callable[..., MesClient]
QUESTION = Question("SIM0000000000001A", "s21pro", "bench-3", "sim", "slot1")


def test_it_may_be_run(client: Client, standin: StandIn) -> None:
    assert client().route(QUESTION) == Route()
    path, _, body = standin.requests[0]
    assert path == "/mes/route"
    assert body == {"serial": QUESTION.serial, "product": "s21pro", "station": "bench-3", "fixture": "sim",
                    "slot": "slot1"}


@pytest.mark.parametrize("reason", list(Reason))
def test_it_may_not(reason: Reason, client: Client, standin: StandIn) -> None:
    standin.routes[QUESTION.serial] = {"may_run": False, "reason": reason.value, "text": "see QA\n\x1b[31m"}
    assert client().route(QUESTION) == Route(reason, "see QA [31m")


@pytest.mark.parametrize("reason", [["quarantine"], {"a": 1}, 7, None])
def test_a_reason_that_is_no_word(reason: object, client: Client, standin: StandIn) -> None:
    standin.routes[QUESTION.serial] = {"may_run": False, "reason": reason}
    assert client().route(QUESTION).reason is Reason.OTHER


def test_a_reason_nobody_knows_is_another(client: Client, standin: StandIn) -> None:
    standin.routes[QUESTION.serial] = {"may_run": False, "reason": "full moon"}
    assert client().route(QUESTION) == Route(Reason.OTHER, "full moon")


def test_a_result_is_told_and_told_again(
    client: Client, standin: StandIn, records: dict[str, RunRecord],
) -> None:
    client().commit(records["fail"])
    client().commit(records["fail"])
    (told,) = standin.results.values()
    assert (told["run_id"], told["verdict"], told["board_code"]) == (
        records["fail"].run_id, "FAIL", "CHAIN-SHORT",
    )
    assert told["simulated"] is True
    assert {headers["idempotency-key"] for _, headers, _ in standin.requests} == {records["fail"].run_id}


def test_there_already_is_told(client: Client, standin: StandIn, records: dict[str, RunRecord]) -> None:
    standin.status = 409
    client().commit(records["pass"])


@pytest.mark.parametrize(("status", "raw"), [
    (500, None), (503, None), (404, None), (302, None), (429, None), (200, b"<html>login</html>"),
    (200, b""), (200, b"[]"), (200, b"null"), (200, b'{"may_run": "yes"}'), (200, b"\xff\xfe"),
    (200, b"[" * 100_000), (200, b" " * 1_100_000),
])
def test_what_is_no_answer(
    status: int, raw: bytes | None, client: Client, standin: StandIn, records: dict[str, RunRecord],
) -> None:
    standin.status, standin.raw = status, raw
    for call in (lambda: client().route(QUESTION), lambda: client().commit(records["pass"])):
        with pytest.raises(MesAway, match=f"{standin.url}: found ") as told:
            call()
        assert len(str(told.value)) < 500
        assert str(told.value).isprintable()


def test_nobody_is_there(records: dict[str, RunRecord]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(MesAway, match=f"{url}: found ConnectError .*, expected the MES to answer"):
            MesClient(MesEntry(url=url), SystemClock()).commit(records["pass"])


def test_it_does_not_wait_for_ever(client: Client, standin: StandIn) -> None:
    standin.hangs = True
    with pytest.raises(MesAway, match="ReadTimeout"):
        client(timeout_seconds=0.2).route(QUESTION)


def test_nor_for_an_answer_that_drips(
    client: Client, standin: StandIn, monkeypatch: pytest.MonkeyPatch,
) -> None:
    standin.raw = b'{"may_run": true}'
    times = iter([0.0, 100.0])
    monkeypatch.setattr(SystemClock, "now", lambda _: next(times))
    with pytest.raises(MesAway, match="does not end"):
        client().route(QUESTION)


def test_an_answer_lost_is_not_taken_for_one(
    client: Client, standin: StandIn, records: dict[str, RunRecord],
) -> None:
    standin.loses_answers = True
    with pytest.raises(MesAway):
        client().commit(records["pass"])
    standin.loses_answers = False
    client().commit(records["pass"])
    assert list(standin.results) == [records["pass"].run_id]


def test_for_good(client: Client, standin: StandIn, records: dict[str, RunRecord]) -> None:
    standin.refuses = True
    with pytest.raises(MesRejected, match="no such order"):
        client().commit(records["pass"])
    standin.status = 422
    with pytest.raises(MesRejected, match="found 422"):
        client().commit(records["pass"])


def test_the_token(client: Client, standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    standin.token = TOKEN
    with pytest.raises(MesDenied, match="found 401"):
        client().route(QUESTION)
    with pytest.raises(MesDenied, match="variable RIG_TEST_TOKEN: found no token"):
        client(token_env="RIG_TEST_TOKEN").route(QUESTION)
    monkeypatch.setenv("RIG_TEST_TOKEN", TOKEN)
    assert client(token_env="RIG_TEST_TOKEN").route(QUESTION) == Route()


def test_the_token_goes_nowhere_else(
    client: Client, standin: StandIn, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RIG_TEST_TOKEN", TOKEN)
    standin.status, standin.raw = 500, f"you said {TOKEN}".encode()
    with pytest.raises(MesAway) as told:
        client(token_env="RIG_TEST_TOKEN").route(QUESTION)
    assert TOKEN not in str(told.value)
    standin.status = 307
    with pytest.raises(MesAway, match="307"):
        client(token_env="RIG_TEST_TOKEN").route(QUESTION)


def test_every_error_of_it_is_the_stations() -> None:
    assert {error.code for error in (MesAway, MesDenied, MesRejected, MesError)} == {"STN-MES"}

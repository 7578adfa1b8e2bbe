"""The client of a factory's system: one POST a message, JSON both ways. The only one that imports httpx."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from rig.clock import Clock
from rig.errors import UsageError
from rig.mesentry import Dialect, MesEntry
from rig.records.mes.incumbent import Incumbent
from rig.records.mes.plain import Plain
from rig.records.mes.port import MesAway, MesDenied, MesRejected, Message, Messages, Question, Route, line
from rig.records.model import RunRecord

if TYPE_CHECKING:
    import httpx

MOST_BYTES: Final = 1_000_000
_DIALECTS: Final[dict[Dialect, type[Messages]]] = {Dialect.PLAIN: Plain, Dialect.INCUMBENT: Incumbent}
_DENIED: Final = (401, 403)
_REJECTED: Final = (400, 413, 415, 422)
_THERE_ALREADY: Final = 409
_THERE: Final = object()


class MesClient:
    """Speaks to one system. A message takes no longer than the entry's timeout, and an answer to it.

    Follows no redirection: a token goes to the address that was given and nowhere else.
    """

    def __init__(self, entry: MesEntry, clock: Clock) -> None:
        self._entry, self._clock = entry, clock
        self._messages = _DIALECTS[entry.dialect]()

    def route(self, question: Question) -> Route:
        token = self._token()
        answer = self._post(self._messages.ask(question, token), token)
        with self._named():
            return self._messages.read_route(answer)

    def commit(self, record: RunRecord) -> None:
        token = self._token()
        message = self._messages.tell(record, token)
        if message is None:
            return
        answer = self._post(message, token)
        if answer is not _THERE:
            with self._named():
                self._messages.read_receipt(answer)

    def _token(self) -> str | None:
        try:
            return self._entry.token()
        except UsageError as error:
            raise MesDenied(str(error)) from None

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """What the dialect says of an answer, with the name of who gave it."""
        try:
            yield
        except (MesAway, MesRejected) as error:
            raise type(error)(f"{self._entry.url}: {error}") from None

    def _post(self, message: Message, token: str | None) -> Any:
        """The answer; ``_THERE`` for one that says that the message is there already."""
        import httpx

        headers = {"Accept": "application/json"}
        if token is not None and self._entry.dialect is not Dialect.INCUMBENT:
            headers["Authorization"] = f"Bearer {token}"
        if message.key is not None:
            headers["Idempotency-Key"] = message.key
        until = self._clock.now() + 2 * self._entry.timeout_seconds
        try:
            with (
                httpx.Client(timeout=self._entry.timeout_seconds, trust_env=False) as client,
                client.stream("POST", self._entry.url + message.path, json=message.body, headers=headers)
                as response,
            ):
                body = self._body(response, until)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._away(f"{type(error).__name__} {line(error)}".strip()) from error
        said = body[:500].decode("utf-8", "replace")
        return self._answer(response.status_code, body, line(said.replace(token or "\0", "(the token)")))

    def _body(self, response: httpx.Response, until: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MOST_BYTES:
                raise self._away(f"an answer of more than {MOST_BYTES} bytes")
            if self._clock.now() > until:
                raise self._away("an answer that does not end")
        return bytes(body)

    def _answer(self, status: int, body: bytes, said: str) -> Any:
        if status == _THERE_ALREADY:
            return _THERE
        if status in _DENIED:
            raise MesDenied(
                f"{self._entry.url}: found {status} ({said}), expected to be let in; see to the token"
            )
        if status in _REJECTED:
            raise MesRejected(f"{self._entry.url}: found {status} ({said}), expected it to be taken")
        if not 200 <= status < 300:
            raise self._away(f"{status} ({said})")
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise self._away(f"an answer that is no JSON ({said})") from None

    def _away(self, found: str) -> MesAway:
        return MesAway(f"{self._entry.url}: found {found}, expected the MES to answer")

"""The only module that speaks to InfluxDB and its kin (influxdb-client): a batch a call, without retries.

| server | way | what its answer is worth |
|---|---|---|
| InfluxDB 2.x | POST /api/v2/write | on its disk |
| InfluxDB 1.x | POST /write | on its disk; 400 "partial write": all but the bad lines are |
| VictoriaMetrics | POST /api/v2/write | in its memory; bad lines are left out without a word |
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from rig.destinations import Backend, TelemetryEntry
from rig.errors import UsageError
from rig.records.outbox.delivery import TAKEN, Delivery, Outcome

if TYPE_CHECKING:
    from influxdb_client.client.influxdb_client import InfluxDBClient

ANSWER_SECONDS = 20
MOST_WAIT_SECONDS = 3600.0      # whatever Retry-After says
_REFUSED = (400, 422)           # not a line, a field of another type, too old for the bucket
_TOO_LARGE = 413
_BUSY = (408, 429)


class Lines(Protocol):
    """What is sent."""

    @property
    def body(self) -> str: ...


class TelemetrySender:
    """Brings lines to the server. A secret is read anew whenever it was not let in."""

    def __init__(self, entry: TelemetryEntry) -> None:
        self._entry = entry
        self._client: InfluxDBClient | None = None
        self._secret: str | None = None

    def send(self, parcels: Sequence[Lines]) -> Delivery:
        from influxdb_client.rest import ApiException
        from urllib3.exceptions import HTTPError

        body = "\n".join(parcel.body for parcel in parcels)
        try:
            self._write(body)
        except UsageError as error:                 # the secret is not where it should be
            return Delivery(Outcome.HELD, str(error))
        except ApiException as error:
            delivery = self._delivery(error)
        except (HTTPError, OSError) as error:
            delivery = Delivery(Outcome.LATER, self._said(f"{type(error).__name__}: {error}"))
        else:
            return TAKEN
        if delivery.outcome in (Outcome.LATER, Outcome.HELD):
            self.close()
        return delivery

    def close(self) -> None:
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]
            self._client = None

    def _write(self, body: str) -> None:
        client = self._connected()
        if self._entry.backend is not Backend.V1:
            from influxdb_client.client.write_api import SYNCHRONOUS

            # VictoriaMetrics takes any organisation and bucket
            with client.write_api(write_options=SYNCHRONOUS) as api:
                api.write(self._entry.bucket or "rig", self._entry.org or "rig", body)
            return
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._secret is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(self._secret.encode()).decode()
        query = urlencode({"db": self._entry.database, "precision": "ns"})
        client.api_client.request(  # type: ignore[no-untyped-call]
            "POST", f"{self._entry.url}/write?{query}", headers=headers, body=body.encode(),
        )

    def _connected(self) -> InfluxDBClient:
        from influxdb_client.client.influxdb_client import InfluxDBClient

        if self._client is None:
            self._secret = self._entry.secret()
            self._client = InfluxDBClient(
                self._entry.url, token=(self._secret or "") if self._entry.backend is Backend.V2 else "",
                org=self._entry.org or "rig", timeout=ANSWER_SECONDS * 1000, retries=False,
            )
        return self._client

    def _delivery(self, error: Any) -> Delivery:
        status = int(error.status or 0)
        if status == _TOO_LARGE:
            outcome = Outcome.TOO_LARGE
        elif status in _REFUSED:
            outcome = Outcome.REFUSED
        elif 300 <= status < 500 and status not in _BUSY:
            outcome = Outcome.HELD      # token, rights, no such bucket or database, another kind of server
        else:
            outcome = Outcome.LATER
        reason = f"{status} {error.reason or ''}: {_message(error.body)}"
        return Delivery(outcome, self._said(reason), _asked_wait(error.headers))

    def _said(self, text: str) -> str:
        """Without our secret, whatever the far side repeats."""
        line = f"{self._entry.url}: found {' '.join(text.split())}"[:500]
        return line.replace(self._secret, "…") if self._secret else line


def _message(body: object) -> str:
    """What the server says, of both its shapes."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        told = json.loads(text)
    except ValueError:
        return text
    return str(told.get("message") or told.get("error") or text) if isinstance(told, dict) else text


def _asked_wait(headers: Any) -> float | None:
    """Seconds of Retry-After; a date there is not heeded, our own waits are."""
    word = headers.get("Retry-After", "") if headers is not None else ""
    return min(float(word), MOST_WAIT_SECONDS) if word.strip().isdigit() else None

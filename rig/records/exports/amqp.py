"""CFX messages to an AMQP 1.0 endpoint, each acknowledged before the next.

The only module that imports proton (``pip install hashrig[cfx]``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

from rig.errors import StationFault, UsageError
from rig.records.exports.cfx import MESSAGE, message_id, message_text
from rig.records.model import RunRecord

WAIT_SECONDS: Final = 10.0
PASSWORD: Final = "RIG_AMQP_PASSWORD"           # environment variable; the user's name is in the address


def deliver(records: Iterable[RunRecord], address: str) -> int:
    """Send one message a run to ``amqp://[user@]host[:port]/target``; the number acknowledged.

    Raises UsageError for an address that is none, StationFault when the endpoint cannot be reached or
    does not take a message: those before it were taken, and sent again they carry the same ids.
    """
    where = _endpoint(address)
    try:
        from proton import ConnectionException, Message, Timeout
        from proton.utils import BlockingConnection, LinkDetached, SendException
    except ImportError:
        raise UsageError("found no proton, expected it for AMQP: pip install 'hashrig[cfx]'") from None

    sent = 0
    try:
        connection = BlockingConnection(
            f"{where.scheme}://{where.hostname}:{where.port or 5672}", timeout=WAIT_SECONDS,
            user=where.username, password=os.environ.get(PASSWORD),
        )
        try:
            sender = connection.create_sender(where.path[1:])
            for record in records:
                sender.send(Message(
                    id=message_id(record), body=message_text(record), durable=True, subject=MESSAGE,
                    content_type="application/json", properties={"simulated": record.simulated},
                ), timeout=WAIT_SECONDS)
                sent += 1
        finally:
            connection.close()
    except (ConnectionException, Timeout, LinkDetached, SendException, OSError) as error:
        raise StationFault(
            f"{where.hostname}:{where.port or 5672}: found {_reason(error)}, expected an endpoint that "
            f"acknowledges; {sent} messages were acknowledged, export again when it answers"
        ) from error
    return sent


def _endpoint(address: str) -> SplitResult:
    try:
        where = urlsplit(address)
        good = where.scheme == "amqp" and where.hostname and len(where.path) > 1 and where.port != 0
    except ValueError:
        good = False
    if not good or where.password is not None:
        raise UsageError(
            f"--to: found {re.sub(r':[^:@/]*@', ':…@', address)!r}, expected "
            f"amqp://[USER@]HOST[:PORT]/TARGET; a password goes into {PASSWORD}"
        )
    return where


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__

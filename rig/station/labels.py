"""The label of a board that passed: ZPL to a printer's raw port. Everything on it is escaped."""

from __future__ import annotations

import socket

from rig.errors import StationFault
from rig.records import RunRecord

SECONDS = 3.0
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .:-")


def label_of(record: RunRecord) -> str:
    """The label as ZPL II: serial as text and Code 128, grade, when and where it passed, the run."""
    passed = f"{record.verdict.value} {record.grade or ''}".strip()
    simulated = "SIMULATED " if record.simulated else ""
    lines = (
        (40, 40, f"{record.product} {simulated}{passed}"),
        (40, 200, f"{record.started:%Y-%m-%d %H:%M} UTC {record.station} {record.slot}"),
        (40, 235, record.run_id),
    )
    texts = "".join(f"^FO{x},{y}^A0N,28,28^FH^FD{escaped(text)}^FS" for x, y, text in lines)
    return f"^XA^CI28{texts}^FO40,80^BY2^BCN,70,Y,N,N^FH^FD{escaped(record.serial)}^FS^XZ"


def escaped(text: str) -> str:
    """Text for ``^FH^FD``: all but plain letters as the hex of their UTF-8 bytes."""
    return "".join(
        letter if letter in _PLAIN else "".join(f"_{byte:02X}" for byte in letter.encode())
        for letter in text[:80]
    )


def print_label(printer: str, zpl: str) -> None:
    """Send it to ``tcp://host:port``. Raises StationFault when the printer does not take it."""
    host, port = printer.removeprefix("tcp://").rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), timeout=SECONDS) as link:
            link.sendall(zpl.encode())
    except (OSError, ValueError) as error:
        raise StationFault(
            f"label printer {printer}: found {error}, expected it to take a label; check it"
        ) from error

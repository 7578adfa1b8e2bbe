"""What a person sees while a board runs: a live line at a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rig.pytestplugin.bigtext import big

if TYPE_CHECKING:
    from rig.work.ledger import Tally


@dataclass(frozen=True, slots=True)
class Status:
    """The running board in a glance. None, NaN or empty where nothing is known yet.

    ``tally`` is the burn-in's book as it stands, for whoever shows chips; ``sensors`` of the board, celsius.
    """

    phase: str = "starting"
    chips_found: int | None = None
    chips: int = 0
    mhz: float | None = None
    answers_per_second: float | None = None
    watts: float = math.nan
    celsius: float = math.nan
    seconds_left: float | None = None
    volts: float = math.nan                     # at the supply
    domain_volts: tuple[float, ...] = ()
    sensors: tuple[float | None, ...] = ()
    tally: Tally | None = None

    def parts(self) -> list[str]:
        """The known figures as short words."""
        words = [self.phase]
        if self.chips_found is not None:
            words.append(f"{self.chips_found}/{self.chips} chips")
        if self.mhz is not None:
            words.append(f"{self.mhz:g} MHz")
        if self.answers_per_second is not None:
            words.append(f"{self.answers_per_second:,.0f} answers/s")
        if math.isfinite(self.watts):
            words.append(f"{self.watts:.0f} W")
        if math.isfinite(self.celsius):
            words.append(f"{self.celsius:.0f} °C")
        if self.seconds_left is not None:
            words.append(f"{self.seconds_left:.0f} s left")
        return words


@dataclass(frozen=True, slots=True)
class Ending:
    """The verdict as a technician reads it."""

    serial: str
    slot: str
    verdict: str
    grade: str | None
    failure_code: str | None
    failure_text: str | None
    place: str | None
    action: str | None
    simulated: bool
    record: str | None
    hands_off: str = ""        # why the board may not be taken out yet
    then: str = ""             # what becomes of the board, and why
    slot_suspect: str = ""     # why the slot may be to blame


Keep = Callable[[str, str], None]


class Progress(Protocol):
    """Who looks on. Everything is called from the driver loop and must return at once."""

    def began(self, keep: Keep) -> None:
        """The run has a journal; ``keep(kind, text)`` puts what people do into its events."""
        ...

    def show(self, status: Status) -> None: ...

    def end(self, ending: Ending) -> None: ...

    def close(self) -> None: ...


class Silence:
    """For plain pytest, which reports for itself."""

    def began(self, keep: Keep) -> None:
        """Nobody presses anything."""

    def show(self, status: Status) -> None:
        """Nothing is shown."""

    def end(self, ending: Ending) -> None:
        """Nothing is shown."""

    def close(self) -> None:
        """Nothing to close."""


class PlainLines:
    """A line when the phase changes and every ten seconds, for logs and pipes."""

    def __init__(self, slot: str, out: TextIO) -> None:
        self._slot, self._out = slot, out
        self._last_phase = ""
        self._shown_left: float | None = None

    def began(self, keep: Keep) -> None:
        """Nobody presses anything."""

    def show(self, status: Status) -> None:
        left = status.seconds_left
        moved = left is not None and (self._shown_left is None or self._shown_left - left >= 10)
        if status.phase == self._last_phase and not moved:
            return
        self._last_phase, self._shown_left = status.phase, left
        self._out.write(f"{self._slot}: {', '.join(status.parts())}\n")
        self._out.flush()

    def end(self, ending: Ending) -> None:
        self._out.write("\n".join(ending_lines(ending)) + "\n")
        self._out.flush()

    def close(self) -> None:
        """Nothing to close."""


_COLOURS = {"PASS": "black on green", "MARGINAL": "black on yellow", "FAIL": "white on red",
            "STATION_FAULT": "white on magenta", "ABORTED": "black on white"}


class LiveView:
    """A live panel at a terminal, then a verdict block that is read from two metres."""

    def __init__(self, slot: str, serial: str) -> None:
        self._title = f"{slot}  {serial}"
        self._console = Console()
        self._live = Live(console=self._console, refresh_per_second=4, transient=True)
        self._live.start()

    def began(self, keep: Keep) -> None:
        """Nobody presses anything."""

    def show(self, status: Status) -> None:
        table = Table.grid(padding=(0, 3))
        first, *others = status.parts()
        table.add_row(Text(first.upper(), style="bold cyan"), *others)
        self._live.update(Panel(table, title=self._title, title_align="left"))

    def end(self, ending: Ending) -> None:
        self.close()
        style = _COLOURS.get(ending.verdict, "bold")
        word = ending.verdict.replace("_", " ") + (f" {ending.grade}" if ending.grade else "")
        width = min(self._console.width, 120)
        rows = big(word)
        if rows is None or len(rows[0]) > width:
            rows = [" ".join(word)]
        lines = ["", *rows, ""]
        self._console.print(Text("\n".join(line.center(width) for line in lines), style=f"bold {style}"))
        for line in ending_lines(ending)[1:]:
            self._console.print(Text(line, style="bold"))

    def close(self) -> None:
        self._live.stop()


def ending_lines(ending: Ending) -> list[str]:
    """The verdict as plain lines: the word first, then what to do, then where the record lies."""
    word = ending.verdict + (f" {ending.grade}" if ending.grade else "")
    marked = " (simulated)" if ending.simulated else ""
    lines = [f"{ending.slot}: {word}{marked} - board {ending.serial}"]
    if ending.failure_code:
        lines.append(f"  {ending.failure_code}: {ending.failure_text or ''}")
    if ending.place:
        lines.append(f"  Place: {ending.place}")
    if ending.action:
        lines.append(f"  Next: {ending.action}")
    if ending.then:
        lines.append(f"  Then: {ending.then}")
    if ending.slot_suspect:
        lines.append(f"  Slot suspect: {ending.slot_suspect}")
    if ending.hands_off:
        lines.append(f"  Hands off yet: {ending.hands_off}")
    if ending.record:
        lines.append(f"  Record: {ending.record}")
    return lines


def choose_progress(slot: str, serial: str, out: TextIO | None = None) -> Progress:
    """A live view at a terminal, plain lines elsewhere."""
    stream = out or sys.stdout
    return LiveView(slot, serial) if stream.isatty() else PlainLines(slot, stream)

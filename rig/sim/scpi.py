"""SCPI as instruments speak it: headers in short and long form, compound messages, an error queue.

A dialect is a table of headers and handlers; upper-case letters of a mnemonic are its short form,
``[:NODE]`` may be left out, ``#`` stands for an optional number.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

NO_ERROR = '+0,"No error"'
_QUEUE = 20
_MOST_FOUND = 1000                  # headers with numbers in them are many
_WORDS = re.compile(r"(\[)|(\])|([A-Za-z]+)|(#)|([:?*])")


class ScpiError(Exception):
    """What goes into the error queue."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f'{code},"{text}"')


def out_of_range() -> ScpiError:
    return ScpiError(-222, "Data out of range")


@dataclass(frozen=True, slots=True)
class Call:
    """One command: its arguments, the numbers in its header, and when it came."""

    arguments: tuple[str, ...]
    numbers: tuple[int, ...]
    now: float

    def text(self) -> str:
        """The one argument, upper case."""
        if len(self.arguments) != 1:
            raise ScpiError(-109 if not self.arguments else -108, "Missing or extra parameter")
        return self.arguments[0].upper()

    def number(self, low: float, high: float) -> float:
        try:
            value = float(self.text())
        except ValueError:
            raise ScpiError(-104, "Data type error") from None
        if not low <= value <= high:
            raise out_of_range()
        return value

    def flag(self) -> bool:
        text = self.text()
        if text not in ("ON", "OFF", "1", "0"):
            raise ScpiError(-224, "Illegal parameter value")
        return text in ("ON", "1")


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that needs its time: ``text`` is asked when it has come."""

    at: float
    text: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The line a message is answered with, at ``at`` (seconds) and not before."""

    at: float
    parts: tuple[Callable[[], str], ...]

    def text(self) -> str:
        return ";".join(part() for part in self.parts)


Handler = Callable[[Call], str | Later | None]


class Scpi:
    """One instrument's command parser. ``handle`` takes a message without its terminator."""

    def __init__(
        self, identity: str, commands: Mapping[str, Handler], queue: str | None = "SYSTem:ERRor[:NEXT]?"
    ) -> None:
        """``queue``: the header its error queue is read by, None for an instrument that has none."""
        self._errors: deque[str] = deque()
        everyone: dict[str, Handler] = {
            "*IDN?": lambda _: identity,
            "*OPC?": lambda _: "1",
            "*CLS": lambda _: self._errors.clear(),
        }
        if queue is not None:
            everyone[queue] = lambda _: self.next_error()
        table = everyone | dict(commands)
        self._table = [(_matcher(header), handler) for header, handler in table.items()]
        self._found: dict[str, tuple[Handler, tuple[int, ...]]] = {}

    def next_error(self) -> str:
        return self._errors.popleft() if self._errors else NO_ERROR

    def handle(self, message: str, now: float) -> Answer | None:
        """Act on a message; the answer of its queries, None when it has none."""
        parts: list[Callable[[], str]] = []
        at, path = now, ""
        for unit in _split(message, ";"):
            header, _, rest = unit.strip().partition(" ")
            if not header:
                continue
            full, path = _resolved(header.upper(), path)
            try:
                answer = self._dispatch(full, tuple(_split(rest, ",")) if rest.strip() else (), now)
            except ScpiError as error:
                self._complain(error)
                continue
            if isinstance(answer, Later):
                at = max(at, answer.at)
                parts.append(answer.text)
            elif answer is not None:
                parts.append(lambda text=answer: text)      # type: ignore[misc]
        return Answer(at, tuple(parts)) if parts else None

    def _dispatch(self, header: str, arguments: tuple[str, ...], now: float) -> str | Later | None:
        found = self._found.get(header) or self._find(header)
        handler, numbers = found
        return handler(Call(tuple(word.strip() for word in arguments), numbers, now))

    def _find(self, header: str) -> tuple[Handler, tuple[int, ...]]:
        """The handler of a header and the numbers in it; kept, as the same is asked for hours."""
        for matcher, handler in self._table:
            found = matcher.fullmatch(header)
            if found:
                if len(self._found) >= _MOST_FOUND:
                    self._found.clear()
                self._found[header] = handler, tuple(int(group or 1) for group in found.groups())
                return self._found[header]
        raise ScpiError(-113, "Undefined header")

    def _complain(self, error: ScpiError) -> None:
        if len(self._errors) >= _QUEUE:
            self._errors[-1] = '-350,"Queue overflow"'
        else:
            self._errors.append(str(error))


def _resolved(header: str, path: str) -> tuple[str, str]:
    """The whole header of a unit, and the path the next one starts from."""
    if header.startswith("*"):
        return header, path
    full = header[1:] if header.startswith(":") else path + header
    return full, full[: full.rfind(":") + 1]


def _matcher(header: str) -> re.Pattern[str]:
    parts = []
    for opening, closing, word, number, mark in _WORDS.findall(header):
        if opening:
            parts.append("(?:")
        elif closing:
            parts.append(")?")
        elif word:
            short = "".join(letter for letter in word if letter.isupper())
            parts.append(word.upper() if short == word else f"(?:{short}|{word.upper()})")
        else:
            parts.append(r"(\d+)?" if number else re.escape(mark))
    return re.compile("".join(parts))


def _split(text: str, mark: str) -> list[str]:
    """Split at ``mark`` outside of parentheses and quotes."""
    parts, depth, quoted = [""], 0, False
    for letter in text:
        if letter == '"':
            quoted = not quoted
        depth += (letter == "(") - (letter == ")")
        if letter == mark and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def scientific(value: float) -> str:
    """A number as instruments print it."""
    return f"{value:+.6E}"

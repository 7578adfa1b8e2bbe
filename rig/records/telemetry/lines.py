"""InfluxDB's line protocol, one point a line, as strict as a server may be.

``measurement,tag=value field=1.5,count=3i,word="text" 1767254400000000000``: names are ours and plain;
what a server would misread or leave out in silence is refused: NaN and infinity, a point without a field,
line ends, a tag that is empty or holds a backslash. The time is always told, in nanoseconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache

Field = float | int | bool | str
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_SIGNS = re.compile(r"[,= ]")
_LARGEST = 2**63


class NotALine(ValueError):
    """A point that cannot be told truly: what was found, and what is expected."""


def point(measurement: str, tags: Mapping[str, str], fields: Mapping[str, Field], ns: int) -> str:
    """One line, without its end. Raises NotALine."""
    return f"{series(measurement, tags)} {told(fields)} {_time(ns)}"


def series(measurement: str, tags: Mapping[str, str]) -> str:
    """Measurement and tags, sorted as servers like them: the same for every point of a series."""
    return ",".join([_name(measurement), *(f"{_name(tag)}={_tag(tag, tags[tag])}" for tag in sorted(tags))])


def told(fields: Mapping[str, Field]) -> str:
    """The fields of a point."""
    if not fields:
        raise NotALine("found a point without a field, expected at least one")
    return ",".join([f"{_name(name)}={_value(name, value)}" for name, value in fields.items()])


@lru_cache(maxsize=1000)
def _name(name: str) -> str:
    if NAME.fullmatch(name) is None or name == "time":
        raise NotALine(f"found the name {name!r}, expected letters, digits and _, and not 'time'")
    return name


def _tag(tag: str, value: str) -> str:
    if not value or "\\" in value or not value.isprintable():
        raise NotALine(f"tag {tag}: found {value!r}, expected printable text without a backslash")
    return _SIGNS.sub(lambda sign: "\\" + sign[0], value)


def _value(name: str, value: Field) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -_LARGEST <= value < _LARGEST:
            raise NotALine(f"field {name}: found {value}, expected a whole number of 64 bits")
        return f"{value:d}i"
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotALine(f"field {name}: found {value}, expected a finite number, or no field")
        return repr(float(value))
    if "\n" in value or "\r" in value or "\0" in value:
        raise NotALine(f"field {name}: found {value!r}, expected one line")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _time(ns: int) -> str:
    if not 0 < ns < _LARGEST - 1:           # the servers' own bound
        raise NotALine(f"found the time {ns}, expected nanoseconds since 1970")
    return f"{ns:d}"

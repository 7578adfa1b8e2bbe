"""What needs a person: the few things on the line that someone must look at, each with its evidence.

Everything that was looked at is counted, and what is told is held to a false discovery rate of RATE
(Benjamini-Hochberg in three families, each with a third of it) and to a size that matters. A finding says
once what several tests saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np

from rig.qa import group_tests, value_tests
from rig.qa.capability import Capability
from rig.qa.group_tests import ANY, Grouped, Kind
from rig.qa.numbers import Element, Numbers
from rig.qa.select import Firsts
from rig.qa.stats import Floats, index_interval, most_p
from rig.qa.value_tests import Shift
from rig.qa.words import figure, percent, signed
from rig.qa.yields import day_of

RATE: Final = 0.01
LEAST_PPK: Final = 1.0  # below it, and its whole interval too: the limit is often touched
MOST_EVIDENCE: Final = 3

WHAT_TO_DO: Final = {
    Kind.SLOT: "Run a golden board on it; look at its contacts, cable and calibration.",
    Kind.STATION: "Run a golden board on each of its slots; look at what they share.",
    Kind.LOT: "Hold the lot; compare its chips with another lot on one slot.",
    Kind.DAY: "Look at what was different on that day.",
    Kind.SINCE: "Look at what was changed on that day.",
    Kind.DOMAIN: "Look at solder, cooling and supply of that domain.",
    Kind.CHIP: "Look at solder and cooling at that position.",
}
Subject = tuple[Kind, int] | tuple[str, str]


@dataclass(slots=True)
class Finding:
    """``name`` of the thing, ``evidence`` in sentences, strongest first; ``p`` of the strongest by chance."""

    name: str
    do: str
    p: float
    evidence: list[str] = field(default_factory=list)
    subject: Subject = ("", "")


@dataclass(frozen=True, slots=True)
class Found:
    """``looked``: how many tests were made."""

    findings: tuple[Finding, ...]
    looked: int


def find(
    firsts: Firsts, numbers: Numbers, capability: Sequence[Capability], chips: int, domains: int
) -> Found:
    """All findings, strongest first."""
    if not len(firsts):
        return Found((), 0)
    everybody = np.ones(len(firsts), bool)
    station_of = _station_of_place(firsts)
    slots, lots = value_tests.of_slots(numbers), value_tests.of_lots(numbers, station_of)
    family = RATE / 3                               # boards that fail, groups that differ, steps in time
    looked = len(group_tests.tests(firsts, everybody, chips, domains))
    groups = list(group_tests.peeled(firsts, chips, domains, family))
    bound = most_p(np.concatenate([slots.p, lots.p]), family)
    shifts = [one for one in (*slots.that_matter, *lots.that_matter) if one.p <= bound]
    apart = {(one.kind, one.number) for one in groups} | {(one.kind, one.number) for one in shifts}
    blamed = value_tests.cells_of(
        numbers,
        {number for kind, number in apart if kind is Kind.SLOT},
        {number for kind, number in apart if kind is Kind.LOT},
    )
    moved = value_tests.steps(numbers, blamed)
    bound = most_p(moved.p, family)
    steps = [one for one in moved.that_matter if one.p <= bound]
    story = _Story(firsts, numbers, chips // domains if domains else 1)
    for group in groups:
        story.add_group(group)
    for shift in (*shifts, *steps):
        story.add_shift(shift)
    for one in capability:
        if (
            one.ppk is not None
            and one.core is not None
            and (max(index_interval(one.ppk, one.n)[1], index_interval(one.core, one.n)[1]) < LEAST_PPK)
        ):
            story.add_capability(one)
    return Found(tuple(story.told()), looked + len(slots.p) + len(lots.p) + len(moved.p))


def _station_of_place(firsts: Firsts) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    found = np.full(len(firsts.slot.names) + 1, -1, np.int32)
    found[firsts.slot.codes] = firsts.station.codes
    return found


class _Story:
    """Evidence, gathered by what it is about."""

    def __init__(self, firsts: Firsts, numbers: Numbers, chips_per_domain: int) -> None:
        self._firsts, self._numbers, self._a_domain = firsts, numbers, chips_per_domain
        self._found: dict[Subject, Finding] = {}
        self._shifts: dict[Subject, list[Shift]] = {}
        self._start = int(firsts.day.min())

    def add_group(self, one: Grouped) -> None:
        code = "" if one.code == ANY else self._firsts.code.names[one.code]
        share, due = percent(one.observed / one.n), percent(one.expected / one.n)
        what = f"with {code} " if code else ""
        if one.kind is Kind.SINCE:
            subject: Subject = ("since", self._date(one.number).isoformat())
            text = f"{share} of boards fail {what}since {self._date(one.number)}, before that {due}"
        elif one.kind in (Kind.DOMAIN, Kind.CHIP):
            subject = (one.kind, one.number)
            text = (
                f"blamed for {one.observed} of the {one.n} boards that failed with a chip to blame, "
                f"where {one.expected:.0f} were expected{self._since(one)}"
            )
        else:
            subject = (one.kind, one.number)
            against = {
                Kind.SLOT: "the neighbours on the same days and lots",
                Kind.LOT: "other lots on the same days",
                Kind.STATION: "others on the same days and lots",
                Kind.DAY: "the mean of all days",
            }[one.kind]
            text = (
                f"{share} of its boards fail {what}at first, against {due} expected from {against} "
                f"({one.observed} boards where {one.expected:.0f} were expected)"
            )
            text += self._mostly(one) if not code else ""
        self._tell(subject, one.p, text)

    def add_shift(self, shift: Shift) -> None:
        element = self._numbers.elements[shift.element]
        subject: Subject = (shift.kind, shift.number)
        if shift.kind is Kind.SINCE:
            subject = self._subject_of(element)
        self._shifts.setdefault(subject, []).append(shift)

    def add_capability(self, one: Capability) -> None:
        text = (
            f"Ppk of {one.element.label} is {one.ppk:.2f} ({one.low:.2f} to {one.high:.2f}): "
            f"{one.element.told.limit} is often touched"
        )
        self._tell(self._subject_of(one.element), 0.0, text)

    def told(self) -> list[Finding]:
        for subject, shifts in self._shifts.items():
            best = max(shifts, key=lambda one: abs(one.sigmas))
            element = self._numbers.elements[best.element]
            unit = element.told.unit
            low, high = figure(best.before, unit), figure(best.after, unit)
            others = len({self._numbers.elements[one.element].told.name for one in shifts}) - 1
            more = f", {others} more measurement{'s' * (others > 1)} with it" if others else ""
            if best.kind is Kind.SINCE:
                text = (
                    f"{element.label} moved on {day_of(best.number)} from {low} to {high} "
                    f"({signed(best.sigmas)} sigma){more}"
                )
            else:
                text = (
                    f"{element.label} is {high} on average where others have {low} "
                    f"({signed(best.sigmas)} sigma){more}"
                )
                text += self._ends(best)
            self._tell(subject, min(one.p for one in shifts), text)
        found = sorted(self._found.values(), key=lambda one: one.p)
        for one in found:
            del one.evidence[MOST_EVIDENCE:]
        return found

    def _tell(self, subject: Subject, p: float, text: str) -> None:
        if subject not in self._found:
            kind = subject[0] if isinstance(subject[0], Kind) else Kind.SINCE
            self._found[subject] = Finding(self._name(subject), WHAT_TO_DO[kind], p, subject=subject)
        finding = self._found[subject]
        finding.p = min(finding.p, p)
        finding.evidence.append(text)

    def _name(self, subject: Subject) -> str:
        kind, number = subject
        if not isinstance(kind, Kind):
            return "Yield" if kind == "since" else str(number)
        names = {
            Kind.SLOT: self._firsts.slot.names,
            Kind.STATION: self._firsts.station.names,
            Kind.LOT: self._firsts.lot.names,
        }.get(kind)
        if names is not None and isinstance(number, int):
            return f"Lot {names[number]}" if kind is Kind.LOT else names[number]
        return f"{self._date(int(number))}" if kind is Kind.DAY else f"{kind.value.capitalize()} {number}"

    def _subject_of(self, element: Element) -> Subject:
        if element.told.over == "domain":
            return (Kind.DOMAIN, element.index)
        if element.told.over == "chip":
            return (Kind.CHIP, element.index)
        return ("measurement", element.told.name)

    def _date(self, number: int) -> date:
        return day_of(self._start + number)

    def _mostly(self, one: Grouped) -> str:
        """Which code most of its failures have."""
        codes = self._firsts.code.codes[
            group_tests.members(self._firsts, one, self._a_domain) & ~self._firsts.passed
        ]
        counts = np.bincount(codes[codes >= 0], minlength=1)
        best = int(np.argmax(counts))
        return f", {percent(counts[best] / max(1, len(codes)))} of them {self._firsts.code.names[best]}"

    def _since(self, one: Grouped) -> str:
        """From when on a position is blamed more often, where that is plain."""
        mine = self._firsts.day[group_tests.members(self._firsts, one, self._a_domain)] - self._start
        days = int(self._firsts.day.max()) - self._start + 1
        counts = np.bincount(mine, minlength=days)
        before = np.cumsum(counts)[:-1]
        at = np.arange(1, days)
        if not len(at):
            return ""
        with np.errstate(invalid="ignore", divide="ignore"):
            rates = before / at, (counts.sum() - before) / (days - at)
            gain: Floats = sum(
                (
                    np.where(rate > 0, many * np.log(rate / counts.sum() * days), 0.0)
                    for rate, many in zip(rates, (before, counts.sum() - before), strict=True)
                ),
                np.zeros(1),
            )
        best = int(np.argmax(gain))
        plain = gain[best] > 8 and rates[1][best] > 3 * rates[0][best]
        return f", most since about {self._date(best + 1)}" if plain else ""

    def _ends(self, shift: Shift) -> str:
        """How a slot's number went from the first fifth of the days to the last."""
        if shift.kind is not Kind.SLOT:
            return ""
        mine = self._numbers.place == shift.number
        days = np.unique(self._numbers.day[mine])
        fifth = len(days) // 5
        if not fifth:
            return ""
        first = self._numbers.total(mine & (self._numbers.day <= days[fifth - 1]))[1][shift.element]
        last = self._numbers.total(mine & (self._numbers.day >= days[-fifth]))[1][shift.element]
        sigma = value_tests.board_sigma(self._numbers)[shift.element]
        if not abs(last - first) > 2 * value_tests.LEAST_SIGMAS * sigma:
            return ""
        unit = self._numbers.elements[shift.element].told.unit
        return f"; it went from {figure(first, unit)} to {figure(last, unit)}"

"""A finding: one cause, in words a technician can act on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rig.recipe.failures import Failure, Failures, Party, party_of
from rig.verdict.codes import rank
from rig.verdict.severity import Verdict, severity_of

Fact = str | int | float
FIELD = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found wrong. ``evidence`` is what it rests on, a sentence each.

    ``chip``, ``domain`` and ``sensor`` count from 0. A ``consequence`` follows from another
    finding of the same run and never names the failure.
    """

    code: str
    party: Party
    severity: Verdict
    text: str
    place: str
    action: str
    retest: str
    causes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    chip: int | None = None
    domain: int | None = None
    sensor: int | None = None
    consequence: bool = False
    trip: bool = False

    @property
    def order(self) -> tuple[int, bool, bool, int]:
        """Sorts findings: the worst first, causes before consequences, a safety trip before all."""
        severities = tuple(Verdict)
        return (-severities.index(self.severity), self.consequence, not self.trip, rank(self.code))


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before it is put into words. ``facts`` fill the placeholders of failures.yaml."""

    code: str
    evidence: tuple[str, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    chip: int | None = None
    domain: int | None = None
    sensor: int | None = None
    severity: Verdict | None = None        # None: by the code's party
    of_limit: bool = False                 # made from a mere limit; diagnosis may know better
    trip: bool = False
    voids: frozenset[str] = frozenset()    # codes whose limits say nothing of the board beside this

    def covers(self, other: Draft) -> bool:
        """Whether this one says what ``other``, made from a limit, says, and more exactly; or voids it."""
        if other.code in self.voids:
            return True
        if self.code != other.code:
            return False
        pairs = ((self.chip, other.chip), (self.domain, other.domain), (self.sensor, other.sensor))
        return all(theirs is None or ours == theirs for ours, theirs in pairs)

    def in_words(
        self, failures: Failures, common: Mapping[str, Fact], *, consequence: bool = False
    ) -> Finding:
        """The finding in the product's words. ``common`` are the facts of the whole run."""
        party = party_of(self.code)
        words = failures.codes.get(self.code) or _unlisted(self.code, failures)
        facts = {
            **common,
            "reason": "; ".join(self.evidence),
            **{name: value for name in ("chip", "domain", "sensor")
               if (value := getattr(self, name)) is not None},
            **self.facts,
        }
        return Finding(
            code=self.code,
            party=party,
            severity=self.severity or severity_of(party),
            text=fill_or(words.says, facts, str(facts["reason"])),
            place=fill_or(words.place, facts, ""),
            action=fill_or(words.action, facts, "Look at the measurements in the record."),
            retest=fill(words.retest, facts),
            causes=words.causes,
            evidence=self.evidence,
            chip=self.chip,
            domain=self.domain,
            sensor=self.sensor,
            consequence=consequence,
            trip=self.trip,
        )


def fill(template: str, facts: Mapping[str, Fact]) -> str:
    """Put facts where ``{name}`` stands; one that is not known reads ``?``. Never raises."""
    def fact(match: re.Match[str]) -> str:
        value = facts.get(match[1], "?")
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    return FIELD.sub(fact, template)


def fill_or(template: str, facts: Mapping[str, Fact], otherwise: str) -> str:
    """The template filled, or ``otherwise`` when a fact it needs is not known."""
    return fill(template, facts) if set(FIELD.findall(template)) <= facts.keys() else otherwise


def _unlisted(code: str, failures: Failures) -> Failure:
    return Failure(
        says=f"{code}: {{reason}}",
        action=f"Ask the engineer: {failures.failures} {failures.version} has no words for {code}.",
    )

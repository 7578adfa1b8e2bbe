"""Versions of recipe and limits in a report: boards are counted together, numbers never pooled."""

from __future__ import annotations

from dataclasses import dataclass

from rig.errors import UsageError
from rig.qa.select import Chosen
from rig.qa.words import count


@dataclass(frozen=True, slots=True)
class Spec:
    """One version: ``name`` is what --spec takes; hashes are shortened, "" where the record had none."""

    name: str
    recipe: str
    limits: str
    boards: int
    passed: int

    def __str__(self) -> str:
        return f"recipe {self.recipe or 'unknown'}, limits {self.limits or 'unknown'}"


@dataclass(frozen=True, slots=True)
class Specs:
    """All versions, that with most boards first; ``used``: whose numbers the report tells."""

    all: tuple[Spec, ...]
    used: str

    @classmethod
    def of(cls, chosen: Chosen, wanted: str | None) -> Specs:
        """Raises UsageError when no board has the version wanted."""
        found = tuple(
            Spec(*row)
            for row in chosen.rows(
                "SELECT spec, any_value(recipe), any_value(limits), count(*), sum(passed::int)::int "
                "FROM units GROUP BY 1 ORDER BY 4 DESC, 1"
            )
        )
        if wanted is not None and wanted not in [one.name for one in found]:
            known = ", ".join(f"{one.name} ({one})" for one in found) or "none"
            raise UsageError(f"--spec {wanted[:40]!r}: found no board with it, expected one of {known}")
        return cls(found, wanted or (found[0].name if found else ""))

    def says(self) -> str:
        used = next((one for one in self.all if one.name == self.used), None)
        return "no recipe" if used is None else str(used)

    def warnings(self) -> list[str]:
        if len(self.all) < 2:
            return []
        told = "; ".join(
            f"{one.name}: {one}, {count(one.boards)} boards, {100 * one.passed / one.boards:.1f} % first-pass"
            for one in self.all
        )
        return [
            f"{len(self.all)} versions of recipe and limits were in use. Yields count all of them; numbers, "
            f"capability and drifts are those of {self.used} alone (--spec chooses another). {told}."
        ]

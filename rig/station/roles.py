"""Who may do what, from the one who only looks to the one who answers for quality."""

from __future__ import annotations

from enum import Enum
from functools import total_ordering


@total_ordering
class Role(Enum):
    """Least first. The value is the spelling in files, records and the API."""

    VIEWER = "viewer"           # a screen that only shows
    OPERATOR = "operator"
    TECHNICIAN = "technician"
    ENGINEER = "engineer"
    QA = "qa"

    def __lt__(self, other: Role) -> bool:
        order = tuple(Role)
        return order.index(self) < order.index(other)

    @property
    def word(self) -> str:
        return "QA" if self is Role.QA else self.value

    @property
    def may_try_out(self) -> bool:
        """Its runs are engineering: they count for nothing, and no lock holds them."""
        return self >= Role.ENGINEER

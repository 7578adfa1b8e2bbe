"""Which boards the breakers carry: a run waits here until there is room, instead of being refused live.

The guard books the same watts, volts times current limit, and has the last word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rig.fixturefile import FixtureFile
from rig.recipe import Recipe
from rig.station.view import FeedView


class Feeds:
    """The feeds of one fixture, for boards of one recipe."""

    def __init__(self, fixture: FixtureFile, recipe: Recipe) -> None:
        self._feeds = fixture.feeds
        self._of = {slot: name for name, feed in fixture.feeds.items() for slot in feed.slots}
        top = max(level.volts for level in recipe.levels)
        self._board_watts = max(recipe.pre_open_volts * recipe.pre_open_amps, top * recipe.limit_amps)

    def name_of(self, slot: str) -> str:
        """The slot's feed; "" for one that hangs on none."""
        return self._of.get(slot, "")

    def free(self, slot: str, busy: Collection[str]) -> bool:
        """Whether the slot's feed carries one board more beside those of the ``busy`` slots."""
        name = self._of.get(slot)
        if name is None:
            return True
        beside = sum(self._of.get(other) == name for other in busy if other != slot)
        return (beside + 1) * self._board_watts <= self._feeds[name].watts

    def views(self, watts: Mapping[str, float]) -> tuple[FeedView, ...]:
        """What each carries now. ``watts`` of the slots that are live."""
        return tuple(
            FeedView(name=name, most_watts=round(feed.watts, 1),
                     watts=round(sum(watts.get(slot, 0.0) for slot in feed.slots), 1))
            for name, feed in self._feeds.items()
        )

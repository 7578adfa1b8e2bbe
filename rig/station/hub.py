"""Who watches: every page gets the whole picture first, then what has changed, and a beat a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from rig.station.view import StationView, TileView

MOST_WAITING = 64               # messages; a page that is further behind is better off anew
TILE_SECONDS = 0.1              # a tile is told at most so often


class Watcher:
    """One page's queue. ``lost``: it could not keep up and must come again."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self.lost = asyncio.Event()

    def tell(self, message: str) -> None:
        try:
            self.messages.put_nowait(message)
        except asyncio.QueueFull:
            self.lost.set()


class Hub:
    """All pages that watch, and what they were told last."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._tiles: dict[str, str] = {}
        self._rest = ""
        self.seq = 0

    @contextmanager
    def watching(self) -> Iterator[Watcher]:
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    @property
    def watched(self) -> bool:
        return bool(self._watchers)

    def tell_tiles(self, tiles: list[TileView]) -> None:
        """Each tile that differs from what was told last, as text made once for all pages."""
        for tile in tiles:
            text = tile.model_dump_json()
            if self._tiles.get(tile.slot) != text:
                self._tiles[tile.slot] = text
                self.seq += 1
                self._tell(f'{{"type":"tile","seq":{self.seq},"tile":{text}}}')

    def tell_rest(self, view: StationView) -> None:
        """The whole picture, when anything besides the tiles differs."""
        rest = view.model_dump_json(exclude={"seq", "now", "tiles"})
        if rest != self._rest:
            self._rest = rest
            self.seq += 1
            self._tell(station_message(view.model_copy(update={"seq": self.seq})))

    def beat(self, now: str) -> None:
        self._tell(f'{{"type":"beat","seq":{self.seq},"now":"{now}"}}')

    def _tell(self, message: str) -> None:
        for watcher in self._watchers:
            watcher.tell(message)


def station_message(view: StationView) -> str:
    return f'{{"type":"station","view":{view.model_dump_json()}}}'

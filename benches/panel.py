"""From an event to the page: sixteen running slots, the station's own hub, socket and page, Chromium.

    .venv/bin/python -m benches.panel

Every slot has four events a second at moments of its own; each carries its time of day, which the page
looks for in its document at every frame. The wait for the hub's next turn is in the figure. Twenty seconds.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import uvicorn
from playwright.async_api import async_playwright

import rig
from rig.clock import SystemClock
from rig.station.app import make_app
from rig.station.badges import BadgeFile
from rig.station.hub import TILE_SECONDS
from rig.station.place import Place
from rig.station.sessions import Sessions
from rig.station.station import Station
from rig.station.view import BoardMap, TileState, TileView
from rig.station.words import say

ROOT = Path(rig.__file__).parents[1]
SECONDS, EVENTS_PER_SECOND, SETTLE_SECONDS = 10.0, 4.0, 2.0
VIEW = "bench"
# In the page: at every frame, whatever time is newly in a tile's serial is as old as it is.
WATCH = """() => {
  window.ages = [];
  const seen = new Map();
  const look = () => {
    for (const tile of document.querySelectorAll(".tile .serial")) {
      const told = Number(tile.textContent);
      if (!told || seen.get(tile) === told) continue;
      seen.set(tile, told);
      window.ages.push(performance.timeOrigin + performance.now() - 1000 * told);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@dataclass(frozen=True, slots=True)
class Ages:
    """Milliseconds from an event to the document."""

    events: int
    median: float
    p99: float
    most: float


def measure(seconds: float = SECONDS) -> Ages:
    """Sixteen slots for so long. Needs Debian's chromium."""
    runtime = Path(tempfile.mkdtemp(prefix="rig-"))
    os.environ["RIG_RUNTIME"] = str(runtime)
    try:
        place = Place.find(
            ROOT / "fixtures" / "sim-16.yaml", None, None, runtime / "results", ROOT / "testplans"
        )
        ages = asyncio.run(_measure(place, seconds))
    finally:
        shutil.rmtree(runtime, ignore_errors=True)
    cuts = quantiles(ages, n=100)
    return Ages(len(ages), cuts[49], cuts[98], max(ages))


async def _measure(place: Place, seconds: float) -> list[float]:
    clock = SystemClock()
    station = Station(place, clock)
    app = make_app(station, Sessions(BadgeFile(), clock), VIEW, {"127.0.0.1"})
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_level="error", lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
    )
    with socket.create_server(("127.0.0.1", 0)) as door:
        serving = asyncio.create_task(server.serve(sockets=[door]))
        playing = asyncio.create_task(_play(station))
        try:
            return await _watch(f"http://127.0.0.1:{door.getsockname()[1]}/?view={VIEW}", seconds)
        finally:
            playing.cancel()
            server.should_exit = True
            await serving
            station.log.close()


async def _play(station: Station) -> None:
    """Slots change when they like; the hub is told at the pace of the station's own turn."""
    dice = random.Random(1)
    slots = list(station.view().tiles)
    due = {tile.slot: time.time() + dice.random() for tile in slots}
    shown = {tile.slot: _tile(tile, dice, 0.0) for tile in slots}
    beat = 0.0
    while True:
        now = time.time()
        for tile in slots:
            if due[tile.slot] <= now:
                shown[tile.slot] = _tile(tile, dice, due[tile.slot])
                due[tile.slot] += dice.uniform(0.5, 1.5) / EVENTS_PER_SECOND
        station.hub.tell_tiles(list(shown.values()))
        if now - beat >= 1:
            beat = now
            station.hub.beat(f"{now:.3f}")
        await asyncio.sleep(TILE_SECONDS)


def _tile(tile: TileView, dice: random.Random, at: float) -> TileView:
    board = BoardMap(
        domains=13,
        chips_per_domain=5,
        chips_found=65,
        hit_shares=tuple(dice.uniform(0.998, 1) for _ in range(65)),
        bad_cores=(0,) * 65,
        sensor_celsius=(55.0,) * 4,
        domain_volts=tuple(dice.uniform(1.03, 1.06) for _ in range(13)),
    )
    return TileView(
        slot=tile.slot,
        number=tile.number,
        state=TileState.RUNNING,
        title=say("tile.running"),
        serial=f"{at:.4f}",
        simulated=True,
        phase="burn-in",
        progress=dice.random(),
        seconds=dice.random(),
        seconds_left=dice.random(),
        watts=dice.uniform(1000, 1100),
        celsius=56,
        mhz=587.5,
        answers_per_second=dice.uniform(18e3, 19e3),
        volts=13.6,
        board=board,
        can_stop=True,
    )


async def _watch(address: str, seconds: float) -> list[float]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.goto(address)
        await page.wait_for_selector(".tile.is-running")
        await page.wait_for_timeout(1000 * SETTLE_SECONDS)
        await page.evaluate(WATCH)
        await page.wait_for_timeout(1000 * seconds)
        ages: list[float] = await page.evaluate("window.ages.slice(16)")
        await browser.close()
    return ages


def main() -> None:
    print(f"load {os.getloadavg()[0]:.2f} at the start")
    found = measure()
    print(
        f"event to document, sixteen slots, {found.events} events: median {found.median:.0f} ms, "
        f"p99 {found.p99:.0f} ms, at most {found.most:.0f} ms"
    )


if __name__ == "__main__":
    main()

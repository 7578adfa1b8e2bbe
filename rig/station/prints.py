"""A run's page for paper, made by `rig report board` in a process of its own: a station makes no reports.

One at a time and below everything else, since boards are being tested beside it; kept by what the record
says, so that the same page is made once.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import sys
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from rig.errors import FileError
from rig.records import read_record
from rig.station.runfiles import RunFiles
from rig.station.sessions import Refused
from rig.station.words import say

WAIT_SECONDS: Final = 20.0          # for another page that is being made
MAKE_SECONDS: Final = 60.0
NICER: Final = 15
MOST_KEPT: Final = 16
COMMAND: Final = (sys.executable, "-m", "rig")
PRINTS: Final = "addEventListener('load', () => print()); addEventListener('afterprint', () => close());"


class Prints:
    """Pages of the runs under ``results``. ``command`` is how ``rig`` is called."""

    def __init__(self, results: Path, files: RunFiles, command: Sequence[str] = COMMAND) -> None:
        self._results, self._files, self._command = results, files, command
        self._free = asyncio.Lock()
        self._kept: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def page(self, run_id: str) -> str:
        """The page as HTML. Raises Refused: no such run, not over, others wait already, or it failed."""
        key = run_id, await asyncio.to_thread(self._mark, run_id)
        async with self._turn():
            if key not in self._kept:
                self._kept[key] = await self._make(run_id)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def _mark(self, run_id: str) -> str:
        """A hash of the run's record."""
        folder = self._files.folder(run_id)
        if folder is None:
            raise Refused(404, say("refused.unknown"))
        try:
            text = folder.record.read_bytes()
            named = read_record(folder.record).run_id
        except FileNotFoundError:
            raise Refused(404, say("refused.print_live")) from None
        except (OSError, FileError) as error:
            raise Refused(503, say("refused.print", text=str(error))) from error
        if named != run_id:
            raise Refused(404, say("refused.unknown"))
        return hashlib.sha256(text).hexdigest()

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            await asyncio.wait_for(self._free.acquire(), WAIT_SECONDS)
        except TimeoutError:
            raise Refused(503, say("refused.print_busy"), retry_after=WAIT_SECONDS) from None
        try:
            yield
        finally:
            self._free.release()

    async def _make(self, run_id: str) -> str:
        with tempfile.TemporaryDirectory(prefix="rig-print-") as folder:
            out = Path(folder) / "board.html"
            words = ("report", "board", run_id, "--results", str(self._results), "--out", str(out))
            code, said = await _finished((*self._command, *words))
            if code != 0 or not out.is_file():
                raise Refused(503, say("refused.print", text=said or f"it ended with {code}"))
            return await asyncio.to_thread(out.read_text, encoding="utf-8")


async def _finished(words: Sequence[str]) -> tuple[int, str]:
    """Its exit code and the last line it said. Ended with all its own when it takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE, start_new_session=True,
        )
    except OSError as error:
        raise Refused(503, say("refused.print", text=str(error))) from error
    try:
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICER)
        _, told = await asyncio.wait_for(process.communicate(), MAKE_SECONDS)
    except TimeoutError:
        raise Refused(503, say("refused.print_slow", seconds=round(MAKE_SECONDS))) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    lines = told.decode(errors="replace").strip().splitlines()
    return process.returncode or 0, lines[-1][-300:] if lines else ""


def with_print(html: str, nonce: str) -> str:
    """The page, asking for its printer as soon as it is there."""
    return html.replace("</body>", f'<script nonce="{nonce}">{PRINTS}</script>\n</body>')


def policy(nonce: str | None) -> str:
    """The content security policy of a page: nothing from anywhere, and nothing of the station's own."""
    script = "" if nonce is None else f"script-src 'nonce-{nonce}'; "
    may = "allow-downloads" if nonce is None else "allow-downloads allow-scripts allow-modals"
    return (
        f"default-src 'none'; {script}style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors 'none'; sandbox {may}"
    )

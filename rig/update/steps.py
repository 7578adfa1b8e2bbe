"""Running a release's commands: each to its end or its deadline, with the last words of what it said."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.update.asked import Asked
from rig.update.release import Step

TAIL_LINES = 20
NOT_RUN, TOO_LONG = 127, 124    # as a shell says it
_OWN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")      # of the rig that runs, not of another


def environment(**more: str) -> dict[str, str]:
    """For another release's commands; pip's own variables and the site's ($RIG_PLANS) are handed on."""
    return {name: value for name, value in os.environ.items() if name not in _OWN} | more


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs commands with the station's own words filled in. ``told`` is given a line for each."""

    asked: Asked
    told: Callable[[str], None]

    def all(
        self, commands: Sequence[Sequence[str]], place: Path, given: Mapping[str, str], minutes: float
    ) -> tuple[Step, ...]:
        """Up to the first that fails."""
        words = {"{fixture}": str(self.asked.fixtures[0].resolve()), "{product}": self.asked.product}
        done: list[Step] = []
        for command in commands:
            done.append(run([words.get(word, word) for word in command], place, given, 60 * minutes))
            ended = f"exit {done[-1].code}" if done[-1].code else "done"
            self.told(f"  {done[-1].what}: {ended}, {done[-1].seconds:g} s")
            if done[-1].code:
                break
        return tuple(done)


def went_wrong(steps: Sequence[Step]) -> str:
    """What, and what it said; empty when nothing did."""
    wrong = next((step for step in steps if step.code), None)
    return "" if wrong is None else f"{wrong.what}: exit {wrong.code}: {wrong.tail or 'it said nothing'}"


def run(words: Sequence[str], folder: Path, given: Mapping[str, str], seconds: float) -> Step:
    """One command, whatever becomes of it; it and all that it started are ended when it takes too long."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        program = str(folder / words[0]) if "/" in words[0] else words[0]
        try:
            process = subprocess.Popen(
                [program, *words[1:]], cwd=folder, env=dict(given), stdin=subprocess.DEVNULL,
                stdout=said, stderr=said, start_new_session=True,
            )
        except OSError as error:
            said.write(f"{words[0]}: {error.strerror or error}\n".encode())
            code = NOT_RUN
        else:
            code = _ended(process, seconds)
        if code == TOO_LONG:
            said.write(f"not done within {seconds:.0f} s\n".encode())
        said.seek(0)
        lines = said.read().decode(errors="replace").rstrip().splitlines()
    took = round(time.monotonic() - began, 1)
    return Step(what=" ".join(words), seconds=took, code=code, tail="\n".join(lines[-TAIL_LINES:]))


def _ended(process: subprocess.Popen[bytes], seconds: float) -> int:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return TOO_LONG
    finally:
        if process.poll() is None:              # too long, or we are to end ourselves
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

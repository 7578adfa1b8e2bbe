"""What is asked of git: is it as it should be, what does a name stand for, a checkout of it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rig.datafile import load
from rig.errors import FileError, StationFault, UsageError
from rig.update.release import RELEASE_FILE, ReleaseSteps

_SECONDS = 600.0                # for one word to git, a fetch over a slow line too
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")     # of a hook that called us
_SPACES = ("refs/tags/{}", "refs/remotes/origin/{}", "{}")      # a branch is as it is at its origin


@dataclass(frozen=True, slots=True)
class Source:
    """The clone that releases are made of. Nothing in it is ever changed but by a fetch."""

    folder: Path

    def demand(self) -> None:
        """Raises UsageError where it is none."""
        done = _git(self.folder, "rev-parse", "--git-dir")
        if done.returncode:
            raise UsageError(
                f"{self.folder}: found {_said(done)}, expected a clone of the rig's repository, of our own"
            )

    def fetch(self) -> None:
        """Raises StationFault when its origin cannot be asked. One without an origin is as new as it is."""
        if _git(self.folder, "remote", "get-url", "origin").returncode:
            return
        done = _git(self.folder, "fetch", "--quiet", "--tags", "--force", "--prune", "origin")
        if done.returncode:
            raise StationFault(
                f"{self.folder}: found {_said(done)}, expected to fetch what is new; see to the network, or "
                "take what was fetched before by --offline"
            )

    def commit(self, ref: str) -> str:
        """All digits of the commit that a tag, branch or commit stands for. Raises UsageError."""
        if _REF.fullmatch(ref):
            for space in _SPACES:
                name = space.format(ref) + "^{commit}"
                found = _git(self.folder, "rev-parse", "--verify", "--quiet", name)
                if not found.returncode:
                    return found.stdout.strip()
        raise UsageError(f"--to {ref}: found no such tag, branch or commit in {self.folder}, expected one; "
                         "git tag lists the versions")

    def steps(self, ref: str, commit: str) -> ReleaseSteps:
        """What that version says of itself. Raises UsageError, FileError."""
        found = _git(self.folder, "show", f"{commit}:{RELEASE_FILE}")
        if found.returncode:
            raise UsageError(
                f"--to {ref}: found no {RELEASE_FILE} in it, expected a version that says how it is set up"
            )
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            file.write(found.stdout)
            file.flush()
            try:
                return load(Path(file.name), ReleaseSteps)
            except FileError as error:
                raise FileError(f"{ref}:{RELEASE_FILE}", error.field, error.found, error.expected) from None

    def checkout(self, commit: str, folder: Path) -> None:
        """A clone of its own, at that commit. Raises StationFault."""
        words = ("clone", "--quiet", "--no-checkout", "--local", str(self.folder), str(folder))
        for done in (_git(self.folder, *words), _git(folder, "checkout", "--quiet", "--detach", commit)):
            if done.returncode:
                raise StationFault(f"{folder}: found {_said(done)}, expected a checkout of {commit[:10]}")


def changes(folder: Path) -> list[str]:
    """What somebody has changed in a checkout and not committed; none in a bare repository."""
    done = _git(folder, "status", "--porcelain")
    return [] if done.returncode else done.stdout.splitlines()


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Never asks a person. Raises StationFault when git is not there, or does not come to an end."""
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C",
             "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")}
    given = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *words], env=given | quiet, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False,
        )
    except OSError as error:
        found = error.strerror or error
        raise StationFault(f"git: found {found}, expected to run it; install git") from error
    except subprocess.TimeoutExpired:
        raise StationFault(f"git {words[0]}: not done within {_SECONDS:.0f} s; see to the network") from None


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"exit {done.returncode}"

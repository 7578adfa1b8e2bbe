"""A release: one version of the rig in a folder of its own, what it must do to be ready, and how it went.

``deploy/release.yaml`` of a version says how its checkout becomes a station's and how it proves itself: the
version to come knows that best. ``releases/NAME.json`` is what the updater knows of a release.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from pydantic import AwareDatetime, Field

from rig.datafile import Data

RELEASE_FILE = "deploy/release.yaml"
Word = Annotated[str, Field(min_length=1)]
Command = Annotated[list[Word], Field(min_length=1)]


class ReleaseSteps(Data):
    """Commands, word by word, run in the release's folder; ``{fixture}`` and ``{product}`` are the station's.

    ``prove`` has a runtime directory of its own and touches no bench; ``after`` runs when it is switched to,
    in the station's own, before anything is started anew.
    """

    schema_version: int = Field(default=1, ge=1, le=1)
    store_version: int = Field(ge=0)            # of results/rig.db, once this version has written to it
    needs_gib: float = Field(gt=0)
    step_minutes: float = Field(default=30, gt=0, le=600)
    prepare: list[Command]
    prove: list[Command] = Field(min_length=1)
    after: list[Command] = Field(min_length=1)


class State(Enum):
    """How far a release came."""

    PREPARING = "preparing"
    READY = "ready"             # proved beside
    SWITCHED = "switched"       # the station's, and not proved there yet
    GOOD = "good"               # proved as the station's
    FAILED = "failed"


class Step(Data):
    """One command that was run. ``tail``: the last it said."""

    what: str
    seconds: float
    code: int
    tail: str = ""


class Release(Data):
    """``before``: the release that the station had until then; None: none."""

    schema_version: int = Field(default=1, ge=1, le=1)
    name: str
    ref: str
    commit: str
    made: AwareDatetime
    state: State
    store_version: int
    before: str | None = None
    steps: tuple[Step, ...] = ()

"""What a packet states: which boards it holds, by their passports, and which it leaves out and why."""

from __future__ import annotations

from pydantic import Field

from rig.datafile import Data

LOT_FILE, PAGE_FILE, PASSPORTS = "lot.json", "index.html", "passports"


class LotBoard(Data):
    """A board that ships. ``passport``: SHA-256 of the bytes of ``file`` in the packet's passports."""

    serial: str
    run_id: str
    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    passport: str


class LeftOut(Data):
    """A board that was tested in the period and does not ship."""

    serial: str
    run_id: str             # its last run
    why: str


class LotStatement(Data):
    """What is signed. The period is of the runs' starts; ``page``: SHA-256 of the page's bytes."""

    since: str
    until: str
    made: str
    simulated: bool
    boards: tuple[LotBoard, ...]
    left_out: tuple[LeftOut, ...]
    page: str

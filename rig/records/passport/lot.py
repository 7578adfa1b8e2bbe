"""The packet that goes with a shipment: a page, a signed list, and a passport for each board."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rig.errors import UsageError
from rig.records.chain import take_in
from rig.records.database import reading, transaction
from rig.records.files import keeping, sync_folder, write_whole
from rig.records.passport.issue import keep_passport
from rig.records.passport.keys import SigningKey
from rig.records.passport.lot_page import lot_page
from rig.records.passport.lot_statement import LOT_FILE, PAGE_FILE, PASSPORTS, LotBoard, LotStatement
from rig.records.passport.seal import Kind, seal
from rig.records.passport.select import Period, select_boards
from rig.records.plain import plain
from rig.records.write import STORE_FILE


@dataclass(frozen=True, slots=True)
class Packet:
    """A folder with ``lot.json``, ``index.html`` and the boards' passports."""

    folder: Path
    lot: LotStatement


def make_packet(results: Path, period: Period, out: Path, key: SigningKey, made: datetime) -> Packet:
    """Make the packet of the boards tested in a period, whole or not at all; ``made`` is now.

    Raises UsageError when ``out`` is there already, or no board was tested; StationFault.
    """
    if out.exists():
        raise UsageError(f"{out}: found it there already, expected a new folder to make")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"{out}: found no folder {out.parent}, expected one to make the packet in")
    store = results / STORE_FILE
    if not store.is_file():
        raise UsageError(f"{results}: found no {STORE_FILE}, expected the store of a station; give --results")
    with transaction(store) as database:
        for (station,) in database.execute("SELECT DISTINCT station FROM runs").fetchall():
            take_in(database, station)
    with reading(store) as database:
        found = select_boards(database, period)
    if not found.boards and not found.left_out:
        raise UsageError(
            f"{results}: found no board tested from {plain(period.since)} to {plain(period.until)}, expected "
            "at least one; give --since and --until"
        )
    files = {board.serial: f"{board.serial}-{board.run_id}.json" for board in found.boards}
    texts = {board.serial: keep_passport(results, board, key) for board in found.boards}
    page = lot_page(found, period, made, key, files)
    lot = LotStatement(
        since=str(plain(period.since)), until=str(plain(period.until)), made=str(plain(made)),
        simulated=found.simulated,
        boards=tuple(
            LotBoard(
                serial=board.serial, run_id=board.run_id, file=files[board.serial],
                passport=hashlib.sha256(texts[board.serial]).hexdigest(),
            ) for board in found.boards
        ),
        left_out=found.left_out,
        page=hashlib.sha256(page.encode("utf-8")).hexdigest(),
    )
    _write(out, page, seal(Kind.LOT, lot, key), {files[serial]: text for serial, text in texts.items()})
    return Packet(out, lot)


def _write(out: Path, page: str, lot: bytes, passports: dict[str, bytes]) -> None:
    temporary = out.absolute().with_name(f".{out.name}.{os.getpid()}.tmp")
    with keeping(out):
        try:
            (temporary / PASSPORTS).mkdir(parents=True)
            for name, text in passports.items():
                write_whole(temporary / PASSPORTS / name, text.decode("utf-8"))
            write_whole(temporary / PAGE_FILE, page)
            write_whole(temporary / LOT_FILE, lot.decode("utf-8"))
            temporary.rename(out)
            sync_folder(out.absolute().parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

"""The packet's page: which boards, which chips, tested where, by what. One file, no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rig.records.model import IdentityRecord, InstrumentRecord
from rig.records.passport.keys import SigningKey, key_id
from rig.records.passport.select import Period, Selected
from rig.records.passport.statement import PassportStatement

NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Group:
    """Boards that have something in common: ``words`` in the columns of its table."""

    words: tuple[str, ...]
    boards: int
    chips: int


def lot_page(
    found: Selected, period: Period, made: datetime, key: SigningKey, files: Mapping[str, str]
) -> str:
    """The page's text; ``files`` are the passports' names by serial."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )
    environment.filters |= {"day": _day, "minute": _minute, "stated": _stated, "chips": _chips}
    boards = found.boards
    return environment.get_template("lot.html").render(
        found=found, boards=boards, files=files, since=period.since, until=period.until, made=made,
        key_id=key_id(key.public_hex), public_key=key.public_hex, development=key.development,
        products=sorted({board.product for board in boards}) or [NOT_STATED],
        chip_count=sum(board.result.chips_found or 0 for board in boards),
        watts=sum(board.result.watts or 0.0 for board in boards),
        chips=_groups(boards, lambda board: _chips(board.chips)),
        places=_groups(boards, lambda board: (
            _stated(board.tested.site), _stated(board.tested.country), board.tested.station,
            board.tested.fixture,
        )),
        grades=_groups(boards, lambda board: (board.result.verdict.value, _stated(board.result.grade))),
        instruments=sorted({_instrument(one) for board in boards for one in board.instruments}),
        makers=_groups(boards, lambda board: (
            board.made_by.rig_version, _stated(board.made_by.recipe), _stated(board.made_by.limits),
            _stated(board.made_by.code),
        )),
    ) + "\n"


def _groups(
    boards: Iterable[PassportStatement], words: Callable[[PassportStatement], tuple[str, ...]]
) -> list[Group]:
    counts, chips = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for board in boards:
        counts[words(board)] += 1
        chips[words(board)] += board.result.chips_found or 0
    return [Group(one, counts[one], chips[one]) for one in sorted(counts)]


def _chips(chips: IdentityRecord | None) -> tuple[str, ...]:
    """Marking, die, bin, technology, final test, lot."""
    if chips is None:
        return (NOT_STATED,) * 6
    return (
        _stated(chips.chip_marking), _stated(chips.chip_die), str(chips.chip_bin),
        _stated(chips.chip_technology), _stated(chips.ft_version), _stated(chips.factory_job),
    )


def _instrument(one: InstrumentRecord) -> tuple[str, ...]:
    overdue = " - OVERDUE" if one.calibration_overdue else ""
    return (
        one.role, one.identity, _stated(one.calibrated), _stated(one.certificate),
        _stated(one.calibration_due) + overdue,
    )


def _stated(word: str | None) -> str:
    return word or NOT_STATED


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def _minute(moment: datetime | str) -> str:
    then = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{then.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

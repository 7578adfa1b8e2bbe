"""The line report's parts that come from runs: yields, reasons, places, ways, grades, times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rig.qa import charts
from rig.qa.numbers import Numbers
from rig.qa.page import Figure, Table, rows_of
from rig.qa.select import Chosen
from rig.qa.source import KeptRepair
from rig.qa.words import count, minutes, percent
from rig.qa.yields import Point, Share, by, by_day, by_shift, day_of, positions, reasons, ways

if TYPE_CHECKING:
    from rig.qa.line import Line


def shape(numbers: Numbers) -> tuple[int, int]:
    """Chips and domains of the board, as its measurements have them; 0 where none runs over them."""
    sizes = {
        over: max((one.told.size for one in numbers.elements if one.told.over == over), default=0)
        for over in ("chip", "domain")
    }
    return sizes["chip"], sizes["domain"]


def share(one: Share) -> str:
    """In per cent."""
    return "–" if one.value is None else percent(one.value)


def interval(one: Share) -> str:
    """Its 95 % interval in brackets."""
    return "" if one.interval is None else f" ({100 * one.interval.low:.1f}–{100 * one.interval.high:.1f})"


def yield_figures(line: Line, shares: Sequence[Share]) -> list[Figure]:
    """Yields as a table, by day, and by every group."""
    firsts = line.firsts
    days = by_day(firsts)
    slots, lots, shifts, stations = (
        by(firsts, firsts.slot),
        by(firsts, firsts.lot),
        by_shift(firsts),
        by(firsts, firsts.station),
    )
    red = {one.name.removeprefix("Lot ") for one in line.found.findings}
    figures = [
        Figure(
            "First-pass yield by day",
            charts.p_chart(days, _notes(line)),
            "grey: mean and limits of three sigmas; red: outside them",
            "yield-by-day",
            points_table(days, "day"),
        ),
        _yields_table(shares),
        Figure(
            "Lowest slots",
            charts.dots(slots, red, 570),
            f"{len(slots)} slots; bar: 95 % Wilson interval",
            "yield-by-slot",
            points_table(slots, "slot"),
            wide=False,
        ),
    ]
    for title, points, file in (
        ("Stations", stations, "station"),
        ("Shifts", shifts, "shift"),
        ("Lowest lots", lots, "lot"),
    ):
        if points:
            figures.append(
                Figure(
                    title,
                    charts.dots(points, red, 570, 10),
                    "bar: 95 % Wilson interval",
                    f"yield-by-{file}",
                    points_table(points, file),
                    wide=False,
                )
            )
    return figures


def _yields_table(shares: Sequence[Share]) -> Figure:
    rows = [
        (one.name, one.says, f"{count(one.count)} of {count(one.total)}", share(one),
         interval(one).strip(" ()"))
        for one in shares
    ]
    return Figure(
        "Yields",
        rows_of(rows, "yield", "boards that", "", "%", "95 %", numeric=(2, 3, 4)),
        "a board counts where its first run falls, and then all its runs do",
        "yields",
        wide=False,
    )


def _notes(line: Line) -> dict[str, str]:
    """Where found lots begin, for the chart by day."""
    firsts, found = line.firsts, {}
    for one in line.found.findings:
        if one.name.startswith("Lot "):
            number_of = firsts.lot.names.index(one.name.removeprefix("Lot "))
            found[day_of(int(firsts.day[firsts.lot.codes == number_of].min())).isoformat()] = (
                f"{one.name} begins"
            )
    return found


def points_table(points: Sequence[Point], name: str) -> Table:
    """As data, with the limits of a p-chart."""
    return rows_of(
        [(one.name, one.n, one.passed, one.share, one.low, one.high, one.is_out) for one in points],
        name,
        "boards",
        "passed first",
        "share",
        "low limit",
        "high limit",
        "outside",
    )


def reason_figures(line: Line) -> list[Figure]:
    """Codes, and where on the board."""
    firsts = line.firsts
    codes = reasons(firsts)
    figures = []
    if codes:
        figures.append(
            Figure(
                f"Why {sum(many for _, many in codes)} boards failed their first run",
                charts.pareto(codes),
                "dashed: share of all up to this code",
                "first-run-codes",
                rows_of(codes, "code", "boards"),
            )
        )
    chips, domains = shape(line.numbers)
    where = positions(firsts)
    if where and chips and domains:
        per = chips // domains
        by_domain = [
            (f"domain {at}", float(sum(where.get(chip, 0) for chip in range(at * per, at * per + per))))
            for at in range(domains)
        ]
        figures += [
            Figure(
                "Where: chips blamed, by position",
                charts.heat(where, chips, domains, width=570),
                "columns are domains from the host; a cell is a chip",
                "chips-blamed",
                rows_of(sorted(where.items()), "chip", "boards"),
                wide=False,
            ),
            Figure(
                "Where: domains",
                charts.bars([(name, many, f"{many:.0f}") for name, many in by_domain], 570),
                "boards with a chip of the domain to blame",
                "domains-blamed",
                rows_of(by_domain, "domain", "boards"),
                wide=False,
            ),
        ]
    if chips and domains:
        figures += _answers_lost(line.numbers, chips, domains)
    return figures


def _answers_lost(numbers: Numbers, chips: int, domains: int) -> list[Figure]:
    """Where on the board answers are lost; nothing where no rate is known."""
    lost = {
        one.index: 10_000 * (1 - float(value))
        for one, value in zip(numbers.elements, numbers.total()[1], strict=True)
        if one.told.name == "chip_hit_rate" and value == value
    }
    if not lost:
        return []
    return [
        Figure(
            "Answers lost, by position",
            charts.heat(lost, chips, domains, digits=1, red=False, width=570, floor=0.8 * min(lost.values())),
            "mean of all boards, in 10 000",
            "answers-lost",
            rows_of(sorted(lost.items()), "chip", "lost in 10 000"),
            wide=False,
        )
    ]


def way_figures(line: Line, repairs: Sequence[KeptRepair]) -> list[Figure]:
    """What became of those that failed."""
    found = ways(line.chosen, repairs)
    total = sum(one.boards for one in found)
    if not total:
        return []
    table = rows_of(
        [(one.name, one.boards, percent(one.boards / total), one.note) for one in found],
        "way",
        "boards",
        "",
        "",
        numeric=(1, 2),
    )
    return [
        Figure(
            f"What became of the {total} that failed first",
            table,
            "repairs are those told with rig repair log",
            "ways",
            wide=False,
        )
    ]


def grade_figures(chosen: Chosen) -> list[Figure]:
    """Grades by what the EEPROM says of the chips."""
    rows = chosen.rows(
        "SELECT coalesce(ft_version, 'unknown'), coalesce(chip_bin::text, '–'), "
        "coalesce(grade, 'not graded'), count(*) FROM units GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    grades = sorted({row[2] for row in rows})
    cells: dict[tuple[str, str], dict[str, int]] = {}
    for version, chip_bin, grade, many in rows:
        cells.setdefault((version, chip_bin), {})[grade] = many
    table = rows_of(
        [
            (
                *key,
                count(sum(found.values())),
                *(percent(found.get(grade, 0) / sum(found.values())) for grade in grades),
            )
            for key, found in cells.items()
        ],
        "FT version",
        "bin",
        "boards",
        *grades,
        numeric=range(2, 3 + len(grades)),
    )
    return [
        Figure(
            "Grades by FT version and bin",
            table,
            "of the first run; identity from the board's EEPROM",
            "grades",
            wide=False,
        )
    ]


def time_figures(chosen: Chosen) -> list[Figure]:
    """How long runs take."""
    rows = chosen.rows(
        "SELECT verdict, count(*), median(seconds), quantile_cont(seconds, 0.95) FROM within "
        "WHERE purpose = 'test' GROUP BY 1 ORDER BY 2 DESC"
    )
    return [
        Figure(
            "Cycle time, scan to verdict",
            rows_of(
                [
                    (verdict, count(many), minutes(middle), minutes(high))
                    for verdict, many, middle, high in rows
                ],
                "verdict",
                "runs",
                "median",
                "95 % below",
                numeric=(1, 2, 3),
            ),
            "minutes and seconds",
            "cycle-time",
            wide=False,
        )
    ]


def waiting(chosen: Chosen) -> Figure:
    """Boards that have not passed yet."""
    rows: list[tuple[Any, ...]] = chosen.rows(
        "SELECT serial, coalesce(lot, '–'), coalesce(board_code, '–'), last_at::date, "
        "coalesce(last_action, '–') FROM units WHERE NOT last ORDER BY last_at LIMIT 20"
    )
    many = chosen.one("SELECT count(*) FROM units WHERE NOT last")[0]
    return Figure(
        f"Boards that have not passed: {count(many)}",
        rows_of(rows, "serial", "lot", "first failed with", "last run", "next"),
        "the 20 that wait longest; rig show SERIAL tells a board's life",
        "not-passed",
        wide=False,
    )

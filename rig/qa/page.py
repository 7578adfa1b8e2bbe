"""Pages: one HTML file with everything in it, CSV of every chart as a data link, PDF where wanted."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from rig.errors import UsageError
from rig.qa import words
from rig.records.files import write_whole
from rig.records.plain import plain

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet may take for one
NO_PDF: Final = "found no weasyprint, expected it for --pdf; install it with pip install 'hashrig[pdf]'"
# weasyprint lays a grid of many rows out again on every page, takes minutes and loses what is wide in it
PAPER: Final = """@media print {
  .grid:not(.pictures) { display: block !important }
  .grid:not(.pictures) > section { display: block !important; margin-top: 14px;
    break-inside: auto !important }
  .grid:not(.pictures) svg { break-inside: avoid }
  h2 { display: block !important }
}"""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under ``header``; ``numeric``: columns set flush right."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Figure:
    """One part of a page: its title, picture or table, a note, and its data as ``file`` for a spreadsheet.

    ``wide``: takes the page's whole width, else half of it.
    """

    title: str
    body: Markup | Table
    note: str = ""
    file: str = ""
    data: Table | None = None
    wide: bool = True

    @property
    def link(self) -> Markup:
        """A link that carries the CSV in itself."""
        table = self.data or (self.body if isinstance(self.body, Table) else None)
        if table is None or not self.file:
            return Markup("")
        return Markup('<a class="csv" download="{}.csv" href="data:text/csv;base64,{}">CSV</a>').format(
            self.file, base64.b64encode(csv_text(table).encode()).decode()
        )


def csv_text(table: Table) -> str:
    """RFC 4180; a text that a spreadsheet would take for a formula gets a quote before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.header)
    for row in table.rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, str):
        value = value.replace(words.NARROW, " ").replace("−", "-") if value[:1].isdigit() else value
        return f"'{value}" if value.startswith(FORMULA) else value
    return "" if value is None else value


def render(template: str, context: Mapping[str, Any]) -> str:
    """The page. Everything that is put in is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rig.qa"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["table"] = lambda body: isinstance(body, Table)
    environment.filters |= {
        "percent": words.percent,
        "number": words.number,
        "figure": words.figure,
        "count": words.count,
        "limit": words.limit,
    }
    return environment.get_template(template).render(context)


def demand_place(out: Path, *, pdf: bool) -> None:
    """Raises UsageError, before any work, for a folder that is not there or a PDF that cannot be made."""
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: found no folder {out.parent}, expected one that is there")
    if not pdf:
        return
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError) as error:  # OSError: its pango is missing
        raise UsageError(NO_PDF) from error


def publish(html: str, out: Path, *, pdf: bool) -> list[Path]:
    """Write the page, whole or not at all, and its PDF beside it. Raises UsageError, StationFault."""
    demand_place(out, pdf=pdf)
    write_whole(out, html)
    if not pdf:
        return [out]
    import weasyprint

    printed = out.with_suffix(".pdf")
    weasyprint.HTML(string=html).write_pdf(printed, stylesheets=[weasyprint.CSS(string=PAPER)])
    return [out, printed]


def rows_of(rows: Iterable[Sequence[Any]], *header: str, numeric: Iterable[int] = ()) -> Table:
    return Table(header, [tuple(row) for row in rows], frozenset(numeric))

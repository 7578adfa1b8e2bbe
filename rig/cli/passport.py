"""``rig passport``: signed statements of where and how boards were tested, and packets for shipments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from rig.records.passport import PassportStatement, Report, SigningKey

app = typer.Typer(
    help="Passports: what was tested, where, how and with what, under a signature.", no_args_is_help=True
)
key_app = typer.Typer(help="The station's signing key.", no_args_is_help=True)
app.add_typer(key_app, name="key")

KEY_VARIABLE = "RIG_PASSPORT_KEY"
Results = Annotated[Path, typer.Option(help="Folder the records are in.")]
Key = Annotated[Path | None, typer.Option(
    help=f"Private key, PEM, mode 0600 (default: ${KEY_VARIABLE}, else a development key in the results)."
)]


@app.command()
def issue(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id.")],
    out: Annotated[Path | None, typer.Option(help="Where to put it, beside the run's folder.")] = None,
    results: Results = Path("results"),
    key: Key = None,
) -> None:
    """Sign what the store holds of a run. Exit 0 issued, 2 no such closed run or no key, 3 the store."""
    from rig.records.files import write_whole
    from rig.records.passport import issue_passport

    if out is not None and not out.absolute().parent.is_dir():
        raise UsageError(f"{out}: found no folder {out.parent}, expected one to put the passport in")
    if out is not None and out.is_dir():
        raise UsageError(f"{out}: found a folder, expected the name of a file to write")
    _demand_store(results)
    signing = _key(results, key)
    statement, text = issue_passport(results, run, signing)
    if out is not None:
        write_whole(out, text.decode("utf-8"))
    where = f", in {out}" if out is not None else ""
    typer.echo(f"{_says(statement)}{where}")
    _tell_key(signing.public_hex, development=signing.development)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A passport, or the folder of a packet.")],
    key: Annotated[
        Path | None, typer.Option(help="The station's public key, PEM, from a source you trust.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="Hold it against the records in this folder, too.")
    ] = None,
) -> None:
    """Hold a passport or packet against its signature, a key and a store.

    Exit 0 nothing differs, 1 something does (each is told), 2 it is no passport, 3 the store.
    """
    from rig.records.passport import load_public_key, verify_file, verify_packet

    trusted = None if key is None else load_public_key(key)
    check = verify_packet if file.is_dir() else verify_file
    report = check(file, trusted, results)
    _tell_report(report, trusted=trusted is not None, held=results)
    raise typer.Exit(1 if report.problems else 0)


@app.command()
def lot(
    since: Annotated[str, typer.Option(help="First day or moment of the runs, ISO 8601, UTC.")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    until: Annotated[str | None, typer.Option(help="Moment the period ends before (default: now).")] = None,
    results: Results = Path("results"),
    key: Key = None,
) -> None:
    """Make the packet that goes with a shipment: a page, a signed list, the boards' passports.

    Exit 0 made (whatever it holds), 2 nothing tested in the period or no key, 3 the store.
    """
    from rig.clock import SystemClock
    from rig.records.passport import Period, make_packet

    made = SystemClock().utc()
    period = Period(_moment("--since", since), made if until is None else _moment("--until", until))
    if period.since >= period.until:
        raise UsageError(f"--since {since}: found it after the end of the period, expected it before")
    _demand_store(results)
    signing = _key(results, key)
    packet = make_packet(results, period, out, signing, made)
    simulated = "SIMULATED " if packet.lot.simulated else ""
    boards, left_out = packet.lot.boards, packet.lot.left_out
    typer.echo(f"{packet.folder}: {len(boards)} {simulated}boards; {len(left_out)} left out")
    for one in left_out:
        typer.echo(f"  {one.serial}: {one.why}")
    _tell_key(signing.public_hex, development=signing.development)


@key_app.command("new")
def new_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to put it; no file may be there.")],
) -> None:
    """Make a private key of mode 0600, and print its public key. Exit 0, or 2 when a file is there."""
    from rig.records.passport import make_key, public_pem

    typer.echo(public_pem(make_key(file).public_hex), nl=False)


@key_app.command("show")
def show_key(results: Results = Path("results"), key: Key = None) -> None:
    """Print the public key of the key that would sign, for those who verify."""
    from rig.records.passport import public_pem

    _demand_store(results, needed=key is None and KEY_VARIABLE not in os.environ)
    typer.echo(public_pem(_key(results, key).public_hex), nl=False)


def _key(results: Path, key: Path | None) -> SigningKey:
    from rig.records.passport import chosen_key

    named = os.environ.get(KEY_VARIABLE)
    return chosen_key(results, key if key is not None else Path(named) if named else None)


def _demand_store(results: Path, *, needed: bool = True) -> None:
    from rig.cli.show import open_store

    if needed:
        open_store(results)


def _moment(option: str, text: str) -> datetime:
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: found {text[:40]!r}, expected 2026-01-31 or 2026-01-31T08:00") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _says(statement: PassportStatement) -> str:
    result = statement.result
    parts = [result.verdict.value] + ([f"grade {result.grade}"] if result.grade else [])
    parts += [result.failure_code] if result.failure_code else []
    ships = "shippable" if result.shippable else "not shippable"
    simulated = "SIMULATED " if statement.simulated else ""
    return _plain(f"{simulated}board {statement.serial}, run {statement.run_id}: {', '.join(parts)}, {ships}")


def _plain(text: str) -> str:
    """Without signs that a terminal would obey: a passport may come from anybody."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _tell_key(public: str, *, development: bool) -> None:
    from rig.records.passport import key_id

    typer.echo(f"signed with key {key_id(public)}")
    if development:
        typer.echo(
            "DEVELOPMENT KEY: made by the station itself; it shows that nothing was changed, not who signed"
        )


def _tell_report(report: Report, *, trusted: bool, held: Path | None) -> None:
    from rig.records.passport import PassportStatement, key_id

    if isinstance(report.statement, PassportStatement):
        typer.echo(_says(report.statement))
    elif report.statement is not None:
        simulated = "SIMULATED " if report.statement.simulated else ""
        typer.echo(f"packet of {len(report.statement.boards)} {simulated}boards")
    for problem in report.problems:
        typer.echo(_plain(f"DIFFERS  {problem}"))
    if report.problems:
        typer.echo(f"{len(report.problems)} found wrong: do not rely on it")
        return
    whose = "the key given" if trusted else "a key it names itself: give --key to know whose it is"
    typer.echo(f"signature good, of {key_id(report.public_key)}, {whose}")
    if report.development:
        typer.echo("DEVELOPMENT KEY: it shows that nothing was changed, not who signed")
    if held is not None:
        typer.echo(f"agrees with the records in {held} and their chain")

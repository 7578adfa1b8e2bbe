"""``rig station badge``: who works at a station."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Badges of who works at a station.", no_args_is_help=True)

_File = Annotated[Path, typer.Option("--badges", help="File of badges.")]
_FILE = Path("badges.yaml")


@app.command()
def add(
    number: Annotated[str, typer.Argument(help="Its number, as people say it: 0417.")],
    name: Annotated[str, typer.Option(help="Whose it is.")],
    role: Annotated[str, typer.Option(help="operator, technician, engineer or qa.")] = "operator",
    badges: _File = _FILE,
) -> None:
    """Make a badge, or a new one of the same number. Prints the code for its barcode, this once."""
    from rig.errors import UsageError
    from rig.station.badges import add_badge
    from rig.station.roles import Role

    known = [one.value for one in Role if one is not Role.VIEWER]
    if role not in known:
        raise UsageError(f"--role: found {role[:20]!r}, expected one of {', '.join(known)}")
    wanted = Role(role)
    pin = None
    if wanted > Role.OPERATOR:
        pin = typer.prompt("PIN, 6 to 12 digits", hide_input=True, confirmation_prompt=True)
    code = add_badge(badges, number.upper(), name, wanted, pin)
    typer.echo(code.text)


@app.command("list")
def show(badges: _File = _FILE) -> None:
    """Numbers, names and roles; no codes, which nobody can read back."""
    from rig.station.badges import load_badges

    for number, badge in load_badges(badges).badges.items():
        typer.echo(f"{number}  {badge.role.value:10}  {badge.name}")

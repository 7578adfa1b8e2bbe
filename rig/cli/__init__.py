"""The command line: ``rig decode``, ``doctor``, ``eeprom``, ``export``, ``sim``, ``guard``, ``run``,
``instrument``, ``mes``, ``outbox``, ``pack``, ``passport``, ``plan``, ``plant``, ``repair``, ``show``,
``golden``, ``lab``, ``nightly``, ``station``, ``update``, ``watch``.

Each command's module keeps its heavy imports inside its function, so ``rig --version`` is quick.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import rig
from rig.cli.decode import decode
from rig.cli.demo_history import demo_history
from rig.cli.doctor import doctor
from rig.cli.eeprom import app as eeprom_app
from rig.cli.export import export
from rig.cli.gauge import app as gauge_app
from rig.cli.golden import app as golden_app
from rig.cli.guard import app as guard_app
from rig.cli.instrument import app as instrument_app
from rig.cli.lab import app as lab_app
from rig.cli.mes import app as mes_app
from rig.cli.nightly import nightly
from rig.cli.outbox import app as outbox_app
from rig.cli.pack import app as pack_app
from rig.cli.passport import app as passport_app
from rig.cli.plan import app as plan_app
from rig.cli.plant import app as plant_app
from rig.cli.repair import app as repair_app
from rig.cli.report import app as report_app
from rig.cli.run import run
from rig.cli.show import show
from rig.cli.sim import sim
from rig.cli.station import app as station_app
from rig.cli.study import study
from rig.cli.update import update
from rig.cli.watch import app as watch_app
from rig.errors import RigError, UsageError

app = typer.Typer(
    name="rig",
    help="Test rig and factory QA station for Bitcoin hashboards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:  # typer's callback signature
    if wanted:
        typer.echo(f"rig {rig.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Test rig and factory QA station for Bitcoin hashboards."""


app.command("decode")(decode)
app.command("demo-history")(demo_history)
app.command("doctor")(doctor)
app.command("export")(export)
app.command("nightly")(nightly)
app.command("run")(run)
app.command("show")(show)
app.command("sim")(sim)
app.command("study")(study)
app.command("update")(update)
app.add_typer(eeprom_app, name="eeprom")
app.add_typer(gauge_app, name="gauge")
app.add_typer(golden_app, name="golden")
app.add_typer(guard_app, name="guard")
app.add_typer(instrument_app, name="instrument")
app.add_typer(lab_app, name="lab")
app.add_typer(mes_app, name="mes")
app.add_typer(outbox_app, name="outbox")
app.add_typer(pack_app, name="pack")
app.add_typer(passport_app, name="passport")
app.add_typer(plan_app, name="plan")
app.add_typer(plant_app, name="plant")
app.add_typer(repair_app, name="repair")
app.add_typer(report_app, name="report")
app.add_typer(station_app, name="station")
app.add_typer(watch_app, name="watch")


def main() -> None:
    """Run the command line; errors of the rig become one sentence and an exit code."""
    try:
        app()
    except UsageError as error:
        sys.stderr.write(f"rig: {error}\n")
        sys.exit(2)
    except RigError as error:
        sys.stderr.write(f"rig: {error}\n")
        sys.exit(3)

"""``rig eeprom``: images of boards' EEPROMs taken apart."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.errors import FileError, UsageError

if TYPE_CHECKING:
    from rig.recipe.eeprom import Image
    from rig.recipe.eeprom.fields import Value

app = typer.Typer(help="Images of boards' EEPROMs.", no_args_is_help=True)

MOST_BYTES = 10_000         # of a file with 256 bytes in hex


@app.callback()
def _commands() -> None:
    """Images of boards' EEPROMs."""


@app.command()
def decode(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="256 bytes in hex; spaces do not count.")],
    key_file: Annotated[
        Path | None, typer.Option(help="The customer's keys, YAML, mode 0600 (docs/passport.md).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on one line instead.")] = False,
) -> None:
    """Check and tell what an image holds, as far as the keys go.

    Exit 0 nothing is wrong with it, 1 something is, 2 it is no image of a known layout.
    """
    from rig.eepromkeys import load_keys
    from rig.recipe.eeprom import decode as take_apart
    from rig.recipe.eeprom_layout import EepromDamaged

    keys = None if key_file is None else load_keys(key_file)
    try:
        image = take_apart(_bytes_in(file), keys)
    except EepromDamaged as damage:
        raise UsageError(f"{file}: {damage}") from damage
    lines = [json.dumps(_as_data(image))] if as_json else _lines(image)
    sys.stdout.write("\n".join(lines) + "\n")
    raise typer.Exit(1 if image.problems else 0)


def _bytes_in(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise FileError(file, "", error.strerror or str(error), "256 bytes in hex") from error
    try:
        data = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        raise FileError(file, "", "something else", "256 bytes in hex digits") from None
    return data


def _as_data(image: Image) -> dict[str, Any]:
    return {
        "layout": image.layout.name,
        "cipher": image.cipher.value,
        "clear": {name: _plain(value) for name, value in image.clear.items()},
        "regions": [
            {
                "name": one.name, "start": one.start, "size": len(one.raw), "state": one.state.value,
                "says": one.says, "values": {name: _plain(value) for name, value in one.values.items()},
            } for one in image.regions
        ],
        "problems": list(image.problems),
    }


def _plain(value: Value) -> Any:
    return value.hex() if isinstance(value, bytes) else list(value) if isinstance(value, tuple) else value


def _lines(image: Image) -> Iterator[str]:
    from rig.recipe.eeprom import RegionState

    number = f", key {image.keyed & 15}" if image.keyed is not None and image.keyed >> 4 else ""
    yield f"{image.layout.name}; cipher {image.cipher.value}{number}"
    for name, value in image.clear.items():
        yield f"  {name:<22} {_word(value)}"
    for one in image.regions:
        yield f"region {one.name}, 0x{one.start:02X} to 0x{one.start + len(one.raw) - 1:02X}: {one.says}"
        for name, value in one.values.items():
            yield f"  {name:<22} {_word(value)}"
    for problem in image.problems:
        yield f"WRONG  {problem}"
    closed = sum(one.state is RegionState.ENCIPHERED for one in image.regions)
    unknown = f"; {closed} of {len(image.regions)} regions could not be checked" if closed else ""
    yield ("something is wrong with it" if image.problems else "nothing found wrong") + unknown


def _word(value: Value) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)

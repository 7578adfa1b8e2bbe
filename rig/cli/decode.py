"""``rig decode``: a capture of the chain's wire in, one line of JSON a frame out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rig.bm13xx.capture import Stream


def decode(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The capture, or - for standard input.")],
    chip: Annotated[str, typer.Option(help="bm1370, bm1368, bm1366 or bm1362.")] = "bm1370",
) -> None:
    """Explain a capture of the chain's wire: one JSON object a frame, one a line.

    A capture is text: one burst of bytes a line in hex, blanks optional, # before
    a comment. A line may begin with > (host to chip) or < (chip to host); without
    either each frame's preamble tells: 55 AA host to chip, AA 55 chip to host.
    A frame may span lines.

    offset counts the bytes of the capture before the frame's first, those of all
    lines. direction is "host_to_chip" or "chip_to_host", null where unmarked bytes
    do not tell.

    kind is set_address, chain_inactive, write_register, read_register, job,
    register, nonce, or invalid for bytes that are no sound frame: crc_ok is then
    false, length counts them and bytes shows them.

    address is the address byte of the frame, 0 with broadcast true: every chip.
    nonce is the header's integer, version_bits the 16-bit version counter,
    excess_difficulty byte 6 as sent, hash in display order. header, hash,
    zero_bits and difficulty are there when the nonce's job stood earlier.

    Exit code 0 when the capture could be read, whatever it held; 2 when not.
    """
    import json
    import os
    import sys

    from rig.bm13xx.decode import explain
    from rig.bm13xx.models import chip_model

    model = chip_model(chip)
    streams = _read(file)
    try:
        for explained in explain(streams, model):
            sys.stdout.write(json.dumps(explained) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader (head, less) has seen enough; leave nothing for the interpreter's last flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _read(file: str) -> tuple[Stream, ...]:
    import io
    import sys

    from rig.bm13xx.capture import read_capture
    from rig.errors import FileError

    name = "standard input" if file == "-" else file
    try:
        source = sys.stdin.buffer if file == "-" else open(file, "rb")  # noqa: SIM115 - closed below
        with io.TextIOWrapper(source, encoding="utf-8-sig") as text:
            return read_capture(text)
    except OSError as error:
        raise FileError(name, "", error.strerror or "an error on reading", "a capture as text") from None
    except UnicodeDecodeError:
        raise FileError(name, "", "bytes that are no text", "bursts of hex bytes, one a line") from None

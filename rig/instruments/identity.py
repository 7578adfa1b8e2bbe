"""Who an instrument says it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer to ``*IDN?``. Fields a maker leaves out are empty."""

    maker: str
    model: str
    serial_number: str
    firmware: str

    def __str__(self) -> str:
        return ",".join(part for part in (self.maker, self.model, self.serial_number, self.firmware) if part)


def parse_identity(text: str) -> Identity:
    """Maker, model, serial number and firmware of an ``*IDN?`` answer of two to four fields.

    Chroma's older form ``CHROMA 62012P-80-60, 01.00,2005/07/14`` puts maker and model in one
    field. Raises ValueError when the text cannot be an identity.
    """
    fields = [field.strip() for field in text.split(",")]
    if len(fields) < 2 or not fields[0] or fields[0][0] in "+-0123456789.":
        raise ValueError(f"{text[:60]!r} is no identity")
    maker, _, rest = fields[0].partition(" ")
    if len(fields) < 4 and rest:
        return Identity(maker, rest.strip(), "", fields[1])
    padded = [*fields, "", ""][:4]
    return Identity(padded[0], padded[1], padded[2], padded[3])


@dataclass(frozen=True, slots=True)
class Expected:
    """What may answer: models by the start of their names, and one serial number if it is known."""

    models: tuple[str, ...] = ()
    serial_number: str | None = None

    def problem(self, found: Identity) -> str | None:
        """Why ``found`` is the wrong instrument, or None."""
        if self.models and not found.model.upper().startswith(self.models):
            return f"found model {found.model!r}, expected one that begins with {' or '.join(self.models)}"
        if self.serial_number is not None and found.serial_number != self.serial_number:
            return f"found serial number {found.serial_number!r}, expected {self.serial_number!r}"
        return None

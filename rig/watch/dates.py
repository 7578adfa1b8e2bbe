"""What has a last day: calibrations, certificates, and whatever the bench file names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rig.watch.place import Place
from rig.watch.signs import Gravity, Sign

MOST_BYTES = 1_000_000          # of a file of certificates


def ends(place: Place, today: date) -> Iterator[Sign]:
    """One sign for each thing that has a last day; a certificate that cannot be read is not well."""
    warn = place.entry.warn_days
    for slot, entry in place.fixture.slots.items():
        for role, instrument in entry.instruments.items():
            if instrument.calibration_ends is not None:
                yield _until(f"calibration {slot} {role}", instrument.calibration_ends, today, warn)
    for name, day in place.entry.ends.items():
        yield _until(f"end {name}", day, today, warn)
    for name, file in place.entry.certificates.items():
        try:
            day = last_day(file)
        except (OSError, ValueError) as error:
            yield Sign(name=f"certificate {name}", well=False,
                       says=f"{file}: found {error}, expected an X.509 certificate in PEM")
        else:
            yield _until(f"certificate {name}", day, today, warn)


def last_day(file: Path) -> date:
    """The last day on which every certificate in ``file`` holds. Raises OSError, ValueError."""
    from cryptography import x509

    with file.open("rb") as opened:
        text = opened.read(MOST_BYTES)
    return min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(text)).date()


def _until(name: str, day: date, today: date, warn_days: int) -> Sign:
    left = (day - today).days
    if left < 0:
        says, gravity = f"ended on {day.isoformat()}", Gravity.ALARM
    else:
        says, gravity = f"ends on {day.isoformat()}, in {left} days", Gravity.NOTICE
    figures = {"days_left": float(left)}
    return Sign(name=name, well=left > warn_days, says=says, gravity=gravity, figures=figures)

"""The nights before, as they were kept."""

from __future__ import annotations

from pathlib import Path

from rig.night.summary import FILE, NightSummary

NIGHTS = 30


def nights_before(place: Path, site: str) -> tuple[list[NightSummary], list[str]]:
    """The last ``NIGHTS`` of a site that lie beside the folder of this one, first to last.

    And what is wrong with those that cannot be read, in words: one bad file must not end a night.
    """
    found: list[NightSummary] = []
    unread = []
    earlier = sorted((one for one in place.parent.glob(f"*/{FILE}") if one.parent.name < place.name),
                     reverse=True)
    for file in earlier:
        try:
            night = NightSummary.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            unread.append(f"{file} is left out: {str(error).splitlines()[0]}")
            continue
        if night.site == site:
            found.append(night)
        if len(found) == NIGHTS:
            break
    return found[::-1], unread

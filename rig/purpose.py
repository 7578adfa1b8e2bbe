"""What a run is made for. On the ground, since options, records and reports all speak of it."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What a run was made for. Only a test counts for its board, its slot and the yield."""

    TEST = "test"
    ENGINEERING = "engineering"     # a pack recorded, something tried out
    GOLDEN = "golden"               # a golden board that checks the station
    GAUGE = "gauge"                 # a trial of a gauge study

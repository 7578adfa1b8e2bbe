"""What stands under every report."""

from __future__ import annotations

from datetime import datetime

import rig


def foot(made: datetime) -> str:
    """Who made the page, when, and how to read it."""
    return (
        f"rig {rig.__version__}, made {made:%Y-%m-%d %H:%M} UTC. Days and shifts are UTC. "
        "Definitions: docs/reports.md."
    )

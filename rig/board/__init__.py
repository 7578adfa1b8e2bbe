"""What is done to one board: procedures on a slot, without I/O of their own; time by the slot's clock.

Short ones return measurements; long ones are generators of frozen ticks that one driver loop
consumes and may close at any tick. A bad board is a measurement: only a dead station raises.
"""

from rig.board.bring_up import BringUp, bring_up
from rig.board.burn_in import BurnInTick, burn_in
from rig.board.eeprom import EepromReading, read_eeprom
from rig.board.keeper import Warmth, WarmthKeeper
from rig.board.link import link_echoes
from rig.board.ramp import RampTick, ramp
from rig.board.sensors import hottest_of, read_sensors
from rig.board.soak import SoakTick, soak
from rig.board.work_stream import WorkStream
from rig.work.ingest import WireCount

__all__ = [
    "BringUp", "BurnInTick", "EepromReading", "RampTick", "SoakTick", "Warmth", "WarmthKeeper",
    "WireCount", "WorkStream", "bring_up", "burn_in", "hottest_of", "link_echoes", "ramp",
    "read_eeprom", "read_sensors", "soak",
]

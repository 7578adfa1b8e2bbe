"""What is done to one board: procedures on a slot, without I/O of their own; time by the slot's clock.

Short ones return measurements; long ones are generators of frozen ticks that one driver loop
consumes and may close at any tick. A bad board is a measurement: only a dead station raises.
"""

from rig.board.bring_up import BringUp, bring_up
from rig.board.burn_in import BurnInTick, burn_in
from rig.board.clocks import ramp_down, set_clocks, walk_clocks
from rig.board.cores import set_cores
from rig.board.counters import HashCounters
from rig.board.counting import StreamCount, count_after_reset, count_again, count_at_work
from rig.board.discovery import Discovery
from rig.board.eeprom import EepromReading, read_eeprom, write_image
from rig.board.keeper import Warmth, WarmthKeeper
from rig.board.link import link_echoes
from rig.board.ramp import RampTick, glide, ramp
from rig.board.read_back import ReadBack, bring_up_words, check_registers, clock_words
from rig.board.reset import reset_chain
from rig.board.response_probe import ResponseProbe, probe_response
from rig.board.sensors import hottest_of, read_sensors
from rig.board.soak import SoakTick, soak
from rig.board.work_stream import WorkStream
from rig.work.ingest import WireCount

__all__ = [
    "BringUp", "BurnInTick", "Discovery", "EepromReading", "HashCounters", "RampTick", "ReadBack",
    "ResponseProbe", "SoakTick", "StreamCount", "Warmth", "WarmthKeeper", "WireCount", "WorkStream",
    "bring_up", "bring_up_words", "burn_in", "check_registers", "clock_words", "count_after_reset",
    "count_again", "count_at_work", "glide", "hottest_of", "link_echoes", "probe_response", "ramp",
    "ramp_down", "read_eeprom", "read_sensors", "reset_chain", "set_clocks", "set_cores", "soak",
    "walk_clocks", "write_image",
]

"""One simulated board: silicon, chain, electrical stack, heat, and what its EEPROM says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from rig.recipe import Product
from rig.recipe.eeprom_layout import CRC, PT1_START, BoardIdentity, encode_image
from rig.sim import silicon, thermal
from rig.sim.answers import AnswerBook
from rig.sim.arrays import Flags, Floats
from rig.sim.chain import Chain
from rig.sim.conditions import Conditions
from rig.sim.eeprom_cipher import eeprom_keys, enciphered
from rig.sim.effects import Eeprom as EepromState
from rig.sim.effects import Effects, effects_of
from rig.sim.electrical import Activity, Load, Stack, load_of, warmth
from rig.sim.i2c import EEPROM_BYTES, Device, Eeprom, Mux, Sensor
from rig.sim.scenario import BoardScenario, Scenario

BROWN_OUT_VOLTS = 0.45             # a chip below it forgets everything
SHORTED_SIEMENS = 1000.0           # 1 mΩ across a domain
LEAK_STATED_CELSIUS = 25.0         # the leakage fault's amps are those of a cold board
AUTO_SERIAL = "auto"
_NEVER = -1.0


class Board:
    """A board as it stands in a slot. ``serial`` is the scanned one; an ``auto`` EEPROM carries it.

    Attributes: ``effects`` of the faults that have struck; ``chain``; ``stack``; ``heat``. Raises
    UsageError when the scenario names places the product has not got, FileError for a wrong key file.
    """

    def __init__(
        self, product: Product, book: AnswerBook, scenario: Scenario, slot: str, serial: str
    ) -> None:
        self.product = product
        self.serial = serial
        self._told: BoardScenario = scenario.board(slot)
        self._told.check_fits(product)
        self.lottery = silicon.draw(product, self._told.seed_for(serial))
        self.chain = Chain(product, book, self.lottery.seed)
        self.stack = Stack(product.domains)
        self.heat = thermal.Thermal(scenario.ambient_celsius, scenario.time_scale)
        self._places = thermal.sensor_places(product.sensors)
        self._alive: Flags = np.zeros(product.chips, dtype=np.bool_)
        self._mux = Mux()
        self._sensors = [Sensor(partial(self._sensor_reads, number)) for number in range(product.sensors)]
        self._frozen: dict[int, float] = {}
        self._keys = eeprom_keys(self._told.eeprom_key_file)
        self._eeprom = Eeprom(bytes(EEPROM_BYTES))
        self._struck = -1
        self.effects: Effects
        self.strike(None)

    def scan(self, serial: str) -> None:
        """The serial was scanned after the board was put in; an ``auto`` EEPROM carries it."""
        self.serial = serial
        self._eeprom = Eeprom(self._eeprom_image())

    def strike(self, live_seconds: float | None) -> None:
        """Let the faults strike that are due ``live_seconds`` after the output first went on."""
        reached = _NEVER if live_seconds is None else live_seconds
        due = [one for one in self._told.faults if one.at_seconds is None or one.at_seconds <= reached]
        if len(due) != self._struck:
            self._struck = len(due)
            self.effects = effects_of(due, self.product, self.lottery)
            if self.effects.ambient_celsius is not None:
                self.heat.move_room(self.effects.ambient_celsius, board_too=live_seconds is None)
            self._eeprom = Eeprom(self._eeprom_image())

    # ---- electrical

    def feed(self, volts: float, ohms: float) -> None:
        """Settle the stack at a source of ``volts`` behind ``ohms``."""
        if self.effects.input_open or self.effects.board_removed:
            self.stack.open()
        else:
            self.stack.solve(volts, ohms, self._load())

    @property
    def domain_volts(self) -> Floats:
        """(domains,) across each domain, host side first."""
        own = self.stack.volts         # a domain without volts is not off by any
        share = np.minimum(1.0, own / silicon.NOMINAL_DOMAIN_VOLTS)
        volts: Floats = np.maximum(0.0, own + self.effects.domain_offsets * share)
        return volts

    def _load(self) -> Load:
        activity = np.where(self._alive, Activity.IDLE.value, Activity.NO_CLOCK.value)
        activity[self.chain.hashing] = Activity.HASHING.value
        watts = self.lottery.watts * self.effects.power_factor
        load = load_of(
            activity, self.chain.chips.mhz, watts, self.heat.celsius, self.product.domains,
            self.chain.chips.model.positions,
        )
        if self.effects.leakage_amps:
            load.leak[:] += self.effects.leakage_amps * warmth(self.heat.celsius, LEAK_STATED_CELSIUS)
        for domain in self.effects.shorted_domains:
            load.siemens[domain] += SHORTED_SIEMENS
        return load

    # ---- time

    def run(self, seconds: float, now: float, *, air: float, held_in_reset: bool) -> None:
        """Let ``seconds`` up to ``now`` pass at the present volts."""
        effects = self.effects
        domain_volts = self.domain_volts
        volts = np.repeat(domain_volts, self.product.chips_per_domain)
        clocked = effects.clock and not held_in_reset and not effects.reset_stuck
        self._alive = (volts >= BROWN_OUT_VOLTS) & clocked
        for domain in effects.silent_domains:
            self._alive[self._chips_of(domain)] = False
        rates = silicon.hit_rate(
            effects.base_hit_rate, self.lottery.fast_mhz - effects.slower_mhz, volts, self.chain.chips.mhz,
            self.heat.celsius,
        )
        self.chain.set_conditions(
            Conditions(self._alive, self._commands_reach(volts), volts, rates, effects), now
        )
        self.chain.count_hashes(seconds)
        watts = float(domain_volts.sum()) * self.stack.amps
        self.heat.step(watts, air, self.lottery.thermal * effects.heat_factor, seconds)

    def _chips_of(self, domain: int) -> slice:
        size = self.product.chips_per_domain
        return slice(domain * size, (domain + 1) * size)

    def _commands_reach(self, volts: Floats) -> int:
        """How many chips hear the host, as hot and at such volts as they are now."""
        effects = self.effects
        hot = [one.chip for one in effects.hot_drops if self.hottest_celsius > one.limit]
        low = [one.chip for one in effects.low_drops if volts[one.chip] < one.limit]
        return min((effects.commands_reach, *hot, *low))

    # ---- what the side channel sees

    def devices(self) -> Mapping[int, Device]:
        """What answers on the board's I2C now, by address; sensors as the mux has joined them."""
        at, effects = self.product.i2c, self.effects
        devices: dict[int, Device] = {at.mux: self._mux}
        joined = [n for n in range(len(self._sensors)) if self._mux.control >> n & 1]
        answering = [n for n in joined if n not in effects.silent_sensors]
        if answering:
            devices[at.sensor] = self._sensors[answering[0]]
        if effects.eeprom is not EepromState.ABSENT:
            devices[at.eeprom] = self._eeprom
        return devices

    def _sensor_reads(self, number: int) -> float:
        if number not in self.effects.stuck_sensors:
            return self._sensed(number)
        told = self.effects.stuck_sensors[number]
        return self._frozen.setdefault(number, self._sensed(number)) if told is None else told

    def _sensed(self, number: int) -> float:
        place = self._places[number] * self.heat.spread
        return self.heat.celsius + float(place + self.lottery.sensor_errors[number])

    @property
    def hottest_celsius(self) -> float:
        """The temperature at the hottest sensor's place, without the sensor's error."""
        return self.heat.celsius + float(self._places.max()) * self.heat.spread

    @property
    def eeprom_serial(self) -> str:
        """The serial its EEPROM carries."""
        if self.effects.eeprom_serial is not None:
            return self.effects.eeprom_serial
        return self.serial if self._told.serial == AUTO_SERIAL else self._told.serial

    def _eeprom_image(self) -> bytes:
        """The EEPROM as PT1 left it, or as the fault did."""
        image = bytearray(encode_image(
            BoardIdentity(
                serial=self.eeprom_serial,
                board_name=self.product.board_name,
                factory_job="SIMULATED",
                chip_die="SIM",
                chip_marking=f"{self.product.chip.upper()} SIM",
                ft_version="F1V01B1C1",
                chip_technology="SIM",
                chip_bin=1,
                pcb_version=0x0110,
                bom_version=0x10,
                sensor_type=1,
                pt1_result=1,
                pt1_count=1,
            )
        ))
        if self._keys is not None:
            image[:] = enciphered(bytes(image), self._keys)
        if self.effects.eeprom is EepromState.CORRUPT:
            image[PT1_START + CRC] ^= 0x01
        return bytes(image)

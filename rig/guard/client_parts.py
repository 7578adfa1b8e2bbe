"""A slot's supply and side channel as requests to the guard."""

from __future__ import annotations

from typing import Any, Protocol

from rig.guard.wire import reading_in, unload_in
from rig.slot import Phase, Protection, SupplyReading, Unload


class Ask(Protocol):
    """One request of the lease's holder; its answer. Raises the errors of rig.errors."""

    def __call__(self, op: str, **fields: Any) -> dict[str, Any]: ...


class SupplyClient:
    """rig.slot.Supply through the guard."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def enter(self, phase: Phase, seconds: float) -> None:
        self._ask("enter", phase=phase.value, seconds=seconds)

    def on(self, volts: float, protection: Protection, limit_amps: float) -> None:
        self._ask(
            "on", volts=volts, limit_amps=limit_amps,
            over_volts=protection.over_volts, over_amps=protection.over_amps,
        )

    def set_volts(self, volts: float) -> None:
        self._ask("set_volts", volts=volts)

    def off(self) -> float:
        return float(self._ask("off")["volts"])

    def unload(self) -> Unload:
        return unload_in(self._ask("unload")["unload"])

    def read(self) -> SupplyReading:
        return reading_in(self._ask("read_supply")["reading"])


class SideClient:
    """rig.slot.Side through the guard."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def i2c_write(self, address: int, data: bytes) -> None:
        self._ask("i2c", address=address, data=data.hex(), count=0)

    def i2c_read(self, address: int, count: int) -> bytes:
        return self.i2c_write_read(address, b"", count)

    def i2c_write_read(self, address: int, data: bytes, count: int) -> bytes:
        return bytes.fromhex(self._ask("i2c", address=address, data=data.hex(), count=count)["data"])

    def hold_reset(self) -> None:
        self._ask("reset", level=0)

    def release_reset(self) -> None:
        self._ask("reset", level=1)

    def close_loopback(self) -> None:
        self._ask("loopback", level=1)

    def open_loopback(self) -> None:
        self._ask("loopback", level=0)

    def set_fans(self, share: float) -> None:
        self._ask("set_fans", share=share)

    def fan_rpm(self) -> tuple[float, ...]:
        return tuple(float(rpm) for rpm in self._ask("fan_rpm")["rpm"])

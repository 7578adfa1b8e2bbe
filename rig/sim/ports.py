"""One slot's ports in front of one simulated slot: chain, bridge and three instruments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rig.clock import Clock
from rig.sim.bridge import SimBridge
from rig.sim.dialects import meter_of, scanner_of, supply_of
from rig.sim.effects import Part
from rig.sim.fixture import SimSlot
from rig.sim.manners import Manners
from rig.sim.pty import PtyPort
from rig.sim.server import InstrumentPort
from rig.sim.tcpline import TcpLine
from rig.slotentry import ChainTransport


class SlotPorts:
    """Opens the ports of ``slot`` (asyncio's loop must run). ``wake`` is called with the time at
    which ``pump`` is wanted next."""

    def __init__(self, slot: SimSlot, clock: Clock, wake: Callable[[float], None]) -> None:
        self.slot = slot
        self._clock, self._wake = clock, wake
        self._settling = asyncio.Lock()
        self._task: asyncio.Future[None] | None = None
        self._bridge = SimBridge(slot)
        self._meter = meter_of(slot, clock.now())
        over_tcp = slot.entry.chain_transport is ChainTransport.TCP
        self.uart: PtyPort | TcpLine = (
            TcpLine(self._from_host, lambda: slot.chain_baud) if over_tcp else PtyPort(self._from_host)
        )
        self.bridge = PtyPort(self._to_bridge)
        self.instruments = {
            part: InstrumentPort(Manners(slot, part, handle).handle, self._catch_up, clock)
            for part, handle in (
                (Part.SUPPLY, supply_of(slot).handle),
                (Part.METER, self._meter.handle),
                (Part.SCANNER, scanner_of(slot).handle),
            )
        }

    def addresses(self) -> dict[str, str]:
        """Where each part is found, by the words of the ports file."""
        return {
            Part.UART.value: self.uart.path,
            Part.BRIDGE.value: self.bridge.path,
            **{part.value: port.resource for part, port in self.instruments.items()},
        }

    @property
    def connected(self) -> bool:
        """Whether a host has any port open."""
        return self.uart.is_open or self.bridge.is_open or any(
            port.connections for port in self.instruments.values()
        )

    async def settle(self) -> None:
        """Make the sockets refuse or accept as the slot's faults say."""
        async with self._settling:
            for part, port in self.instruments.items():
                if self._refuses(part):
                    port.refuse()
                else:
                    await port.listen()

    def pump(self, now: float) -> float:
        """Let time pass and the chain speak; returns when to be called next."""
        self.uart.look()
        self.bridge.look()
        if any(port.reachable == self._refuses(part) for part, port in self.instruments.items()):
            self._task = asyncio.ensure_future(self.settle())
        self.slot.tick(now)
        self._meter.advance(now)
        self.uart.write(self.slot.transmit(now, self.uart.baud))
        return self.slot.next_due(now)

    def board_changed(self) -> None:
        """What the last board had sent is gone with it."""
        self.uart.drop_pending()

    def close(self) -> None:
        self.uart.close()
        self.bridge.close()
        for port in self.instruments.values():
            port.close()

    def _refuses(self, part: Part) -> bool:
        return self.slot.is_gone(part) or (part is Part.SUPPLY and not self.slot.output.powered)

    def _catch_up(self, now: float) -> None:
        self.slot.advance(now)
        self._meter.advance(now)

    def _from_host(self, data: bytes) -> None:
        now = self._clock.now()
        self.uart.write(self.slot.receive(data, now, self.uart.baud))
        self._wake(self.slot.next_due(now))

    def _to_bridge(self, data: bytes) -> None:
        self.bridge.write(self._bridge.receive(data, self._clock.now()))

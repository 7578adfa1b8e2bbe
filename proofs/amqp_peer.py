"""An AMQP 1.0 endpoint for tests, of proton's own: on a free port of 127.0.0.1."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from proton import Delivery
from proton.handlers import MessagingHandler
from proton.reactor import ApplicationEvent, Container, EventInjector


class Peer(MessagingHandler):
    """Takes the first ``most`` messages and rejects the others."""

    def __init__(self, most: int = 1000) -> None:
        super().__init__(auto_accept=False)
        self.most, self.port = most, 0
        self.found: list[Any] = []
        self.listens = threading.Event()
        self.ending = EventInjector()
        self.targets: set[str] = set()

    def on_start(self, event: Any) -> None:
        free = socket.socket()
        free.bind(("127.0.0.1", 0))
        self.port = free.getsockname()[1]
        free.close()
        event.container.selectable(self.ending)
        self.acceptor = event.container.listen(f"127.0.0.1:{self.port}")
        self.listens.set()

    def on_ending(self, _event: Any) -> None:
        self.acceptor.close()

    def on_link_opening(self, event: Any) -> None:
        self.targets.add(event.link.remote_target.address)
        event.link.target.address = event.link.remote_target.address

    def on_message(self, event: Any) -> None:
        good = len(self.found) < self.most
        if good:
            self.found.append(event.message)
        event.delivery.update(Delivery.ACCEPTED if good else Delivery.REJECTED)
        event.delivery.settle()


@contextmanager
def amqp_peer(most: int = 1000) -> Iterator[Peer]:
    """One that listens until the block ends."""
    peer = Peer(most)
    thread = threading.Thread(target=Container(peer).run)
    thread.start()
    try:
        if not peer.listens.wait(10):
            raise TimeoutError("the peer does not listen")
        yield peer
    finally:
        peer.ending.trigger(ApplicationEvent("ending"))
        peer.ending.close()
        thread.join(10)

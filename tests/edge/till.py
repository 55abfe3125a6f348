"""A wallet that answers when a test says so, and short ways to ask it through a gate."""

import asyncio
from collections import defaultdict
from typing import Any

from gateway.exchange.wishes import Lane, Priority, Send
from gateway.wire.message import Request
from tests.edge.wishes import nothing_late

READ, DEBIT, CREDIT, REVERSAL = Priority


class Till:
    """A behaviour for the scripted wallet: a call to `/name` is answered once `let("name")` was said.

    *order* holds the names in the order in which the wallet got them.
    """

    def __init__(self) -> None:
        self.order: list[str] = []
        self._may: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def __call__(self, wallet: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await wallet.read(reader)
            name = head.split()[1].decode().removeprefix("/wallet/")
            self.order.append(name)
            await self._may[name].wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def let(self, *names: str) -> None:
        """Answer these, now or when they come."""
        for name in names:
            self._may[name].set()


def order(
    name: str,
    priority: Priority = DEBIT,
    account: str = "acme",
    *,
    outbox: bool = False,
    again: bool = False,
    seconds: float = 5.0,
    patience: float = 5.0,
    late: Any = None,
) -> Send:
    """A wish for `/name`; times in seconds from now."""
    now = asyncio.get_running_loop().time()
    lane = Lane(account, priority, outbox)
    return Send(Request("POST", f"/{name}", "", (), b"{}"), now + seconds, now + patience, late, lane, again)


def ask(guarded: Any, name: str, *rest: Any, **more: Any) -> "asyncio.Task[Any]":
    """Ask through the gate, in a task of its own."""
    return asyncio.create_task(guarded.gate.send(order(name, *rest, **more), nothing_late), name=name)

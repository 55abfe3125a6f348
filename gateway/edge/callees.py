"""The hops to providers: one for each named URL of each account, all as careful as the hop to the wallet."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from gateway.edge.carry import CarryLate, Hop
from gateway.edge.upstream import Upstream
from gateway.exchange.wishes import Send
from gateway.wire.message import Ending, NotSent


class Callees:
    """Asks providers. *hops*: by (account's journal id, name of the URL)."""

    def __init__(self, hops: Mapping[tuple[str, str], Upstream]) -> None:
        self._hops = dict(hops)
        self._former: set[Upstream] = set()
        self._left: set[asyncio.Task[None]] = set()
        self._open = False

    async def start(self) -> None:
        """Open every pool; no connection is made yet."""
        self._open = True
        for hop in self._hops.values():
            await hop.start()

    async def stop(self, timeout: float) -> None:
        """Let running calls and their late stories end, *timeout* seconds at most; then cut them off."""
        hops = [*self._hops.values(), *self._former]
        for task in self._left:  # each has a time of its own, which may be longer
            task.cancel()
        await asyncio.gather(*(hop.stop(timeout) for hop in hops))

    def serve(self, urls: Mapping[tuple[str, str], str], timeout: float) -> None:
        """Ask at these from now on. Calls to others end as after `stop`; a hop whose URL stays is kept."""
        old, self._hops = self._hops, {}
        for key, url in urls.items():
            kept = old.get(key)
            self._hops[key] = kept if kept is not None and kept.url == url else hop_to(url)
            if self._open and self._hops[key] is not kept:
                self._leave(self._hops[key].start())
        for key, hop in old.items():
            if self._open and self._hops.get(key) is not hop:
                self._former.add(hop)
                self._leave(self._retire(hop, timeout))

    async def _retire(self, hop: Upstream, timeout: float) -> None:
        await hop.stop(timeout)
        self._former.discard(hop)

    def _leave(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._left.add(task)
        task.add_done_callback(self._left.discard)

    async def send(self, wish: Send, carry_late: CarryLate) -> Ending:
        """See `gateway.exchange.wishes.Send`; never raises for what happens on the way."""
        hop = self._hops.get((wish.lane.account, wish.to))
        if hop is None:
            return NotSent(f"no URL is set for {wish.to}")
        return await hop.send(wish, carry_late)


class Everybody:
    """Carries a callback's story to the wallet, and to a provider where it is one that the story asks."""

    def __init__(self, wallet: Hop, callees: Callees) -> None:
        self._wallet, self._callees = wallet, callees

    def send(self, wish: Send, carry_late: CarryLate) -> Coroutine[Any, Any, Ending]:
        """See `gateway.exchange.wishes.Send`."""
        return (self._callees if wish.to else self._wallet).send(wish, carry_late)


def hop_to(url: str, connections: int = 20) -> Upstream:
    """A hop to one URL of a provider, which is farther away than a wallet."""
    return Upstream(
        url, connections=connections, connect_timeout=5.0, pool_timeout=1.0, response_limit=4 * 1024 * 1024,
        methods=("POST", "GET"),
    )  # fmt: skip

"""How a gateway is killed at a named point, from inside: nothing in `gateway/` knows of it.

A `Doom` counts how often its point is reached and ends the process with SIGKILL at the n-th time, after one line that
says where. The journal and the wallet hop of the App are wrapped; a store's own writing is watched through its classes.
"""

import json
import os
import signal
from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic
from typing import Any

from gateway.canon.operations import REVERSALS
from gateway.edge import app
from gateway.edge.carry import CarryLate
from gateway.edge.connection import Connection, Hear
from gateway.edge.lifecycle import Lifecycle
from gateway.edge.server import Server
from gateway.edge.upstream import Finished, Upstream
from gateway.exchange.wishes import Send
from gateway.journal.states import State
from gateway.journal.wishes import Claim, Lease, Record, Remember, Settle, Told, Verdict, Wait
from gateway.wire.message import Ending, Heard, Silence

_WISHES: dict[type, str] = {Claim: "claim", Lease: "lease", Settle: "settle", Told: "told", Remember: "remember"}
#: A rollback's intent is durable, and its call is not ours to make now.
_INTENDED = (Verdict.IN_FLIGHT, Verdict.WAITS)
#: Is the call that is being sent one that moves money?
_moves: ContextVar[bool] = ContextVar("moves", default=False)


class Doom:
    """Dies at the *number*-th time that *point* is reached; never, where it is empty. *say* hears of it first."""

    def __init__(self, point: str, number: int, say: Callable[[dict[str, Any]], None]) -> None:
        self.point, self.left, self._say = point, number, say

    def at(self, point: str) -> None:
        """A point is reached."""
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                self._say({"hit": point})
                os.kill(os.getpid(), signal.SIGKILL)


class Doomed:
    """A store of the journal, before and after whose wishes the process may die."""

    def __init__(self, store: Any, doom: Doom) -> None:
        self._store, self._doom = store, doom

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def beat(self) -> None:
        """The heart beats."""
        self._doom.at("beat.before")
        await self._store.beat()
        self._doom.at("beat.after")

    async def perform(self, wish: Any, *, patient: bool = False) -> Any:
        """The wish, with its points."""
        name = _WISHES.get(type(wish), "")
        if isinstance(wish, Record):
            name = "late" if wish.telling is None else "record"
        if isinstance(wish, Wait):
            name = "wait"
        if not name:
            return await self._store.perform(wish, patient=patient)
        self._doom.at(f"{name}.before")
        result = await self._store.perform(wish, patient=patient)
        if isinstance(wish, Claim) and wish.row.operation in REVERSALS and result.verdict in _INTENDED:
            self._doom.at("intent.after")
        if isinstance(wish, Record) and wish.state is State.UNKNOWN:
            self._doom.at("doubt.after")
        if not isinstance(wish, Lease) or result:
            self._doom.at(f"{name}.after")
        return result


def doomed(doom: Doom) -> None:
    """Make the classes of this process come by the points that lie outside of the journal's wishes."""
    _hop(doom)
    _stages(doom)


def _hop(doom: Doom) -> None:
    class DoomedUpstream(Upstream):
        """The wallet hop, with its points."""

        async def send(self, wish: Send, carry_late: CarryLate, finished: Finished = lambda ending: None) -> Ending:
            reads = wish.late is None  # a question: nothing is left behind by it
            who = ("status" if reads else "outbox") if wish.lane.outbox else ("read" if reads else "wallet")
            doom.at(f"{who}.before")
            _moves.set(not reads)
            ending = await super().send(wish, carry_late, finished)
            if isinstance(ending, Heard):
                doom.at(f"{who}.after")
            elif isinstance(ending, Silence):
                doom.at(f"{who}.silent")
            return ending

    app.Upstream = DoomedUpstream  # type: ignore[misc]
    ask = Connection.ask

    def asked(self: Connection, message: bytes, hear: Hear) -> None:
        ask(self, message, hear)
        if _moves.get():
            doom.at("wallet.sent")

    Connection.ask = asked  # type: ignore[method-assign]


def _stages(doom: Doom) -> None:
    start, drain = Server.start, Lifecycle._drain

    async def started(self: Server) -> tuple[str, int]:
        doom.at("port.before")
        return await start(self)

    async def drained(self: Lifecycle) -> int:
        doom.at("drain.before")
        return await drain(self)

    Server.start, Lifecycle._drain = started, drained  # type: ignore[method-assign]


def said(descriptor: int, life: int) -> Callable[[dict[str, Any]], None]:
    """Writes one line of JSON in one piece, so that nothing of it is lost or mixed; `at` is the machine's clock."""

    def say(fact: dict[str, Any]) -> None:
        os.write(descriptor, json.dumps({"life": life, "at": monotonic(), **fact}).encode() + b"\n")

    return say

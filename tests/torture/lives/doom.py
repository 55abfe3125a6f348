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

import apsw
from aiohttp.client_reqrep import ClientRequest

from gateway.canon.operations import REVERSALS
from gateway.edge import app
from gateway.edge.carry import CarryLate
from gateway.edge.lifecycle import Lifecycle
from gateway.edge.server import Server
from gateway.edge.upstream import Finished, Upstream
from gateway.exchange.wishes import Send
from gateway.journal.sqlite import book
from gateway.journal.sqlite.pruning import Pruned, Pruning
from gateway.journal.states import State
from gateway.journal.wishes import Claim, Lease, Record, Remember, Settle, Told, Verdict, Wait
from gateway.wire.message import Ending, Heard, Silence

VFS = "doomed"
_WISHES: dict[type, str] = {Claim: "claim", Lease: "lease", Settle: "settle", Told: "told", Remember: "remember"}
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

    async def perform(self, wish: Any) -> Any:
        """The wish, with its points."""
        name = _WISHES.get(type(wish), "")
        if isinstance(wish, Record):
            name = "late" if wish.telling is None else "record"
        if isinstance(wish, Wait):
            name = "wait"
        if not name:
            return await self._store.perform(wish)
        self._doom.at(f"{name}.before")
        result = await self._store.perform(wish)
        if isinstance(wish, Claim) and wish.row.operation in REVERSALS:
            if result.verdict in (Verdict.IN_FLIGHT, Verdict.WAITS):
                self._doom.at("intent.after")
        if isinstance(wish, Record) and wish.state is State.UNKNOWN:
            self._doom.at("doubt.after")
        if not isinstance(wish, Lease) or result:
            self._doom.at(f"{name}.after")
        return result


def doomed(doom: Doom) -> None:
    """Make the classes of this process come by the points that lie outside of the journal's wishes."""
    _hop(doom)
    _sqlite(doom)
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
    whole = ClientRequest.write_bytes

    async def write_bytes(self: ClientRequest, *words: Any) -> None:
        await whole(self, *words)
        if _moves.get():
            doom.at("wallet.sent")

    ClientRequest.write_bytes = write_bytes  # type: ignore[method-assign]


def _sqlite(doom: Doom) -> None:
    _around(book.Book, "commit", doom, "commit")
    _around(book.Book, "open", doom, "open", after="recovery.after")
    flush, close, step = book.Book._flush, book.Book.close, Pruning.step

    def flushed(self: book.Book, connection: apsw.Connection) -> None:
        flush(self, connection)
        if not self._served:
            doom.at("recovery.before")

    def closed(self: book.Book, *, clean: bool) -> None:
        if clean:
            doom.at("close.before")
        close(self, clean=clean)
        if clean:
            doom.at("close.after")

    def stepped(self: Pruning, limit: int, now: float, wall: float) -> Pruned:
        pruned = step(self, limit, now, wall)
        if pruned.rows:
            doom.at("prune.before")
        return pruned

    book.Book._flush, book.Book.close, Pruning.step = flushed, closed, stepped  # type: ignore[method-assign]


def _around(owner: Any, name: str, doom: Doom, point: str, after: str = "") -> None:
    whole = getattr(owner, name)

    def wrapped(self: Any) -> Any:
        doom.at(f"{point}.before")
        result = whole(self)
        doom.at(after or f"{point}.after")
        return result

    setattr(owner, name, wrapped)


def _stages(doom: Doom) -> None:
    start, drain = Server.start, Lifecycle._drain

    async def started(self: Server) -> tuple[str, int]:
        doom.at("port.before")
        return await start(self)

    async def drained(self: Lifecycle) -> int:
        doom.at("drain.before")
        return await drain(self)

    Server.start, Lifecycle._drain = started, drained  # type: ignore[method-assign]


class _File(apsw.VFSFile):
    """A file of which the process may die in the middle of a write, or around a flush."""

    def __init__(self, doom: Doom, name: Any, flags: list[int]) -> None:
        self._doom = doom
        self._log = bool(flags[0] & apsw.SQLITE_OPEN_WAL)
        path = name if isinstance(name, str) else name.filename() or ""
        self._new = not self._log and not (os.path.exists(path) and os.path.getsize(path))
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's own names
        """Write; or half of it, and die."""
        point = "log.torn" if self._log else "file.torn"
        torn = (point, "schema.torn") if self._new or self._log else (point,)
        if self._doom.left == 1 and self._doom.point in torn and len(data) > 100:
            super().xWrite(data[: len(data) // 2], offset)
        if len(data) > 100:
            for each in torn:
                self._doom.at(each)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Flush."""
        if self._log:
            self._doom.at("log.unsynced")
        super().xSync(flags)
        if self._log:
            self._doom.at("log.synced")


class Disk(apsw.VFS):
    """SQLite's door to the disk, through which the process may die."""

    def __init__(self, doom: Doom) -> None:
        self._doom = doom
        super().__init__(VFS, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        """Open a file."""
        if flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_DB):
            return _File(self._doom, name, flags)
        return super().xOpen(name, flags)


def said(descriptor: int, life: int) -> Callable[[dict[str, Any]], None]:
    """Writes one line of JSON in one piece, so that nothing of it is lost or mixed; `at` is the machine's clock."""

    def say(fact: dict[str, Any]) -> None:
        os.write(descriptor, json.dumps({"life": life, "at": monotonic(), **fact}).encode() + b"\n")

    return say

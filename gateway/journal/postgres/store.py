"""The durable journal in a PostgreSQL database, for any number of instances: what `perform` returns is committed.

Wishes of all stories share commits, made over one connection (`working`); a Told is not waited for. A journal that
cannot write says so at once: JournalUnavailable, and `failing` says why; it serves again by itself when it can. A claim
that is not durable in time is never ours: if it becomes durable after all, it is given back.
"""

from collections.abc import Callable
from itertools import count
from random import uniform
from time import monotonic, time
from typing import Any

from msgspec.structs import replace

from gateway.journal.asked import performed
from gateway.journal.limits import Kept, Limits
from gateway.journal.postgres.entries import Beat, Count, Entries, Entry
from gateway.journal.postgres.opening import prepare
from gateway.journal.postgres.playing import Players
from gateway.journal.postgres.pruning import Prune, Pruned, Pruning
from gateway.journal.postgres.serving import Serving
from gateway.journal.postgres.transacting import Transactions
from gateway.journal.postgres.working import Worker
from gateway.journal.reading import Counts
from gateway.journal.sessions import MOST_PLAYERS, Remembered, Sessions
from gateway.journal.states import Policy
from gateway.journal.waiting import Waiting
from gateway.journal.wishes import JournalUnavailable, Look, Recall, Record, Remember, Told, Wait, Wish

#: How often somebody who waits for a row looks again: the call may be another instance's.
LOOK_AGAIN_S = 0.1, 0.25
#: Rows that a beat removes at most: a few milliseconds.
PRUNED_AT_ONCE = 100


class Postgres:
    """Performs the wishes of `journal.wishes` in the database at *url*; between `start` and `stop`.

    A *url* that can be called is asked anew for each connection: its password may have become another one.
    *me*: a name that no other instance of this journal has or had, without `/`. *on_wait*: see `prepare`.
    """

    def __init__(
        self,
        url: str | Callable[[], str],
        policy: Policy | None = None,
        *,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time,
        me: str | None = None,
        limits: Limits | None = None,
        kept: Kept | None = None,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self.policy = policy or Policy()
        self.limits = limits or Limits()
        self.remembered = Remembered(MOST_PLAYERS)
        self._address: Callable[[], str] = url if callable(url) else lambda: url
        self._wall, self._on_wait = wall, on_wait
        self._sessions = Sessions()
        self._waiting = Waiting(lambda: uniform(*LOOK_AGAIN_S))  # noqa: S311 - only to spread the instances
        self._numbers = count(1)
        self._serving = Serving(me, clock, wall, self.limits)
        players = Players(self._serving, self.policy, self._token)
        self._entries = Entries(self.limits, self._waiting.wake)
        self._transactions = Transactions(self._serving, players, self._entries, Pruning(self._serving, kept or Kept()))
        self._worker = Worker(self._address, self.limits, self._serving, self._entries, self._transactions)
        self._open = False

    @property
    def me(self) -> str:
        """The name under which this instance serves; another one after others held it for dead."""
        return self._serving.me

    @property
    def failing(self) -> str:
        """Why nothing can be written now, in plain words; empty while all is well."""
        return self._worker.failing

    @property
    def commits(self) -> int:
        """How many transactions were made durable since the start."""
        return self._transactions.commits

    @property
    def collisions(self) -> int:
        """How many transactions began anew because another instance had changed a row meanwhile."""
        return self._transactions.collisions

    async def start(self) -> None:
        """Bring the schema up to date, begin to serve beside the others, and free what nobody holds any more.

        Raises JournalRefused where that cannot be; the message is for people.
        """
        await prepare(self._address(), self._on_wait)
        await self._worker.start()
        self._open = True
        await self.beat()

    async def stop(self) -> None:
        """Write what waits, and take leave. What is wished for from now on is refused."""
        if self._open:
            self._open = False
            await self._worker.stop()

    async def beat(self) -> None:
        """We serve: to be called every two seconds. Frees what the dead held. Never raises for a failing journal."""
        try:
            await self._ask(Beat())
            await self._ask(Prune(PRUNED_AT_ONCE, gently=True))
        except JournalUnavailable:
            return

    async def prune(self, limit: int = PRUNED_AT_ONCE) -> Pruned:
        """Remove up to *limit* rows, sessions and hashes each that are too old to be kept."""
        pruned: Pruned = await self._ask(Prune(limit))
        return pruned

    async def counts(self) -> Counts:
        """What stands in it. Raises JournalUnavailable."""
        counts: Counts = await self._ask(Count())
        return counts

    async def perform(self, wish: Wish, *, patient: bool = False) -> Any:
        """Do what *wish* says, durably, and give its result."""
        match wish:
            case Told():
                if self.failing or not self._open:
                    self._entries.owe(wish)
                else:
                    self._entries.put(Entry(wish))
                return None
            case Record():
                return await self._record(wish)
            case Remember(account, "session", identity, facts):
                if not self._sessions.knows(account, identity, facts, self._wall()):
                    await self._ask(wish)
                    self._keep(wish)
                return None
            case Recall(account, kind, identity) if kind not in ("session", "round"):
                return self.remembered.recall(account, kind, identity) or {}
            case Remember(account, kind, identity, facts):
                self.remembered.remember(account, kind, identity, facts)
                return None
            case Wait(key):
                return await self._waiting.wait(wish, lambda: self._is_held(key))
        return await self._ask(wish)

    async def _record(self, wish: Record) -> Any:
        """Sessions' facts become durable with the row; a player's are ours."""
        wall = self._wall()
        new = tuple(
            each for each in wish.memories
            if each.kind == "session" and not self._sessions.knows(each.account, each.id, each.facts, wall)
        )  # fmt: skip
        result = await self._ask(replace(wish, memories=new) if wish.memories else wish)
        for each in wish.memories:
            if each.kind == "session":
                self._keep(each)
            else:
                self.remembered.remember(each.account, each.kind, each.id, each.facts)
        return result

    def _keep(self, wish: Remember) -> None:
        """These facts need not be written again soon; what other instances laid over them is always read."""
        known = self._sessions.recall(wish.account, wish.id) or {}
        self._sessions.keep(wish.account, wish.id, {**known, **wish.facts}, self._wall())

    async def _is_held(self, key: str) -> bool:
        row = await self._ask(Look(key))
        return row is not None and row.in_flight

    def _token(self) -> str:
        return f"{self._serving.me}/{next(self._numbers)}"

    # -- to the worker, and back

    async def _ask(self, wish: Any) -> Any:
        """*wish*'s result when it is durable; JournalUnavailable if that takes too long."""
        if not self._open:
            raise JournalUnavailable("the journal is not open")
        return await performed(Entry(wish), self._entries, self.limits, self.failing)

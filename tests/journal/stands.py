"""A store under test, on virtual clocks, with what a test does to it from outside: stop and start it, kill it, let time
pass. Every store of the journal has one; the suites `test_stores_*` run on each.

A further store adds a class here and its name to STANDS.
"""

import itertools
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gateway.journal.limits import Kept, Limits
from gateway.journal.memory import Memory
from gateway.journal.postgres.store import Postgres
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.states import Policy, Row
from gateway.journal.wishes import Look, Told, Wish
from tests.journal.postgres_server import WHEEL, asked, fresh_database

START = 1_700_000_000.0
NO_GAPS = Limits(claim_s=20.0, wish_s=20.0, gap_s=float("inf"))


class Time:
    """Two clocks that only a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.shift = 0.0  # by which somebody has set the wall's clock

    def monotonic(self) -> float:
        """Since the test began."""
        return self.seconds

    def wall(self) -> float:
        """Unix time."""
        return START + self.seconds + self.shift


class Stand(ABC):
    """One journal. *durable*: it outlives its process."""

    durable = True

    @classmethod
    def available(cls) -> bool:
        """Can it run on this machine?"""
        return True

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder, self.policy = folder, policy
        self.time = Time()
        self.store: Any = None
        self.lives = itertools.count(1)

    @abstractmethod
    async def start(self) -> None:
        """Begin to serve, with what earlier lives left."""

    @abstractmethod
    async def stop(self) -> None:
        """End as one should."""

    @abstractmethod
    async def kill(self) -> None:
        """End as nobody should: what was acknowledged is there, nothing else is done."""

    async def perform(self, wish: Wish) -> Any:
        """What the store makes of a wish; a confirmation, for which nobody waits, is written then too."""
        result = await self.store.perform(wish)
        if isinstance(wish, Told):
            await self.store.perform(Look(wish.key))
        return result

    async def row(self, key: str) -> Row:
        """The row of that key, which must be there."""
        row = await self.perform(Look(key))
        assert isinstance(row, Row), f"no row {key}"
        return row

    async def advance(self, seconds: float) -> None:
        """Serve for so long."""
        self.time.seconds += seconds
        await self.beat()

    @abstractmethod
    async def beat(self) -> None:
        """Say that we serve."""

    @abstractmethod
    async def prune(self) -> None:
        """Look at everything for what is too old to be kept."""

    async def restart(self, *, away: float = 0.0, killed: bool = False) -> None:
        """Stop, be away for so long, start again."""
        await (self.kill() if killed else self.stop())
        self.time.seconds += away
        await self.start()


class MemoryStand(Stand):
    """The journal that forgets."""

    durable = False

    async def start(self) -> None:
        """Begin with nothing."""
        me = f"life{next(self.lives)}"
        self.store = Memory(self.policy, clock=self.time.monotonic, wall=self.time.wall, me=me)

    async def stop(self) -> None:
        """Nothing is kept."""

    async def kill(self) -> None:
        """Nothing is kept."""

    async def beat(self) -> None:
        """Nobody listens."""

    async def prune(self) -> None:
        """It does so by itself."""


class SqliteStand(Stand):
    """The journal in a file. Rows are read back from it: nothing stays decoded from one wish to the next."""

    cached = 0

    async def start(self) -> None:
        """Open the file."""
        self.store = Sqlite(
            self.folder / "journal.db", self.policy, clock=self.time.monotonic, wall=self.time.wall,
            me=f"life{next(self.lives)}", limits=NO_GAPS, kept=Kept(), most_cached=self.cached,
        )  # fmt: skip
        await self.store.start()

    async def stop(self) -> None:
        """Close it."""
        await self.store.stop()

    async def kill(self) -> None:
        """Close it without a word of it in the file. (Real deaths: sqlite/test_killed.py.)"""
        book = self.store._writer._book
        whole = book.close
        book.close = lambda *, clean: whole(clean=False)
        await self.store.stop()

    async def beat(self) -> None:
        """Say that we serve."""
        await self.store.beat()

    async def prune(self) -> None:
        """In many small steps."""
        while (await self.store.prune(3)).more:
            continue


class CachedSqliteStand(SqliteStand):
    """The same, with rows kept decoded as they are in service."""

    cached = 10_000


class PostgresStand(Stand):
    """The journal in a database of its own."""

    url = ""
    killed = False

    @classmethod
    def available(cls) -> bool:
        """Only where there is a wheel with the server."""
        return find_spec(WHEEL) is not None

    async def start(self) -> None:
        """Serve it. Whoever was killed is held for dead, as others find in 15 s (postgres/test_lives.py)."""
        self.url = self.url or await fresh_database()
        if self.killed:
            await asked(self.url, "UPDATE instances SET dead = TRUE")
        self.store = Postgres(
            self.url, self.policy, clock=self.time.monotonic, wall=self.time.wall, me=f"life{next(self.lives)}",
            limits=NO_GAPS, kept=Kept(),
        )  # fmt: skip
        await self.store.start()

    async def stop(self) -> None:
        """Take leave of it."""
        await self.store.stop()

    async def kill(self) -> None:
        """Break the connection off, and never come back."""
        self.killed = True
        self.store._worker._task.cancel()
        self.store._transactions.link.drop()

    async def beat(self) -> None:
        """Say that we serve."""
        await self.store.beat()

    async def prune(self) -> None:
        """In many small steps."""
        while (await self.store.prune(3)).more:
            continue


STANDS: dict[str, type[Stand]] = {
    "memory": MemoryStand,
    "sqlite": SqliteStand,
    "sqlite, rows kept decoded": CachedSqliteStand,
    "postgres": PostgresStand,
}

"""Several instances on one database, and hands to hold one of them up at the instant of its writing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from gateway.journal.limits import Limits
from gateway.journal.postgres.link import Link
from gateway.journal.postgres.store import Postgres
from gateway.journal.postgres.writing import WRITE, WRITE_UNLESS_THERE
from gateway.journal.states import Policy
from tests.journal.conftest import KEEPS_ALL, middling
from tests.journal.postgres_server import fresh_database
from tests.journal.stands import Time

PATIENT = Limits(claim_s=20.0, wish_s=20.0)
Open = Callable[..., Awaitable[Postgres]]


@pytest_asyncio.fixture
async def url() -> str:
    """A database that nobody has used."""
    return await fresh_database()


@pytest_asyncio.fixture
async def instance(url: str) -> AsyncIterator[Open]:
    """Starts instances on that database: `await instance()`; each has its time from `time`, if one is given."""
    opened: list[Postgres] = []

    async def make(time: Time | None = None, limits: Limits = PATIENT, at: str = "", **more: Any) -> Postgres:
        clocks: dict[str, Any] = {} if time is None else {"clock": time.monotonic, "wall": time.wall}
        store = Postgres(at or url, Policy(KEEPS_ALL, chance=middling), limits=limits, **clocks, **more)
        await store.start()
        opened.append(store)
        return store

    yield make
    for store in opened:
        await store.stop()


class Gate:
    """Holds a store up when it has decided, and is about to write; `open` lets it go on, this once."""

    def __init__(self, store: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = asyncio.Event()
        self._opened = asyncio.Event()
        self.writes = 0
        link = store._transactions.link
        assert link is not None
        ask = link.rows

        async def held(_: Link, sql: str, *values: Any) -> list[Any]:
            if _ is link and sql in (WRITE, WRITE_UNLESS_THERE):
                self.writes += 1
                self.reached.set()
                await self._opened.wait()
            return await ask(sql, *values)

        monkeypatch.setattr(link, "rows", held.__get__(link))

    def open(self) -> None:
        """Let it write."""
        self._opened.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Callable[[Postgres], Gate]:
    """A gate before the next write of a store."""
    return lambda store: Gate(store, monkeypatch)

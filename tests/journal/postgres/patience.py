"""Waiting for what the code under test brings about; what a wish hears that cannot be performed."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import pytest

from gateway.journal.postgres.store import Postgres
from gateway.journal.states import Row
from gateway.journal.wishes import JournalUnavailable, Look
from tests.journal.calls import key


async def until(true: Callable[[], Any] | Callable[[], Awaitable[Any]], *, within: float = 30.0) -> Any:
    """What *true* gives as soon as it is true."""
    end = monotonic() + within
    while True:
        found = true()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert monotonic() < end, "it did not come about"
        await asyncio.sleep(0.01)


async def free(store: Postgres, transaction: str) -> Row:
    """The row of a transaction as soon as nobody holds it."""

    async def unheld() -> Row | None:
        row: Row = await store.perform(Look(key(transaction)))
        return None if row.in_flight else row

    row: Row = await until(unheld)
    return row


async def unavailable(store: Postgres, wish: Any) -> str:
    """The reason for which a wish cannot be performed now."""
    with pytest.raises(JournalUnavailable) as raised:
        await store.perform(wish)
    return str(raised.value)

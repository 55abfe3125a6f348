"""Fixtures of the journal's suites: every store in turn, started and stopped."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.journal.states import Policy
from tests.journal.stands import STANDS, Stand

Make = Callable[..., Awaitable[Stand]]
KEEPS_ALL = frozenset({"idempotent", "tombstones", "status", "references"})


def middling() -> float:
    """Jitter that is always the same."""
    return 0.5


@asynccontextmanager
async def making(name: str, folder: Path) -> AsyncIterator[Make]:
    """Makes started stands of one store, each in a folder of its own; stops them in the end."""
    made: list[Stand] = []

    async def make(promises: frozenset[str] = KEEPS_ALL) -> Stand:
        place = folder / str(len(made))
        place.mkdir()
        stand = STANDS[name](place, Policy(promises, chance=middling))
        await stand.start()
        made.append(stand)
        return stand

    yield make
    for stand in made:
        await stand.stop()


@pytest_asyncio.fixture(params=STANDS)
async def store_factory(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Make]:
    """`await store_factory(promises)` gives a started stand; the wallet keeps all promises unless told otherwise."""
    async with making(request.param, tmp_path) as make:
        yield make


@pytest_asyncio.fixture
async def stand(store_factory: Make) -> Stand:
    """A started store before a wallet that keeps all four promises."""
    return await store_factory()


@pytest_asyncio.fixture(params=[name for name, stand in STANDS.items() if stand.durable])
async def durable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stand]:
    """The same, of the stores that outlive their process."""
    async with making(request.param, tmp_path) as make:
        yield await make()

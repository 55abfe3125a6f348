"""The journal's clock counts service, and lives say when somebody served; gaps count as neither."""

import asyncio
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.journal.limits import Limits
from gateway.journal.sqlite.opening import connected, fetched
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.wishes import JournalUnavailable, Look
from tests.journal.calls import bet, key
from tests.journal.sqlite.faulty import Disk
from tests.journal.stands import START, Time

PATIENT = Limits(claim_s=20.0, wish_s=20.0)


class Served:
    """A journal on virtual clocks."""

    def __init__(self, path: Path) -> None:
        self.path, self.time = path, Time()
        self.skew = 0.0

    async def start(self, **facts: Any) -> Sqlite:
        """Start it."""
        store = Sqlite(
            self.path, clock=self.time.monotonic, wall=lambda: self.time.wall() + self.skew,
            **{"limits": PATIENT, **facts},
        )  # fmt: skip
        await store.start()
        return store

    async def serve(self, store: Sqlite, seconds: float, step: float = 2.0) -> None:
        """With a beat every two seconds."""
        until = self.time.seconds + seconds
        while self.time.seconds < until:
            self.time.seconds = min(until, self.time.seconds + step)
            await store.beat()

    def lives(self) -> list[tuple[float, float, float | None]]:
        """(started, seen, stopped) since the test began."""
        with closing(connected(self.path)) as connection:
            found = fetched(connection, "SELECT started, seen, stopped FROM lives ORDER BY started")
        return [tuple(None if at is None else at - START for at in life) for life in found]  # type: ignore[misc]

    def seconds(self) -> float:
        """The journal's clock as it is written."""
        with closing(connected(self.path)) as connection:
            return float(fetched(connection, "SELECT seconds FROM clock")[0][0])


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """Not started yet."""
    return Served(tmp_path / "j.db")


async def test_beats_write_until_when_we_served(served: Served) -> None:
    """A stop says that it was clean; what lies between two lives is in none."""
    store = await served.start()
    await served.serve(store, 30)
    assert served.lives() == [(0, 30, None)]
    served.time.seconds += 1
    await store.stop()
    served.time.seconds += 1_000
    store = await served.start()
    await served.serve(store, 4)
    assert served.lives() == [(0, 31, 31), (1_031, 1_035, None)]
    await store.stop()
    assert served.seconds() == 35


async def test_the_walls_clock_moves_nothing(served: Served) -> None:
    """Set forward or back by an hour: the journal's clock goes on as before, and what was seen stays seen."""
    store = await served.start()
    await served.serve(store, 10)
    for skew in (3_600.0, -3_600.0, 0.0):
        served.skew = skew
        await served.serve(store, 10)
    await store.perform(bet())
    assert (await store.perform(Look(key("b1")))).created == 40
    await store.stop()
    assert served.lives() == [(0, 3_620, 40)]


async def test_a_frozen_process_has_not_served(served: Served) -> None:
    """It wakes after an hour: the clock goes on by the longest gap, and a new life begins."""
    store = await served.start()
    await served.serve(store, 10)
    served.time.seconds += 3_600
    await store.beat()
    await served.serve(store, 10)
    await store.perform(bet())
    assert (await store.perform(Look(key("b1")))).created == 10 + PATIENT.gap_s + 10
    assert served.lives() == [(0, 10, 10), (3_610, 3_620, None)]
    tables = store._writer._book._tables
    assert [tables.witnessed(START + at, START + at + 60) for at in (5, 11, 3_000, 3_605)] == [True, False, False, True]
    await store.stop()


async def test_a_journal_that_cannot_write_has_not_served(served: Served) -> None:
    """Nobody who came meanwhile was written down."""
    disk = Disk("for the clock")
    store = await served.start(vfs=disk.name, limits=replace(PATIENT, reopen_s=0.01))
    await served.serve(store, 10)
    disk.fail("full", 0, 1_000_000)
    for _ in range(20):
        served.time.seconds += 30
        await store.beat()
    with pytest.raises(JournalUnavailable):
        await store.perform(bet())
    disk.heal()
    for _ in range(400):
        await asyncio.sleep(0.01)
        if not store.failing:
            break
    await served.serve(store, 4)
    lives = served.lives()
    assert [(started, stopped) for started, _, stopped in lives] == [(0, 10), (pytest.approx(610, abs=1), None)]
    await store.stop()
    assert served.seconds() < 10 + 2 * PATIENT.gap_s + 6

"""What a journal's file costs in memory does not grow with what it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from gateway.journal.limits import Kept, Limits
from gateway.journal.sessions import MOST_PLAYERS, MOST_SESSIONS
from gateway.journal.sqlite.book import Book
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.sqlite.tables import MOST_CACHED
from gateway.journal.states import Policy
from gateway.journal.wishes import Look, Recall, Remember
from tests.journal.calls import bet, key


@contextmanager
def opened(path: Path) -> Iterator[Book]:
    """The file as its writer has it open."""
    book = Book(path, Policy(), Limits(), Kept(), clock=lambda: 0.0, wall=lambda: 1e9, me="life")
    book.open()
    try:
        yield book
    finally:
        book.close(clean=True)


def claimed(book: Book, count: int) -> None:
    """So many bets, a hundred in each commit."""
    for start in range(0, count, 100):
        book.begin()
        for number in range(start, start + 100):
            book.apply(bet(f"b{number}", round=f"r{number}", chain=f"c{number}"))
        book.commit()


def test_a_long_file_costs_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """Decoded rows are bounded by number, SQLite's pages by size: under 3 MB of a file of more than 4."""
    path = tmp_path / "j.db"
    with opened(path) as book:
        before = apsw.memory_used()
        claimed(book, 9_000)
        assert len(book._tables._cache) == MOST_CACHED
        assert apsw.memory_used() - before < 3_000_000
    assert path.stat().st_size > 4_000_000


async def test_players_and_sessions_are_bounded_too(tmp_path: Path) -> None:
    """The file holds every session; of players the last ones are known."""
    store = Sqlite(tmp_path / "j.db")
    for number in range(MOST_PLAYERS + 10):
        await store.perform(Remember("acme", "player", f"p{number}", {"currency": "EUR"}))
    assert await store.perform(Recall("acme", "player", "p9")) == {}
    assert await store.perform(Recall("acme", "player", "p10")) == {"currency": "EUR"}
    for number in range(MOST_SESSIONS + 10):
        store._sessions.keep("acme", f"s{number}", {"player": "p"}, 0.0)
    assert store._sessions.recall("acme", "s9") is None
    assert store._sessions.recall("acme", "s10") == {"player": "p"}


@pytest.mark.parametrize("number", [0, 2 * MOST_CACHED - 1], ids=["forgotten", "kept"])
def test_what_is_not_kept_in_memory_is_read_from_the_file(tmp_path: Path, number: int) -> None:
    """A row is the same, whether it is still known or was read anew."""
    with opened(tmp_path / "j.db") as book:
        claimed(book, 2 * MOST_CACHED)
        assert (key(f"b{number}") in book._tables._cache) is (number > 0)
        book.begin()
        row = book.apply(Look(key(f"b{number}")))
        book.rollback()
        assert (row.transaction, row.round, row.call.currency) == (f"b{number}", f"r{number}", "EUR")

"""Looking into the file while it is served: what stands where, what is wrong, and a copy of it all."""

import os
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.canon.outcomes import Outcome
from gateway.journal.reading import Counts
from gateway.journal.sqlite.opening import connected
from gateway.journal.sqlite.reader import Reader
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.states import Policy, State
from gateway.journal.wishes import JournalRefused, Look
from tests.journal.calls import (
    FINAL,
    RETRIES,
    bet,
    booked,
    claim,
    doubted,
    ended,
    key,
    leased,
    rollback,
    told,
    win,
)  # fmt: skip
from tests.journal.conftest import KEEPS_ALL, middling
from tests.journal.stands import CachedSqliteStand, Stand


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Stand]:
    """A journal that is served."""
    stand = CachedSqliteStand(tmp_path, Policy(KEEPS_ALL, chance=middling))
    await stand.start()
    yield stand
    await stand.stop()


def reader(stand: Stand) -> Reader:
    """A look at it."""
    return Reader(stand.folder / "journal.db")


async def test_a_transaction_is_found_with_its_history(served: Stand) -> None:
    """By its id, its key, or the key of its undoing; with its rollback, and without another bet of its round."""
    await booked(served, bet())
    await served.advance(3)
    await booked(served, rollback("x1"))
    await booked(served, bet("b2"))
    await served.row(key("b2"))
    with reader(served) as look:
        for name in ("b1", key("b1"), f"rev:{key('b1')}", f"rev2:{key('b1')}"):
            found = look.find(name)
            assert [each.row.transaction for each in found] == ["b1", "x1"]
        assert found[0].row.state is State.REVERSED
        notes = found[0].notes
        assert [note.what for note in notes] == ["claim", "record", "told", "undo wanted", "undoing"]
        assert dict(notes[1].facts) == {"outcome": "ok", "telling": ["done"], "state": "applied"}
        assert (notes[0].wall, notes[3].wall - notes[0].wall) == (served.time.wall() - 3, 3)
        assert look.find("never") == ()


async def test_what_waits(served: Stand) -> None:
    """What is armed, in somebody's hands or not, and what is parked: the oldest first."""
    await booked(served, bet("heard"))
    await booked(served, bet("b1"), effect=None)
    await served.advance(1)
    await doubted(served, bet("b2", round="r2"))
    await served.advance(1)
    await ended(served, await claim(served, win("w1", round=None)), State.OPEN, Outcome.BUSY, RETRIES, sent=False)
    await ended(served, await claim(served, bet("dead", round="r3")), State.DECLINED, Outcome.PLAYER_BLOCKED, FINAL)
    await served.advance(1)
    await claim(served, win("w2", "dead", round="r3"))
    with reader(served) as look:
        assert [row.transaction for row in look.waiting()] == ["b1", "b2", "w1", "w2"]
        assert set(await leased(served)) == {"b2", "w1"}
        assert [row.transaction for row in look.waiting()] == ["b1", "b2", "w1", "w2"]


async def test_what_has_to_do_with_it_is_found_without_a_round(served: Stand) -> None:
    """What paid it, and what would have undone it, by their chain; another row of the same player is not."""
    chain = {"round": None, "chain": key("b1")}
    await booked(served, bet("b1", **chain))
    await booked(served, bet("b2", round=None, chain=key("b2")))
    await booked(served, win("w1", "b1", **chain))
    await claim(served, rollback("x1", "b1", **chain))
    await served.row(key("b1"))
    with reader(served) as look:
        assert [each.row.transaction for each in look.find("b1")] == ["b1", "w1", "x1"]
        assert [each.row.transaction for each in look.find("b2")] == ["b2"]
        both = look.find(f"rev:{key('b1')}+rev:{key('b2')}")
        assert [each.row.transaction for each in both][:2] == ["b1", "b2"]


async def test_counts(served: Stand) -> None:
    """By state and by step, and how late the outbox is; right after every change."""
    with reader(served) as look:
        assert look.counts() == Counts({}, {}, 0, 0.0)
        await doubted(served, bet("b1"))
        await booked(served, bet("b2", round="r2"))
        await claim(served, bet("b3", round="r3"))
        await ended(served, await claim(served, bet("dead", round="r4")), State.DECLINED, Outcome.PLAYER_BLOCKED, FINAL)
        await claim(served, win("w2", "dead", round="r4"))
        await served.advance(7)
        expected = {"unknown": 1, "applied": 1, "claimed": 1, "declined": 2}
        assert look.counts() == Counts(expected, {"ask": 1}, 1, 7.0)
        assert set(await leased(served)) == {"b1"}
        assert look.counts() == Counts(expected, {"ask": 1}, 1, 0.0)
        await served.advance(90 * 86_400.0)
        await served.prune()
        assert look.counts().rows == {"unknown": 1, "claimed": 1, "declined": 1}
        assert look.check() == ()


async def test_a_sound_file_has_nothing_wrong(served: Stand) -> None:
    """Whatever happened to its rows."""
    recorded = await booked(served, bet("b1"), effect=None)
    await claim(served, rollback("x1", "b1", "never"))
    await told(served, recorded, RETRIES)
    await doubted(served, bet("b2"))
    await served.restart(killed=True)
    with reader(served) as look:
        assert look.check() == ()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("UPDATE rows SET state = 'claimed'", f"claimed, and nobody holds it: {key('b1')}, {key('b2')}"),
        ("UPDATE rows SET step = 'ask', parked = 'x'", "armed and parked"),
        ("UPDATE rows SET holder = 'me/1'", "held without a call in flight"),
        ("UPDATE rows SET undo = 1", "to be undone, and nothing will do it"),
        ("UPDATE rows SET told = 'retries'", "a debit in doubt or unheard, and nothing is armed"),
        ("UPDATE rows SET operation = 'win', state = 'open'", "a credit in doubt, and nothing is armed"),
        ("DELETE FROM rows", "6 notes of rows that are not there"),
        ("UPDATE tally SET count = 7", "the counts do not fit the rows"),
    ],
)
async def test_what_is_wrong_is_said(served: Stand, damage: str, sentence: str) -> None:
    """Each rule with the keys that break it."""
    await booked(served, bet("b1"))
    await booked(served, bet("b2"))
    await served.row(key("b2"))
    with closing(connected(served.folder / "journal.db")) as connection:
        connection.execute(damage)
    with reader(served) as look:
        assert any(sentence in line for line in look.check()), look.check()


async def test_a_backup_is_a_journal_of_one_moment(served: Stand, tmp_path: Path) -> None:
    """Taken while it is served; a store starts on it; it is never written over."""
    for number in range(50):
        await booked(served, bet(f"b{number}"))
    await served.row(key("b49"))
    copy = tmp_path / "copy" / "j.db"
    os.mkdir(copy.parent)
    with reader(served) as look:
        look.backup(copy)
        assert os.listdir(copy.parent) == ["j.db"]
        with pytest.raises(JournalRefused, match=r"copy/j\.db exists"):
            look.backup(copy)
    store = Sqlite(copy, clock=served.time.monotonic, wall=served.time.wall)
    await store.start()
    assert (await store.perform(Look(key("b49")))).state is State.APPLIED
    await store.stop()
    with Reader(copy) as look:
        assert (look.check(), look.counts().rows) == ((), {"applied": 50})


async def test_a_reader_never_writes_and_says_what_it_cannot_read(served: Stand, tmp_path: Path) -> None:
    """No file, no journal, or an older one."""
    for name, content, complaint in (
        ("nothing.db", None, "no such file"), ("empty.db", b"", "cannot be read as a journal"),
        ("text.db", b"hello " * 2_000, "cannot be read as a journal"),
    ):  # fmt: skip
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(JournalRefused, match=complaint):
            Reader(path)
        assert content is None or path.read_bytes() == content
    with closing(connected(served.folder / "journal.db")) as connection:
        connection.execute("DELETE FROM versions")
    with pytest.raises(JournalRefused, match="lacks schema step 1: start the gateway on it once"):
        reader(served)

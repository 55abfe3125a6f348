"""The journal for people, over one file: what is found, what a hand changes, what is wrong; also while it is served."""

from pathlib import Path

import apsw
import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Kept
from gateway.journal.manual import Action
from gateway.journal.sqlite.desk import SqliteDesk
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.states import Policy, State, Step
from gateway.journal.wishes import JournalRefused, JournalUnavailable, Look, Record, Told
from tests.journal.calls import DONE, PAID, RETRIES, bet, key, rollback, win
from tests.journal.conftest import KEEPS_ALL

POLICY = Policy(KEEPS_ALL, chance=lambda: 0.5)


async def filled(path: Path) -> Sqlite:
    """A journal that is served: a bet that stands, one that was undone, a win that is owed."""
    store = Sqlite(path, POLICY)
    await store.start()
    for name, round_name in (("b1", "r1"), ("b2", "r2")):
        claimed = await store.perform(bet(name, round=round_name))
        recorded = await store.perform(Record(key(name), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID))
        await store.perform(Told(key(name), recorded.answer, DONE))
    claimed = await store.perform(rollback("x2", "b2"))
    ended = Record(key("x2"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, related=(key("b2"),))
    await store.perform(ended)
    claimed = await store.perform(win("w1", round=None, chain="w1"))
    await store.perform(Record(key("w1"), claimed.row.holder, State.OPEN, Outcome.BUSY, RETRIES))
    return store


async def test_what_is_found_and_what_waits(tmp_path: Path) -> None:
    """By an id, a key, or the key of an undoing, with history and kin; only what is to be done waits."""
    store = await filled(tmp_path / "journal.db")
    try:
        async with SqliteDesk(store.path, POLICY) as desk:
            for name in ("b2", key("b2"), f"rev:{key('b2')}"):
                assert [each.row.transaction for each in await desk.find(name)] == ["b2", "x2"]
            assert await desk.find("nothing") == ()
            looked = await desk.look(key("b1"))
            assert looked is not None
            assert looked.row == await store.perform(Look(key("b1")))
            assert [note.what for note in looked.notes][:2] == ["claim", "record"]
            assert await desk.look("nothing") is None
            assert await desk.pruned(key("b1")) is None
            assert [row.transaction for row in await desk.waiting()] == ["w1"]
            assert await desk.now() >= 0
            assert list(await desk.check()) == []
            assert list(await desk.audits()) == []
        counts = await store.counts()
        assert counts.rows[State.APPLIED] == 2
        assert counts.armed == {Step.DELIVER: 1}
    finally:
        await store.stop()
    with pytest.raises(JournalUnavailable):
        await store.counts()


async def test_a_hand_in_a_row_leaves_its_trace(tmp_path: Path) -> None:
    """Parked, tried again, resolved: each by somebody, for a reason, on the row as it was seen."""
    store = await filled(tmp_path / "journal.db")
    try:
        async with SqliteDesk(store.path, POLICY) as desk:
            for action in (Action("park", "look into it"), Action("retry", "it is well"), Action("park", "again")):
                row = await store.perform(Look(key("w1")))
                await desk.act(key("w1"), row.version, action, "ann")
            row = await store.perform(Look(key("w1")))
            assert row.parked == "by hand: again"
            after = await desk.act(key("w1"), row.version, Action("resolve", "paid by hand", "applied"), "bob")
            assert (after.state, after.step, after.parked) == (State.APPLIED, None, None)
            assert [each.who for each in await desk.audits(key("w1"))] == ["ann", "ann", "ann", "bob"]
            with pytest.raises(JournalRefused):
                await desk.act(key("w1"), row.version, Action("park", "too late"), "ann")
    finally:
        await store.stop()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (f"UPDATE rows SET state = 'odd' WHERE key = '{key('b1')}'", "it cannot be read"),
        (f"UPDATE rows SET undo_by = 'nobody' WHERE key = '{key('b2')}'", "undone by nobody, which was never here"),
        (f"UPDATE rows SET settled_by = 'nobody' WHERE key = '{key('b1')}'", "settled by nobody, which was never here"),
    ],
)
async def test_what_is_wrong_is_found(tmp_path: Path, harm: str, said: str) -> None:
    """A row that cannot be read, or that names what never was."""
    store = await filled(tmp_path / "journal.db")
    await store.stop()
    connection = apsw.Connection(str(store.path))
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(harm)
    connection.close()
    async with SqliteDesk(store.path, POLICY) as desk:
        assert any(said in line for line in await desk.check()), await desk.check()


async def test_a_copy_is_a_journal_and_what_is_old_goes(tmp_path: Path) -> None:
    """A backup checks clean and is not written over; pruning counts first, then drops."""
    store = await filled(tmp_path / "journal.db")
    await store.stop()
    ancient = Kept(rows_s=-1.0)
    async with SqliteDesk(store.path, POLICY, ancient) as desk:
        copy = tmp_path / "copy.db"
        await desk.backup(copy)
        with pytest.raises(JournalRefused):
            await desk.backup(copy)
        counted = await desk.prune(dry=True)
        dropped = await desk.prune(dry=False)
        assert (counted.rows, dropped.rows) == (3, 3)  # what is owed stays, however old
        assert await desk.pruned(key("b1")) is Outcome.OK
        assert [row.transaction for row in await desk.waiting()] == ["w1"]
    async with SqliteDesk(copy, POLICY) as desk:
        assert list(await desk.check()) == []
        assert [each.row.transaction for each in await desk.find("b1")] == ["b1"]


async def test_what_is_no_journal_is_said_so(tmp_path: Path) -> None:
    """Not there, or something else."""
    with pytest.raises(JournalRefused, match="no such file"):
        SqliteDesk(tmp_path / "nowhere.db", POLICY)
    other = tmp_path / "other.db"
    other.write_bytes(b"this is no database at all, however long it may be" * 100)
    with pytest.raises(JournalRefused):
        async with SqliteDesk(other, POLICY) as desk:
            await desk.find("b1")


async def test_a_damaged_journal_is_found_out(tmp_path: Path) -> None:
    """What SQLite itself calls damaged is said, by whichever question meets it first."""
    store = await filled(tmp_path / "journal.db")
    await store.stop()
    raw = bytearray(store.path.read_bytes())
    for place in range(4096 * 3, len(raw), 4096):
        raw[place : place + 16] = b"\xff" * 16
    store.path.write_bytes(raw)
    try:
        async with SqliteDesk(store.path, POLICY) as desk:
            said = list(await desk.check())
    except JournalRefused as refused:
        said = [str(refused)]
    assert any("damaged" in line for line in said), said


async def test_a_file_that_went_away_tells_no_counts(tmp_path: Path) -> None:
    """Beside a gateway that still serves what it has open."""
    store = await filled(tmp_path / "journal.db")
    try:
        store.path.rename(tmp_path / "elsewhere.db")
        with pytest.raises(JournalUnavailable):
            await store.counts()
        (tmp_path / "elsewhere.db").rename(store.path)
        assert (await store.counts()).armed == {Step.DELIVER: 1}
    finally:
        await store.stop()

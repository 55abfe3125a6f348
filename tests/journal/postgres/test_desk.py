"""The journal for people, beside the instances that serve it: what is found, what a hand changes, what is wrong."""

from pathlib import Path

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Kept
from gateway.journal.manual import Action
from gateway.journal.postgres.desk import PostgresDesk
from gateway.journal.postgres.store import Postgres
from gateway.journal.states import Policy, State, Step
from gateway.journal.wishes import JournalRefused, Lease, Look, Record, Told, Verdict
from tests.journal.calls import DONE, PAID, RETRIES, bet, key, rollback, win
from tests.journal.conftest import KEEPS_ALL, middling
from tests.journal.postgres.conftest import Open
from tests.journal.postgres_server import asked, fresh_database
from tests.journal.stands import Time

POLICY = Policy(KEEPS_ALL, chance=middling)


async def booked(store: Postgres, name: str = "b1", *, heard: bool = True, **facts: object) -> None:
    """A bet that was applied, and whose answer was heard."""
    claimed = await store.perform(bet(name, **facts))
    recorded = await store.perform(Record(key(name), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID))
    if heard:
        await store.perform(Told(key(name), recorded.answer, DONE))
    await store.perform(Look(key(name)))


async def owing(store: Postgres, name: str = "w1") -> None:
    """A win that is to be delivered."""
    claimed = await store.perform(win(name, round=None, chain=name))
    await store.perform(
        Record(key(name), claimed.row.holder, State.OPEN, Outcome.BUSY, RETRIES, sent=False)
    )  # fmt: skip


async def test_a_transaction_is_found_with_its_history_and_its_kin(instance: Open, url: str) -> None:
    """By its id, its key, or the key of its undoing; then what it names, and what names it."""
    store = await instance()
    await booked(store)
    await store.perform(rollback("x1"))
    await booked(store, "b2", round="r2")
    async with PostgresDesk(url, POLICY) as desk:
        for name in ("b1", key("b1"), f"rev:{key('b1')}"):
            found = await desk.find(name)
            assert [each.row.transaction for each in found] == ["b1", "x1"]
        assert [note.what for note in found[0].notes] == ["claim", "record", "told", "undo wanted"]
        assert found[0].notes[1].facts["telling"] == ["done"]
        assert await desk.find("nothing") == []
        looked = await desk.look(key("b2"))
        assert looked is not None
        assert looked.row == await store.perform(Look(key("b2")))
        assert await desk.look("nothing") is None


async def test_what_waits_is_listed(instance: Open, url: str) -> None:
    """Armed, at work, and parked; nothing else."""
    store = await instance(time := Time())
    await booked(store, "closed")
    for name in ("w1", "w2"):
        time.seconds += 1
        await owing(store, name)
    time.seconds += 1
    await booked(store, "unheard", heard=False, round="r2")
    await store.perform(Lease(1))
    async with PostgresDesk(url, POLICY) as desk:
        assert [row.transaction for row in await desk.waiting()] == ["w1", "w2", "unheard"]
        counts = await desk.counts()
    assert counts.rows == {State.APPLIED: 2, State.CLAIMED: 1, State.OPEN: 1}
    assert counts.armed == {Step.DELIVER: 2, Step.JUDGE: 1}
    assert (counts.parked, counts.commits) == (0, 0)
    assert (await store.counts()).commits == store.commits


async def test_how_long_the_first_has_been_due(instance: Open) -> None:
    """On the journal's clock."""
    store = await instance(time := Time())
    await owing(store)
    time.seconds += 7
    assert (await store.counts()).overdue == 7.0


async def test_a_hand_in_a_row(instance: Open, url: str) -> None:
    """Park, retry, resolve: the instances see it at once; each leaves its audit and its note."""
    store = await instance()
    await owing(store)
    async with PostgresDesk(url, POLICY) as desk:
        row = await store.perform(Look(key("w1")))
        row = await desk.act(row.key, row.version, Action("park", "let me look"), "ann")
        assert (row.parked, await store.perform(Lease(1))) == ("by hand: let me look", ())
        row = await desk.act(row.key, row.version, Action("retry", "looks well"), "ann")
        assert row == await store.perform(Look(key("w1")))
        assert row.step is Step.DELIVER
        row = await desk.act(row.key, row.version, Action("park", "again"), "bob")
        row = await desk.act(row.key, row.version, Action("resolve", "the wallet has it", "applied"), "bob")
        assert (await store.perform(win("w1", round=None, chain="w1"))).verdict is Verdict.KNOWN
        audits = await desk.audits(key("w1"))
        assert [(audit.who, audit.action, audit.reason) for audit in audits] == [
            ("ann", "park", "let me look"), ("ann", "retry", "looks well"),
            ("bob", "park", "again"), ("bob", "resolve applied", "the wallet has it"),
        ]  # fmt: skip
        assert await desk.audits("other") == []
        assert len(await desk.audits()) == 4
        assert await desk.check() == []
    counts = await store.counts()
    assert (counts.rows, counts.armed, counts.parked) == ({State.APPLIED: 1}, {}, 0)


async def test_what_a_hand_finds_of_a_win_holds_for_its_bets(instance: Open, url: str) -> None:
    """One that was paid has settled them: no rollback takes them then."""
    store = await instance()
    for each in (bet("b1"), win("w1", "b1")):
        claimed = await store.perform(each)
        state = State.APPLIED if each.row.operation is Operation.BET else State.UNKNOWN
        await store.perform(Record(claimed.row.key, claimed.row.holder, state, Outcome.OK, DONE, sent=True))
    async with PostgresDesk(url, POLICY) as desk:
        row = await store.perform(Look(key("w1")))
        row = await desk.act(row.key, row.version, Action("park", "let me look"), "ann")
        assert (await store.perform(Look(key("b1")))).settled_by is None
        await desk.act(row.key, row.version, Action("resolve", "the wallet has it", "applied"), "ann")
        assert (await store.perform(Look(key("b1")))).settled_by == row.key
        assert await desk.check() == []


async def test_a_hand_that_comes_too_late(instance: Open, url: str) -> None:
    """The row has moved on, is at work, is not there, or nothing can come of it: nothing is changed."""
    store = await instance()
    await owing(store)
    row = await store.perform(Look(key("w1")))
    async with PostgresDesk(url, POLICY) as desk:
        for at, version, action, who, said in (
            (row.key, row.version - 1, Action("park", "why"), "ann", "has changed since you looked"),
            ("none", 1, Action("park", "why"), "ann", "no such row"),
            (row.key, row.version, Action("retry", "why"), "ann", "it is not parked"),
            (row.key, row.version, Action("park", " "), "ann", "must be said"),
            (row.key, row.version, Action("park", "why"), "", "must be said"),
        ):
            with pytest.raises(JournalRefused, match=said):
                await desk.act(at, version, action, who)
        await store.perform(Lease(1))
        row = await store.perform(Look(key("w1")))
        with pytest.raises(JournalRefused, match="on its way to the wallet"):
            await desk.act(row.key, row.version, Action("park", "why"), "ann")
        assert await desk.audits() == []
    assert await store.perform(Look(key("w1"))) == row


async def test_a_desk_is_nobody_who_could_hear_a_provider(instance: Open, url: str) -> None:
    """It writes as an instance of its own; that is no stretch of service, and nothing of it is left alive."""
    store = await instance()
    await owing(store)
    lives = await asked(url, "SELECT * FROM lives")
    async with PostgresDesk(url, POLICY) as desk:
        row = await store.perform(Look(key("w1")))
        await desk.act(row.key, row.version, Action("park", "why"), "ann")
    assert [tuple(life)[:2] for life in await asked(url, "SELECT * FROM lives")] == [tuple(life)[:2] for life in lives]
    living = await asked(url, "SELECT instance FROM instances WHERE NOT dead")
    assert [found[0] for found in living] == [store.me]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("UPDATE rows SET holder = NULL, flight = NULL", "claimed, and nobody holds it: acme:tx:b1"),
        ("UPDATE rows SET flight = NULL", "held without a call in flight"),
        ("UPDATE rows SET step = 'ask', parked = 'x'", "armed and parked"),
        ("UPDATE rows SET undo = 1, holder = NULL, flight = NULL", "to be undone, and nothing will do it"),
        ("UPDATE rows SET state = 'open'", "the counts do not fit the rows: [('state', 'claimed', 1)"),
        ("UPDATE rows SET settled_by = 'acme:tx:none'", "settled by acme:tx:none, which was never here"),
        ("UPDATE rows SET call = '{'", "acme:tx:b1: it cannot be read"),
        ("UPDATE rows SET updated = 1e12", "it was written after the journal's clock"),
    ],
)
async def test_what_is_wrong_is_found(instance: Open, url: str, harm: str, said: str) -> None:
    """By its key, a sentence each."""
    store = await instance()
    await store.perform(bet())
    async with PostgresDesk(url, POLICY) as desk:
        assert await desk.check() == []
        await asked(url, harm)
        assert said in "\n".join(await desk.check())


async def test_what_is_old_is_counted_and_dropped(instance: Open, url: str) -> None:
    """Dry, only counted; then all of it, in small steps; the counts of rows go with it."""
    kept = Kept(rows_s=0.5, sessions_s=0.5)
    store = await instance(time := Time())
    for number in range(450):
        await booked(store, f"b{number}", round=None)
    await booked(store, "unheard", heard=False)
    time.seconds += 1
    await store.beat()
    async with PostgresDesk(url, POLICY, kept) as desk:
        dry = await desk.prune(dry=True)
        assert (dry.rows, await store.perform(Look(key("b1"))) is None) == (450, False)
        assert await desk.prune(dry=False) == dry
        assert await desk.pruned(key("b1")) is Outcome.OK
        assert await desk.pruned(key("unheard")) is None
        assert await desk.check() == []
    assert (await store.perform(bet("b1"))).verdict is Verdict.PRUNED
    assert (await store.counts()).rows == {State.APPLIED: 1}
    assert await asked(url, "SELECT FROM notes WHERE key <> $1", key("unheard")) == []


async def test_what_the_dead_counted_is_kept(instance: Open, url: str) -> None:
    """Their names go after two years; what they counted stays true."""
    store = await instance(Time())
    await booked(store)
    await store.stop()
    later = Time()
    later.seconds = 3 * 365 * 86_400.0
    other = await instance(later)
    await other.prune()
    assert [found[0] for found in await asked(url, "SELECT instance FROM instances")] == [other.me]
    assert (await other.counts()).rows == {State.APPLIED: 1}


async def test_a_backup_is_the_servers_own_work(url: str, tmp_path: Path) -> None:
    """It says how."""
    async with PostgresDesk(url, POLICY) as desk:
        assert await desk.now() == 0.0
        with pytest.raises(JournalRefused, match="pg_dump"):
            await desk.backup(tmp_path / "copy")


async def test_a_database_that_is_no_journal(instance: Open) -> None:
    """People's tools change no schema."""
    url = await fresh_database(empty=True)
    with pytest.raises(JournalRefused, match="no journal in this database"):
        async with PostgresDesk(url, POLICY):
            pass
    assert await asked(url, "SELECT FROM pg_tables WHERE tablename = 'versions'") == []


async def test_what_belongs_to_no_round_is_found_by_its_chain(instance: Open, url: str) -> None:
    """A win that waits alone has nothing beside it."""
    store = await instance()
    await owing(store)
    async with PostgresDesk(url, POLICY) as desk:
        assert [each.row.transaction for each in await desk.find("w1")] == ["w1"]


async def test_a_desk_that_was_not_opened_answers_nothing(url: str) -> None:
    """A sentence, and no traceback."""
    with pytest.raises(JournalRefused, match="not open"):
        await PostgresDesk(url, POLICY).find("b1")

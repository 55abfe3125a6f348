"""The one writer: wishes share commits, a broken one harms nobody, confirmations are written soon, not waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
import pytest_asyncio
from msgspec.structs import replace as with_fields

from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Limits
from gateway.journal.sqlite.opening import connected
from gateway.journal.sqlite.reader import Reader
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.states import State
from gateway.journal.wishes import Claim, JournalUnavailable, Look, Recall, Record, Remember, Told, Verdict
from tests.journal.calls import ACCOUNT, DONE, PAID, bet, key

PATIENT = Limits(claim_s=20.0, wish_s=20.0)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Sqlite]:
    """A started journal with no wish of its own under way."""
    store = Sqlite(tmp_path / "j.db", limits=PATIENT)
    await store.start()
    yield store
    await store.stop()


async def claims(store: Sqlite, *transactions: str, patient: bool = False) -> list[Any]:
    """Claim all at once."""
    return await asyncio.gather(*(store.perform(bet(name, round=None), patient=patient) for name in transactions))


async def record(store: Sqlite, claimed: Any) -> Any:
    """Record a claimed bet as applied."""
    return await store.perform(
        Record(claimed.row.key, claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID, sent=True)
    )


async def test_wishes_that_wait_share_a_commit(store: Sqlite) -> None:
    """What came while the disk was busy goes together, up to 64; one alone goes at once."""
    before = store.commits
    await claims(store, "alone")
    assert store.commits - before == 1
    before = store.commits
    found = await claims(store, *(f"b{number}" for number in range(640)))
    assert {claimed.verdict for claimed in found} == {Verdict.OURS}
    assert len({claimed.row.holder for claimed in found}) == 640
    assert 10 <= store.commits - before <= 12


async def test_patient_wishes_are_committed_at_intervals(tmp_path: Path) -> None:
    """They wait from one commit's beginning on for others to join the next; who is not patient is made to wait never,
    and takes them along."""
    rest = 2.0
    store = Sqlite(tmp_path / "j.db", limits=replace(PATIENT, rest_s=rest))
    await store.start()
    clock = asyncio.get_running_loop().time

    async def seconds(*names: str, patient: bool = False) -> float:
        began = clock()
        await claims(store, *names, patient=patient)
        return clock() - began

    assert await seconds("a1", "a2", "a3", "a4") + await seconds("b") < rest / 2, "nobody is patient"
    before = store.commits
    first = asyncio.create_task(seconds("c", patient=True))
    await asyncio.sleep(rest / 4)
    await seconds("d", patient=True)
    assert await first > rest / 2
    assert store.commits - before == 1, "what came while the first one waited shared its commit"
    before = store.commits
    first = asyncio.create_task(seconds("e", patient=True))
    await asyncio.sleep(rest / 4)
    assert await seconds("f") < rest / 2
    assert await first < rest * 3 / 4
    assert store.commits - before == 1, "it was taken along"
    took, _ = await asyncio.gather(seconds("g1"), seconds("g2", patient=True))
    assert took < rest / 2, "who is patient does not keep the one before it waiting"
    await asyncio.sleep(rest)
    assert await seconds("h", patient=True) < rest / 2, "the last commit is long ago"
    await store.stop()


async def test_records_are_patient_too(tmp_path: Path) -> None:
    """With something to remember, and without."""
    rest = 2.0
    store = Sqlite(tmp_path / "j.db", limits=replace(PATIENT, rest_s=rest))
    await store.start()
    clock = asyncio.get_running_loop().time
    memories = ((), (Remember(ACCOUNT, "session", "s", {"player": "p"}),))
    claimed = await claims(store, "a", "b")
    began = clock()

    async def ended(row: Any, what: tuple[Remember, ...]) -> float:
        wish = Record(row.key, row.holder, State.APPLIED, Outcome.OK, DONE, PAID, sent=True, memories=what)
        await store.perform(wish, patient=True)
        return clock() - began

    took = [ended(each.row, what) for each, what in zip(claimed, memories, strict=True)]
    assert min(await asyncio.gather(*took)) > rest / 2
    await store.stop()


async def test_a_batch_is_handed_over_at_once(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop is woken once per commit, not once per wish."""
    woken: list[Any] = []
    loop = asyncio.get_running_loop()
    whole = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *args: (woken.append(args), whole(*args))[1])
    before = store.commits
    await claims(store, *(f"b{number}" for number in range(200)))
    assert len(woken) == store.commits - before <= 5


async def test_confirmations_are_not_waited_for(store: Sqlite) -> None:
    """They join the next commit; where none comes, they are written all the same, many in one."""
    recorded = [await record(store, claimed) for claimed in await claims(store, *map(str, range(20)))]
    before = store.commits
    for each in recorded:
        assert await store.perform(Told(each.row.key, 1, DONE)) is None
    assert store.commits == before
    for _ in range(200):
        await asyncio.sleep(0.01)
        if store.commits > before:
            break
    await asyncio.sleep(0.05)
    assert store.commits == before + 1
    with Reader(store.path) as reader:
        assert {found.row.told for each in recorded for found in reader.find(each.row.key)} == {DONE}


async def test_a_wish_that_raises_harms_no_other(store: Sqlite) -> None:
    """In the same commit: the others are durable, it is not, and it hears its own error."""
    broken = Claim(bet("broken", round=None).row, targets=("x",), bets=5)  # type: ignore[arg-type]
    broken = with_fields(broken, row=replace_operation(broken))
    wishes = [bet("b1", round=None), broken, bet("b2", round=None)]
    one, bad, two = await asyncio.gather(*(store.perform(wish) for wish in wishes), return_exceptions=True)
    assert (one.verdict, type(bad), two.verdict) == ("ours", TypeError, "ours")  # type: ignore[union-attr]
    assert await store.perform(Look(key("broken"))) is None
    assert store.failing == ""


def replace_operation(wish: Claim) -> Any:
    """The row of *wish* as a win, which reads its bets."""
    return with_fields(wish.row, operation="win")  # type: ignore[arg-type]


@pytest.mark.filterwarnings("default")
async def test_content_that_cannot_be_written_harms_no_other(store: Sqlite) -> None:
    """Found only when the commit is made: each wish is then tried alone."""
    unfit = bet("\ud800", round=None)
    (claimed,) = await claims(store, "b0")
    found = await asyncio.gather(
        record(store, claimed), store.perform(bet("b1", round=None)), store.perform(unfit),
        store.perform(bet("b2", round=None)),
        store.perform(Remember(ACCOUNT, "session", "s", {"player": "\ud800"})), return_exceptions=True,
    )  # fmt: skip
    recorded, *found = found
    assert [getattr(each, "verdict", None) for each in found] == ["ours", None, "ours", None]
    assert all(isinstance(each, ValueError | TypeError) for each in found[1::2]), found
    assert recorded.kept, "what was done before the commit failed was not forgotten"  # type: ignore[union-attr]
    assert store.failing == ""
    assert await store.perform(Recall(ACCOUNT, "session", "s")) == {}
    with Reader(store.path) as reader:
        assert reader.check() == ()
        assert reader.counts().rows == {"claimed": 2, "applied": 1}


async def test_known_facts_are_not_written_again(store: Sqlite) -> None:
    """A session's repeat costs no commit."""
    await store.perform(Remember(ACCOUNT, "session", "s", {"player": "p", "currency": "EUR"}))
    before = store.commits
    await store.perform(Remember(ACCOUNT, "session", "s", {"player": "p"}))
    await store.perform(Remember(ACCOUNT, "player", "p", {"balance": 1}))
    assert await store.perform(Recall(ACCOUNT, "session", "s")) == {"player": "p", "currency": "EUR"}
    assert store.commits == before


async def test_another_processs_change_is_seen(store: Sqlite) -> None:
    """Rows are kept decoded only as long as nobody else writes the file."""
    (claimed,) = await claims(store, "b1")
    await record(store, claimed)
    with closing(connected(store.path)) as other:
        other.execute("UPDATE rows SET parked = 'by another', step = NULL WHERE key = ?", (key("b1"),))
    row = await store.perform(Look(key("b1")))
    assert row.parked == "by another"


async def test_another_process_that_writes_is_waited_for(store: Sqlite) -> None:
    """For as long as the wishes may wait; then they hear why, and all is well again after it."""
    with closing(connected(store.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(store.perform(bet("b1", round=None)))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        assert store.failing == "another process holds the journal's file"
        with pytest.raises(JournalUnavailable, match="another process holds"):
            await store.perform(bet("b2", round=None))
        other.execute("COMMIT")
    assert (await waiting).verdict is Verdict.OURS
    assert (await store.perform(bet("b2", round=None))).verdict is Verdict.OURS
    assert store.failing == ""


async def test_what_waits_for_another_process_at_the_end_is_written(tmp_path: Path) -> None:
    """As long as its story waits for it."""
    store = Sqlite(tmp_path / "j.db", limits=PATIENT)
    await store.start()
    with closing(connected(store.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(store.perform(bet("b1", round=None)))
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(store.stop())
        await asyncio.sleep(0.5)
        assert not stopping.done()
        other.execute("COMMIT")
    assert (await waiting).verdict is Verdict.OURS
    await stopping


async def test_the_file_is_free_again_although_nobody_waits(tmp_path: Path) -> None:
    """All gave up while another process wrote: the store finds out by itself that it has ended."""
    store = Sqlite(tmp_path / "j.db", limits=replace(PATIENT, claim_s=0.1))
    await store.start()
    with closing(connected(store.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="not durable within"):
            await store.perform(bet())
        await asyncio.sleep(0.4)
        assert store.failing
        other.execute("ROLLBACK")
    for _ in range(200):
        if not store.failing:
            break
        await asyncio.sleep(0.01)
    assert (await store.perform(bet())).verdict is Verdict.OURS
    await store.stop()


async def test_the_log_is_moved_to_the_file_as_it_grows(tmp_path: Path) -> None:
    """By the writer alone, after the answers; it does not grow without bound."""
    store = Sqlite(tmp_path / "j.db", limits=replace(PATIENT, checkpoint=50))
    await store.start()
    for start in range(0, 2_000, 100):
        await claims(store, *(f"b{number}" for number in range(start, start + 100)))
    size = (tmp_path / "j.db-wal").stat().st_size
    assert size < 3_000_000, size
    assert (tmp_path / "j.db").stat().st_size > 1_000_000
    await store.stop()


async def test_a_bug_of_ours_does_not_end_the_thread(store: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits hears of it; the file is opened anew and served."""
    book = store._writer._book
    whole, left = book.begin, [1]

    def begin() -> None:
        if left and left.pop():
            raise ZeroDivisionError("a bug")
        whole()

    monkeypatch.setattr(book, "begin", begin)
    with pytest.raises(JournalUnavailable, match="a bug"):
        await store.perform(bet("b1", round=None))
    for _ in range(200):
        if not store.failing:
            break
        await asyncio.sleep(0.01)
    assert (await store.perform(bet("b1", round=None))).verdict is Verdict.OURS


async def test_a_row_that_is_not_as_it_was_read_is_not_written_over(store: Sqlite) -> None:
    """The last line of defence: an update names the version that it changes."""
    await claims(store, "b1")
    book = store._writer._book
    row = await store.perform(Look(key("b1")))
    book._tables._cache[key("b1")] = with_fields(row, version=7)
    with pytest.raises(apsw.ConstraintError, match="is not as it was read"):
        await record_once(store, row)
    assert (await store.perform(Look(key("b1")))).version == 1


async def record_once(store: Sqlite, row: Any) -> None:
    """Write a record whose row is made to look newer than it is, twice: the retry alone reads it anew."""
    book = store._writer._book
    whole = book._tables.forget
    book._tables.forget = lambda: None
    try:
        await store.perform(Record(row.key, row.holder, State.APPLIED, Outcome.OK, DONE, PAID, sent=True))
    finally:
        book._tables.forget = whole
        whole()

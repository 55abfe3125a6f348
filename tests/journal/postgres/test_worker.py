"""The one who writes, at the edges: what must wait alone, what collides again and again, what is too much, and bugs."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.limits import Limits
from gateway.journal.postgres.link import Changed
from gateway.journal.postgres.store import Postgres
from gateway.journal.postgres.transacting import TRIES
from gateway.journal.states import State
from gateway.journal.wishes import JournalUnavailable, Lease, Look, Reap, Record, Settle, Told, Verdict
from tests.journal.calls import DONE, PAID, RETRIES, bet, key, win
from tests.journal.postgres.conftest import Gate, Open
from tests.journal.postgres.patience import unavailable, until
from tests.journal.postgres_server import asked
from tests.journal.stands import Time

Held = Callable[[Postgres], Gate]


async def owing(store: Postgres, name: str = "w1") -> None:
    """A win that the outbox has to deliver."""
    claimed = await store.perform(win(name, round=None, chain=name))
    await store.perform(
        Record(key(name), claimed.row.holder, State.OPEN, Outcome.BUSY, RETRIES, sent=False)
    )  # fmt: skip


async def test_what_waits_shares_a_commit(instance: Open) -> None:
    """A hundred claims at once are a few transactions, two round trips each."""
    store = await instance(limits=Limits(claim_s=20.0, batch=50))
    await store.perform(Look("warm"))
    before = store.commits
    await asyncio.gather(*(store.perform(bet(f"b{number}")) for number in range(100)))
    assert store.commits - before == 2


async def test_a_dead_name_leases_under_its_new_one(instance: Open, url: str) -> None:
    """The lease finds out that others hold us for dead: it is taken anew, and is ours."""
    store = await instance()
    await owing(store)
    before = store.me
    await asked(url, "UPDATE instances SET dead = TRUE")
    (leased,) = await store.perform(Lease(1))
    assert leased.row.holder.startswith(f"{store.me}/")
    assert store.me != before
    assert (await store.perform(Settle(key("w1"), leased.row.holder, State.APPLIED, Outcome.OK))).kept


async def test_a_heartbeat_that_waits_for_a_lock_is_late_and_nothing_else(instance: Open, url: str) -> None:
    """Claims go on; the next beat counts."""
    store = await instance(limits=Limits(claim_s=1.0))
    other = await asyncpg.connect(url)
    held = other.transaction()
    await held.start()
    await other.execute("UPDATE clock SET seconds = seconds")
    await store.beat()
    assert (store.failing, (await store.perform(bet())).verdict) == ("", Verdict.OURS)
    await held.rollback()
    await other.close()
    await store.beat()
    assert (await asked(url, "SELECT counter FROM instances"))[0]["counter"] >= 3


async def test_a_reaped_row_that_somebody_changes_meanwhile(instance: Open, gate: Held) -> None:
    """What it said of itself in the last moment stays; the rest is freed."""
    store, other = await instance(Time()), await instance(Time())
    claims = [await other.perform(bet(name)) for name in ("b1", "b2")]
    held = gate(store)
    reaping = asyncio.create_task(store.perform(Reap(frozenset({other.me}))))
    await held.reached.wait()
    await other.perform(Record(key("b1"), claims[0].row.holder, State.APPLIED, Outcome.OK, DONE, PAID))
    held.open()
    assert await reaping == 1
    assert (await store.perform(Look(key("b1")))).state is State.APPLIED
    assert (await store.perform(Look(key("b2")))).state is State.UNKNOWN


async def test_a_reaped_row_wakes_who_waits_for_it(instance: Open) -> None:
    """In this process at once."""
    store = await instance()
    await store.perform(bet())
    woken: list[str] = []
    store._waiting.wake = woken.extend  # type: ignore[method-assign]
    store._entries._freed = woken.extend
    await store.perform(Reap(frozenset({store.me})))
    assert woken == [key("b1")]


async def test_a_batch_that_always_collides_goes_one_by_one(instance: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hot row must not keep the others out; its own wish hears in the end that others were first."""
    store = await instance()
    link = store._transactions.link
    assert link is not None
    ask = link.rows

    async def colliding(sql: str, *values: Any) -> list[Any]:
        if "journal_write" in sql and "hot" in str(values):
            raise Changed("a row was changed meanwhile")
        return await ask(sql, *values)

    monkeypatch.setattr(link, "rows", colliding)
    found = await asyncio.gather(*(store.perform(bet(name)) for name in ("b1", "hot", "b3")), return_exceptions=True)
    assert [getattr(each, "verdict", type(each)) for each in found] == [
        Verdict.OURS, JournalUnavailable, Verdict.OURS,
    ]  # fmt: skip
    assert "changed meanwhile" in str(found[1])
    assert store.collisions == 2 * TRIES


async def test_too_much_is_refused_at_once(instance: Open, url: str) -> None:
    """More than may wait waits for nothing; what the wallet said is kept in mind all the same."""
    store = await instance(limits=Limits(claim_s=20.0, waiting=1, reopen_s=0.05))
    claimed = await store.perform(bet())
    record = Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID)
    looking = asyncio.create_task(store.perform(Look(key("b1"))))
    await asyncio.sleep(0)
    assert "wait for the journal already" in await unavailable(store, record)
    await looking
    await until(lambda: asked(url, "SELECT FROM rows WHERE state = 'applied' AND telling IS NULL AND holder IS NULL"))


async def test_before_and_after_nothing_is_served(instance: Open, url: str) -> None:
    """Wishes hear so; a second stop is none."""
    never = Postgres(url)
    assert "not open" in await unavailable(never, bet())
    store = await instance()
    await store.perform(bet())
    await store.stop()
    await store.stop()
    assert "not open" in await unavailable(store, Look(key("b1")))
    await store.perform(Told(key("b1"), 1, DONE))
    await store.beat()


async def test_what_waits_at_a_stop_is_written(instance: Open) -> None:
    """Whatever came before it."""
    store = await instance()
    claims = [asyncio.create_task(store.perform(bet(f"b{number}"))) for number in range(5)]
    await asyncio.sleep(0)
    await store.stop()
    assert {(await each).verdict for each in claims} == {Verdict.OURS}


async def test_a_bug_of_ours_is_said_and_survived(
    instance: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Those who waited hear of it, the others are served."""
    store = await instance()
    monkeypatch.setattr(store._serving, "now", lambda: 1 / 0)
    with pytest.raises(JournalUnavailable, match="division by zero"):
        await store.perform(bet())
    monkeypatch.undo()
    await until(lambda: not store.failing)
    assert (await store.perform(bet("b2"))).verdict is Verdict.OURS
    assert "the journal's worker failed" in caplog.text


async def test_a_confirmation_that_cannot_be_performed_is_logged(
    instance: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for it, so nobody else would hear."""
    store = await instance()
    await store.perform(bet())
    await store.perform(Told(key("b1"), 1, 7))  # type: ignore[arg-type]
    await store.perform(Look(key("b1")))
    assert "nobody waits for a Told that cannot be performed" in caplog.text

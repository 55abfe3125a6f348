"""Several instances on one database: one claim is ours, work is shared, not doubled, nobody waits in a circle."""

import asyncio
from collections import Counter
from random import Random

import asyncpg
import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.postgres.store import Postgres
from gateway.journal.states import State, Step
from gateway.journal.wishes import Claim, Claimed, Lease, Leased, Look, Recall, Record, Remember, Settle, Verdict, Wait
from tests.journal.calls import ACCOUNT, DONE, RETRIES, bet, key, rollback, win
from tests.journal.postgres.conftest import Open
from tests.journal.stands import Time


async def owing(store: Postgres, *names: str) -> None:
    """Wins of chains of their own, which the outbox has to deliver."""

    async def one(name: str) -> None:
        claimed = await store.perform(win(name, chain=name, round=None))
        await store.perform(
            Record(key(name), claimed.row.holder, State.OPEN, Outcome.BUSY, RETRIES, sent=False)
        )  # fmt: skip

    await asyncio.gather(*map(one, names))


async def test_of_a_thousand_copies_on_four_instances_one_is_ours(instance: Open) -> None:
    """The others hear that it is in flight; there is one row, of one holder."""
    stores = [await instance() for _ in range(4)]
    found: list[Claimed] = await asyncio.gather(*(stores[n % 4].perform(bet()) for n in range(1_000)))
    assert Counter(claimed.verdict for claimed in found) == {Verdict.OURS: 1, Verdict.IN_FLIGHT: 999}
    (ours,) = [claimed for claimed in found if claimed.verdict is Verdict.OURS]
    for store in stores:
        row = await store.perform(Look(key("b1")))
        assert (row.holder, row.version) == (ours.row.holder, 1)


async def test_what_one_instance_wrote_the_others_read(instance: Open) -> None:
    """Rows, rounds and sessions; and the wake of a call that another ended."""
    one, other = await instance(), await instance()
    claimed = await one.perform(bet())
    waiting = asyncio.create_task(other.perform(Wait(key("b1"), asyncio.get_running_loop().time() + 60)))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    memories = (Remember(ACCOUNT, "session", "s", {"player": "p1"}),)
    await one.perform(Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, memories=memories))
    await asyncio.wait_for(waiting, 10)
    await other.perform(Remember(ACCOUNT, "session", "s", {"currency": "EUR"}))
    assert await one.perform(Recall(ACCOUNT, "session", "s")) == {"player": "p1", "currency": "EUR"}
    assert (await other.perform(bet())).verdict is Verdict.KNOWN
    assert (await other.perform(Recall(ACCOUNT, "round", "r1")))["reference"] == ("b1",)


async def test_leases_of_four_instances_never_double(instance: Open) -> None:
    """Everything is leased once, whoever leases it."""
    stores = [await instance() for _ in range(4)]
    await owing(stores[0], *(f"w{number}" for number in range(120)))

    async def drained(store: Postgres) -> list[Leased]:
        taken: list[Leased] = []
        while some := await store.perform(Lease(7)):
            taken += some
            await asyncio.sleep(0)
        return taken

    shares = await asyncio.gather(*map(drained, stores))
    leased = [each.row.key for share in shares for each in share]
    assert sorted(leased) == sorted(key(f"w{number}") for number in range(120))
    holders = {each.row.holder for share in shares for each in share}
    assert len(holders) == 120
    for store, share in zip(stores, shares, strict=True):
        assert all((each.row.holder or "").startswith(f"{store.me}/") for each in share)


async def test_a_lease_passes_over_what_another_has_locked(instance: Open, url: str) -> None:
    """It neither waits for it nor takes it."""
    store = await instance()
    await owing(store, "w1", "w2", "w3")
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("SELECT FROM rows WHERE key = ANY ($1) FOR UPDATE", [key("w1"), key("w3")])
        assert [each.row.transaction for each in await store.perform(Lease(10))] == ["w2"]
    await other.close()
    assert {each.row.transaction for each in await store.perform(Lease(10))} == {"w1", "w3"}


async def test_a_lease_never_waits_for_a_lock_while_it_holds_others(instance: Open, url: str) -> None:
    """A win whose bet somebody has locked is left for later: who waits with other locks may wait for ever."""
    store = await instance()
    booked = await store.perform(bet())
    await store.perform(win("w1", "b1"))
    await store.perform(Record(key("b1"), booked.row.holder, State.APPLIED, Outcome.OK, DONE))
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("SELECT FROM rows WHERE key = $1 FOR UPDATE", key("b1"))
        assert await asyncio.wait_for(store.perform(Lease(10)), 10) == ()
    await other.close()
    assert [each.row.transaction for each in await store.perform(Lease(10))] == ["w1"]


@pytest.mark.heavy
async def test_rollbacks_of_the_same_bets_in_every_order_end(instance: Open, url: str) -> None:
    """Two instances, batches that touch the same rows in opposite orders: the server never finds a circle of waits."""
    stores = [await instance(), await instance()]
    names = [f"b{number}" for number in range(6)]
    for name in names:
        claimed = await stores[0].perform(bet(name))
        await stores[0].perform(Record(key(name), claimed.row.holder, State.APPLIED, Outcome.OK, DONE))
    dice = Random(7)

    async def one(number: int) -> Claimed:
        targets = dice.sample(names, 3)
        claimed: Claimed = await stores[number % 2].perform(rollback(f"x{number}", *targets))
        if claimed.verdict is Verdict.OURS:
            related = tuple(row.key for row in claimed.related)
            await stores[number % 2].perform(
                Record(claimed.row.key, claimed.row.holder, State.OPEN, Outcome.BUSY, RETRIES, related=related)
            )
        return claimed

    found = await asyncio.gather(*map(one, range(300)))
    assert {claimed.verdict for claimed in found} <= {Verdict.OURS, Verdict.IN_FLIGHT, Verdict.WAITS}
    connection = await asyncpg.connect(url)
    (deadlocks,) = await connection.fetchrow(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    await connection.close()
    assert deadlocks == 0
    for name in names:
        row = await stores[0].perform(Look(key(name)))
        assert (row.undo, row.holder) == (True, None)


@pytest.mark.heavy
async def test_a_rollback_that_races_its_bet(instance: Open) -> None:
    """On two instances at once: whoever is second knows of the first; never do both go to the wallet."""
    one, other = await instance(), await instance()
    dice = Random(11)

    async def later(store: Postgres, wish: Claim) -> Claimed:
        await asyncio.sleep(dice.random() / 4)
        claimed: Claimed = await store.perform(wish)
        return claimed

    async def race(number: int) -> tuple[Verdict, Verdict]:
        booked, undone = await asyncio.gather(
            later(one, bet(f"b{number}")), later(other, rollback(f"x{number}", f"b{number}"))
        )
        return booked.verdict, undone.verdict

    found = Counter(await asyncio.gather(*map(race, range(300))))
    assert set(found) <= {(Verdict.OURS, Verdict.IN_FLIGHT), (Verdict.UNDONE, Verdict.OURS)}
    assert len(found) == 2, "both orders are among three hundred"


async def test_what_waits_for_older_rows_does_not_hide_what_is_due(
    instance: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More rows at the head than a lease looks at: it goes on behind them, page by page, and comes back to them."""
    store = await instance(time := Time())
    due = store._transactions._due
    monkeypatch.setattr(due, "_page", 10)
    names = ["a", *(f"b{number}" for number in range(35)), "z"]
    for name in names:
        chain = "free" if name == "z" else "stuck"
        claimed = await store.perform(win(name, chain=chain, round=None))
        await store.perform(Record(key(name), claimed.row.holder, State.OPEN, Outcome.BUSY, RETRIES, sent=False))
        time.seconds += 0.01
    (first,) = await store.perform(Lease(1))
    assert first.row.transaction == "a"
    found = [await store.perform(Lease(5)) for _ in range(2)]
    assert [each.row.transaction for some in found for each in some] == ["z"]
    await store.perform(Settle(key("a"), first.row.holder, State.APPLIED, Outcome.OK))
    found = [await store.perform(Lease(5)) for _ in range(3)]
    assert [each.row.transaction for some in found for each in some] == ["b0"]
    assert (await store.counts()).armed == {Step.DELIVER: 36}

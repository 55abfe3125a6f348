"""Two instances decide at one instant: one is held up between its decision and its writing, the other goes first."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest
from msgspec.structs import replace

from gateway.canon.outcomes import Outcome
from gateway.journal.postgres.store import Postgres
from gateway.journal.states import State
from gateway.journal.wishes import Claim, Claimed, Look, Record, Told, Verdict
from tests.journal.calls import DONE, FINAL, PAID, RETRIES, bet, key, rollback, win
from tests.journal.postgres.conftest import Gate, Open
from tests.journal.test_stores_payments import update

Held = Callable[[Postgres], Gate]


async def applied(store: Postgres, name: str = "b1") -> None:
    """A bet that the wallet has, and the provider knows of."""
    claimed = await store.perform(bet(name))
    recorded = await store.perform(Record(key(name), claimed.row.holder, State.APPLIED, Outcome.OK, DONE, PAID))
    await store.perform(Told(key(name), recorded.answer, DONE))
    await store.perform(Look(key(name)))


async def test_two_claims_of_one_new_row(instance: Open, gate: Held) -> None:
    """Both read that there is none; the second is told of the first."""
    slow, quick = await instance(), await instance()
    held = gate(slow)
    first = asyncio.create_task(slow.perform(bet()))
    await held.reached.wait()
    assert (await quick.perform(bet())).verdict is Verdict.OURS
    held.open()
    assert (await first).verdict is Verdict.IN_FLIGHT
    assert slow.collisions == 1


async def test_a_bet_and_its_tombstone(instance: Open, gate: Held) -> None:
    """The bet has decided to go to the wallet when its rollback is written: it does not go."""
    slow, quick = await instance(), await instance()
    held = gate(slow)
    first = asyncio.create_task(slow.perform(bet()))
    await held.reached.wait()
    assert (await quick.perform(rollback())).verdict is Verdict.OURS
    held.open()
    assert (await first).verdict is Verdict.UNDONE


async def test_a_win_and_a_rollback_of_its_bet(instance: Open, gate: Held) -> None:
    """The win only looks at its bet, which is proved already, and does not change it: yet it must notice.

    Without the comparison of what was looked at, the win would be paid on a bet that is being undone.
    """
    slow, quick = await instance(), await instance()
    await applied(quick)
    earlier = await quick.perform(win("w0", "b1"))
    await quick.perform(Record(key("w0"), earlier.row.holder, State.DECLINED, Outcome.PLAYER_BLOCKED, FINAL))
    assert (await quick.perform(Look(key("b1")))).proved
    held = gate(slow)
    first = asyncio.create_task(slow.perform(win("w1", "b1")))
    await held.reached.wait()
    assert (await quick.perform(rollback())).verdict is Verdict.OURS
    held.open()
    claimed: Claimed = await first
    assert claimed.verdict is Verdict.NO_BET
    assert (await slow.perform(Look(key("w1")))).parked
    assert held.writes == 2


async def test_a_rollback_and_a_win_that_was_first(instance: Open, gate: Held) -> None:
    """The rollback has decided to undo the bet when a win of it is paid: it must hear that the bet is settled."""
    slow, quick = await instance(), await instance()
    await applied(quick)
    held = gate(slow)
    first = asyncio.create_task(slow.perform(rollback()))
    await held.reached.wait()
    paid = await quick.perform(win("w1", "b1"))
    await quick.perform(
        Record(key("w1"), paid.row.holder, State.APPLIED, Outcome.OK, DONE, related=(key("b1"),))
    )  # fmt: skip
    held.open()
    assert (await first).verdict is Verdict.SETTLED


async def test_a_claim_that_only_looks_is_not_held_up(instance: Open, gate: Held) -> None:
    """What changes nothing counts nothing: rows that it looked at may change meanwhile."""
    slow, quick = await instance(), await instance()
    await applied(quick, "b1")
    held = gate(slow)
    looked, claimed = (asyncio.create_task(slow.perform(wish)) for wish in (Look(key("b1")), bet("b2")))
    await held.reached.wait()
    await quick.perform(rollback())
    held.open()
    assert not (await looked).undo
    assert (await claimed).verdict is Verdict.OURS
    assert slow.collisions == 0


async def test_of_a_batch_that_came_too_late_everything_is_decided_anew(instance: Open, gate: Held) -> None:
    """Those whose rows nobody touched have the same result, and are written once."""
    slow, quick = await instance(), await instance()
    held = gate(slow)
    batch = [asyncio.create_task(slow.perform(bet(name))) for name in ("b1", "b2", "b3")]
    await held.reached.wait()
    await quick.perform(bet("b2"))
    held.open()
    assert [(await each).verdict for each in batch] == [Verdict.OURS, Verdict.IN_FLIGHT, Verdict.OURS]
    assert (await quick.perform(Look(key("b1")))).version == 1


async def test_a_record_and_a_rollback_that_wants_the_bet_undone(instance: Open, gate: Held) -> None:
    """The wallet's yes is being written while a rollback's intent is: the row has both."""
    slow, quick = await instance(), await instance()
    claimed = await slow.perform(bet())
    held = gate(slow)
    wish = Record(key("b1"), claimed.row.holder, State.APPLIED, Outcome.OK, RETRIES, PAID)
    recording = asyncio.create_task(slow.perform(wish))
    await held.reached.wait()
    assert (await quick.perform(rollback())).verdict is Verdict.IN_FLIGHT
    held.open()
    recorded = await recording
    assert (recorded.kept, recorded.undone, recorded.row.state) == (True, True, State.APPLIED)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (update("expired", 1), update("succeeded", 2)),
        (update("pending", 1), update("succeeded", 2, amount="999.00")),
    ],
)
async def test_two_first_updates_of_one_payment(instance: Open, gate: Held, one: Claim, other: Claim) -> None:
    """Each looks for the payment's other rows and finds none; no row that could be compared exists. One is sent."""
    slow, quick = await instance(), await instance()
    held = gate(slow)
    first = asyncio.create_task(slow.perform(one))
    await held.reached.wait()
    assert (await quick.perform(other)).verdict is Verdict.OURS
    held.open()
    assert (await first).verdict is Verdict.IN_FLIGHT
    assert slow.collisions == 1


async def test_two_first_updates_that_are_written_at_once(instance: Open) -> None:
    """Neither is held up: whoever locks second waits for the first, and finds its row."""
    stores = [await instance() for _ in range(3)]
    for number in range(40):
        updates = [update(state, 1, f"p-{number}") for state in ("expired", "succeeded", "failed")]
        found = await asyncio.gather(*(store.perform(each) for store, each in zip(stores, updates, strict=True)))
        assert sorted(each.verdict for each in found) == [Verdict.IN_FLIGHT, Verdict.IN_FLIGHT, Verdict.OURS]


async def test_two_copies_beside_each_other(instance: Open, gate: Held) -> None:
    """Two copies without an id, as a stretch of time ends: each is looked for under the other's key. One is sent."""
    slow, quick = await instance(), await instance()
    held = gate(slow)
    first = asyncio.create_task(slow.perform(replace(bet("t-1"), nearby=(key("t-2"),), within_s=60.0)))
    await held.reached.wait()
    assert (await quick.perform(replace(bet("t-2"), nearby=(key("t-1"),), within_s=60.0))).verdict is Verdict.OURS
    held.open()
    assert (await first).verdict is Verdict.IN_FLIGHT


async def test_whoever_may_not_wait_does_not(instance: Open, url: str) -> None:
    """A lease has locks of another order: it hears at once that somebody else is looking for the same rows."""
    await instance()
    looks = "SELECT journal_absent_1($1, $1, $2)"
    first, second = await asyncpg.connect(url), await asyncpg.connect(url)
    async with first.transaction():
        await first.fetch(looks, ["a", "b"], True)
        with pytest.raises(asyncpg.LockNotAvailableError, match="looking for the same rows"):
            await second.fetch(looks, ["c", "b"], False)
    await second.fetch(looks, ["c", "b"], False)
    await first.close()
    await second.close()

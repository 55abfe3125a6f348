"""What is old, on every store that outlives its process: a closed row becomes a hash, and a replay of it is refused."""

import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.limits import DAY_S, Kept
from gateway.journal.states import State
from gateway.journal.wishes import Look, Recall, Remember, Verdict
from tests.journal.calls import (
    ACCOUNT,
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
    settled,
    win,
)  # fmt: skip
from tests.journal.stands import Stand

KEPT = Kept()


async def test_an_old_closed_row_is_pruned_to_a_hash(durable: Stand) -> None:
    """A replay is refused with its last outcome, and not executed; it leaves no row."""
    await booked(durable, bet("b1"))
    await ended(durable, await claim(durable, bet("b2")), State.DECLINED, Outcome.INSUFFICIENT_FUNDS, FINAL)
    await durable.advance(KEPT.rows_s - 1)
    await durable.prune()
    assert (await claim(durable, bet("b1"))).verdict is Verdict.KNOWN
    await durable.advance(2)
    await durable.prune()
    for transaction, outcome in (("b1", Outcome.OK), ("b2", Outcome.INSUFFICIENT_FUNDS)):
        assert await durable.perform(Look(key(transaction))) is None
        again = await claim(durable, bet(transaction))
        assert (again.verdict, again.row.outcome) == (Verdict.PRUNED, outcome)
        assert await durable.perform(Look(key(transaction))) is None
    await durable.restart()
    assert (await claim(durable, bet("b1"))).verdict is Verdict.PRUNED


async def test_the_hash_goes_after_two_years(durable: Stand) -> None:
    """Then nothing is known of it."""
    await booked(durable, bet())
    await durable.advance(KEPT.rows_s + 1)
    await durable.prune()
    await durable.advance(KEPT.hashes_s - DAY_S)
    await durable.prune()
    assert (await claim(durable, bet())).verdict is Verdict.PRUNED
    await durable.advance(2 * DAY_S)
    await durable.prune()
    assert (await claim(durable, bet())).verdict is Verdict.OURS


async def test_what_was_undone_is_refused_as_undone(durable: Stand) -> None:
    """Whatever its last outcome was; a tombstone has none."""
    await booked(durable, bet())
    await ended(durable, await claim(durable, rollback("x1", "b1", "never")))
    await durable.advance(KEPT.rows_s + 1)
    await durable.prune()
    for transaction in ("b1", "never"):
        again = await claim(durable, bet(transaction))
        assert (again.verdict, again.row.outcome) == (Verdict.PRUNED, Outcome.ALREADY_ROLLED_BACK)


async def test_what_is_not_closed_is_never_pruned(durable: Stand) -> None:
    """In doubt, armed, parked or in flight: however old."""
    await doubted(durable, bet("doubt"))
    await booked(durable, bet("unheard", round="r2"), effect=None)
    await claim(durable, bet("flying", round="r3"))
    await ended(durable, await claim(durable, win("owed", round=None)), State.OPEN, Outcome.BUSY, RETRIES, sent=False)
    await claim(durable, rollback("x1", "dead"))
    await claim(durable, win("parked", "dead", round=None))
    await booked(durable, bet("closed", round="r4"))
    await durable.advance(2 * KEPT.rows_s)
    await durable.prune()
    for transaction in ("doubt", "unheard", "flying", "owed", "parked"):
        await durable.row(key(transaction))
    assert await durable.perform(Look(key("closed"))) is None


async def test_a_change_makes_a_row_young_again(durable: Stand) -> None:
    """Its age counts from the last one."""
    await booked(durable, bet())
    await durable.advance(KEPT.rows_s - 1)
    await durable.prune()
    await ended(durable, await claim(durable, rollback()))
    await durable.advance(DAY_S)
    await durable.prune()
    assert (await durable.row(key("b1"))).state is State.REVERSED


async def test_time_in_which_nobody_served_makes_nothing_old(durable: Stand) -> None:
    """By the wall's clock it is, by the journal's it is not: a clock set forward prunes nothing."""
    await booked(durable, bet())
    await durable.restart(away=2 * KEPT.rows_s)
    await durable.prune()
    assert (await claim(durable, bet())).verdict is Verdict.KNOWN


async def test_beats_prune_by_themselves(durable: Stand) -> None:
    """A little at each, so that nobody waits."""
    for number in range(250):
        await booked(durable, bet(f"b{number}"))
    await durable.advance(KEPT.rows_s + 3_601)
    for _ in range(10):
        await durable.advance(1)
    assert await durable.perform(Look(key("b249"))) is None


@pytest.mark.parametrize("used", [False, True])
async def test_sessions_that_nobody_uses_go(durable: Stand, used: bool) -> None:
    """Using one keeps it, also where it says nothing new."""
    facts = {"player": "p1"}
    await durable.perform(Remember(ACCOUNT, "session", "s", facts))
    for _ in range(4):
        await durable.advance(30 * DAY_S)
        if used:
            await durable.perform(Remember(ACCOUNT, "session", "s", facts))
        await durable.prune()
    await durable.restart()
    assert await durable.perform(Recall(ACCOUNT, "session", "s")) == (facts if used else {})


async def test_the_outbox_goes_on_after_pruning(durable: Stand) -> None:
    """What is armed is leased and settled as before."""
    await booked(durable, bet("b1"))
    await doubted(durable, bet("b2", round="r2"))
    await durable.advance(KEPT.rows_s + 1)
    await durable.prune()
    lease = (await leased(durable))["b2"]
    await settled(durable, lease, state=State.APPLIED, outcome=Outcome.OK)
    assert (await durable.row(key("b2"))).state is State.APPLIED

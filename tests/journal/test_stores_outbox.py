"""The outbox's leases, on every store: what is due, each chain's first only, backed off, parked, never dropped."""

import asyncio

import pytest
from msgspec.structs import replace

from gateway.canon.outcomes import Outcome
from gateway.journal.arming import MOST_TRIES
from gateway.journal.states import Flight, State, Step
from gateway.journal.wishes import Lease, Reap, Settle, Verdict
from tests.journal.calls import PAID, RETRIES, bet, booked, claim, doubted, ended, key, leased, rollback, settled, win
from tests.journal.stands import Stand


async def owing(stand: Stand, transaction: str, chain: str) -> None:
    """A win that our outbox has to deliver."""
    wish = win(transaction, chain=chain, round=None)
    await ended(stand, await claim(stand, wish), State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)


async def test_a_leased_row_is_nobody_elses(stand: Stand) -> None:
    """Neither a second lease's nor a provider's repeat."""
    await owing(stand, "w1", "c1")
    assert list(await leased(stand)) == ["w1"]
    assert await leased(stand) == {}
    assert (await claim(stand, win("w1", chain="c1", round=None))).verdict is Verdict.IN_FLIGHT


async def test_leases_at_once_share_the_work(stand: Stand) -> None:
    """Every row is taken once, whoever takes it."""
    for number in range(30):
        await owing(stand, f"w{number}", f"c{number}")
    taken = await asyncio.gather(*(stand.perform(Lease(7)) for _ in range(6)))
    keys = [each.row.key for some in taken for each in some]
    assert len(keys) == len(set(keys)) == 30
    assert max(map(len, taken)) == 7


async def test_of_a_chain_the_first_comes_first(stand: Stand) -> None:
    """What is younger waits until the older one is done, also while it is in flight, or backed off."""
    for transaction in ("w1", "w2", "w3"):
        await owing(stand, transaction, "c1")
        await stand.advance(1)
    await owing(stand, "v1", "c2")
    first = await leased(stand)
    assert set(first) == {"w1", "v1"}
    assert await leased(stand) == {}
    await settled(stand, first["w1"], sent=True)
    assert await leased(stand) == {}
    await stand.advance(1)
    first = await leased(stand)
    assert set(first) == {"w1"}
    await settled(stand, first["w1"], state=State.APPLIED, outcome=Outcome.OK)
    assert set(await leased(stand)) == {"w2"}


async def test_a_call_in_flight_keeps_its_chain_waiting(stand: Stand) -> None:
    """A live bet at the wallet: the win of its chain, whoever sends it, comes after it."""
    live = await claim(stand, bet("b1", chain="c1", round=None))
    await stand.advance(1)
    await owing(stand, "w1", "c1")
    assert await leased(stand) == {}
    await ended(stand, live)
    assert set(await leased(stand)) == {"w1"}


async def test_a_poisoned_row_delays_its_own_chain_only_and_is_parked(stand: Stand) -> None:
    """After a day of vain tries a human must see it; then the rest of its chain goes on."""
    await owing(stand, "bad", "c1")
    await stand.advance(1)
    await owing(stand, "next", "c1")
    await settled(stand, (await leased(stand))["bad"])
    await owing(stand, "other", "c2")
    assert set(await leased(stand)) == {"other"}
    for _ in range(MOST_TRIES - 1):
        await stand.advance(901)
        await settled(stand, (await leased(stand))["bad"])
    row = await stand.row(key("bad"))
    assert (row.step, row.tries) == (None, MOST_TRIES)
    assert row.parked
    assert set(await leased(stand)) == {"next"}


async def test_what_was_not_even_tried_is_not_counted(stand: Stand) -> None:
    """The breaker is open: a row does not age, but is not asked for at once either."""
    await owing(stand, "w1", "c1")
    await settled(stand, (await leased(stand))["w1"], tried=False)
    assert (await stand.row(key("w1"))).tries == 0
    await stand.advance(1)
    assert await leased(stand) == {}
    await stand.advance(16)
    assert set(await leased(stand)) == {"w1"}


async def test_the_longest_due_come_first(stand: Stand) -> None:
    """Up to the limit."""
    for transaction in ("w3", "w1", "w2"):
        await owing(stand, transaction, transaction)
        await stand.advance(1)
    assert list(await leased(stand, 2)) == ["w3", "w1"]
    assert list(await leased(stand, 2)) == ["w2"]


async def test_a_settle_that_comes_late_counts_only_as_a_yes(stand: Stand) -> None:
    """Somebody else has gone on with the row."""
    await owing(stand, "w1", "c1")
    lease = (await leased(stand))["w1"]
    await settled(stand, lease, sent=True)
    late = await settled(stand, lease, state=State.DECLINED, outcome=Outcome.PLAYER_NOT_FOUND)
    assert (late.kept, (await stand.row(key("w1"))).state) == (False, State.UNKNOWN)
    late = await settled(stand, lease, state=State.APPLIED, outcome=Outcome.OK)
    assert (late.kept, (await stand.row(key("w1"))).state) == (False, State.APPLIED)
    await doubted(stand, bet("b1"))
    lease = (await leased(stand))["b1"]
    await settled(stand, lease, sent=True)
    await settled(stand, lease, state=State.APPLIED, outcome=Outcome.OK)
    row = await stand.row(key("b1"))
    assert (row.state, row.settled_by) == (State.APPLIED, None)  # no win has paid it: it may be rolled back
    nobody = await stand.perform(Settle(key("never"), "nobody/1"))
    assert (nobody.kept, nobody.row) == (False, None)


async def test_a_step_may_be_parked_by_what_came_of_it(stand: Stand) -> None:
    """The wallet says what only a human can resolve; the row goes on when a repeat resolves it."""
    await booked(stand, bet())
    await ended(stand, await claim(stand, rollback()), State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    lease = (await leased(stand))["b1"]
    assert lease.row.step is Step.REVERSE
    await settled(stand, lease, park="the wallet knows another amount")
    row = await stand.row(key("b1"))
    assert (row.parked, row.step) == ("the wallet knows another amount", None)
    await stand.advance(1_000)
    assert await leased(stand) == {}


async def test_an_asked_row_that_was_declined_is_closed(stand: Stand) -> None:
    """Nothing is left to do of it."""
    await doubted(stand, bet())
    await settled(stand, (await leased(stand))["b1"], state=State.DECLINED, outcome=Outcome.TRANSACTION_NOT_FOUND)
    row = await stand.row(key("b1"))
    assert (row.state, row.step, row.parked, row.holder) == (State.DECLINED, None, None, None)


async def test_a_row_without_a_chain_is_a_chain_of_its_own(stand: Stand) -> None:
    """And a row whose chain bears its key belongs to it."""
    for transaction, chain in (("w1", ""), ("w2", ""), ("w3", key("w1"))):
        wish = win(transaction, round=None)
        wish = replace(wish, row=replace(wish.row, chain=chain))
        await ended(stand, await claim(stand, wish), State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
        await stand.advance(1)
    assert set(await leased(stand)) == {"w1", "w2"}


async def test_what_the_wallet_said_of_a_doubt_is_kept(stand: Stand) -> None:
    """Its reply is what a repeat hears; where it told none, what was known stays."""
    await doubted(stand, bet())
    recorded = await settled(
        stand, (await leased(stand))["b1"], state=State.APPLIED, outcome=Outcome.OK, reply=PAID, heard="ok"
    )
    assert recorded.row is not None
    assert (recorded.kept, recorded.row.reply, recorded.row.outcome) == (True, PAID, Outcome.OK)
    await doubted(stand, bet("b2", chain="c2"))
    recorded = await settled(stand, (await leased(stand))["b2"], outcome=Outcome.UNKNOWN, reply=PAID)
    assert recorded.row is not None
    assert (recorded.row.state, recorded.row.reply) == (State.UNKNOWN, None)


async def test_a_yes_of_a_step_that_was_taken_from_us_is_undone_at_once(stand: Stand) -> None:
    """The row was closed meanwhile: another reversal is due now, not at the beginning of time."""
    await doubted(stand, bet())
    lease = (await leased(stand))["b1"]
    await stand.perform(Reap(frozenset({stand.store.me})))
    await stand.advance(61)
    await ended(stand, await claim(stand, rollback()), State.DECLINED, Outcome.NOTHING_TO_DO)
    assert (await stand.row(key("b1"))).state is State.BURIED
    recorded = await settled(stand, lease, state=State.APPLIED, outcome=Outcome.OK)
    row = await stand.row(key("b1"))
    assert recorded.kept is False
    assert (row.state, row.step, row.due) == (State.APPLIED, Step.REVERSE, row.updated)


async def test_a_doubt_that_is_told_as_the_end_leaves_an_undoing(stand: Stand) -> None:
    """Only a doubt: what was applied or refused is not undone because its answer would have been."""
    for name, state, outcome in (
        ("b1", State.UNKNOWN, Outcome.UNKNOWN),
        ("b2", State.APPLIED, Outcome.OK),
        ("b3", State.DECLINED, Outcome.INSUFFICIENT_FUNDS),
    ):
        claimed = await claim(stand, bet(name, chain=name))
        recorded = await ended(stand, claimed, state, outcome, RETRIES, undo=True)
        assert recorded.row is not None
        assert recorded.row.undo is (state is State.UNKNOWN), name


async def test_another_step_is_tried_from_the_start(stand: Stand) -> None:
    """What was tried in vain for one step says nothing of the next."""
    await doubted(stand, bet())
    for _ in range(3):
        await stand.advance(5)
        await settled(stand, (await leased(stand))["b1"])
    row = await stand.row(key("b1"))
    assert (row.step, row.tries) == (Step.ASK, 3)
    await ended(stand, await claim(stand, rollback()), State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    row = await stand.row(key("b1"))
    assert (row.step, row.tries) == (Step.REVERSE, 0)


async def in_step(stand: Stand, step: Step) -> str:
    """A row whose step that is, due now: its transaction."""
    match step:
        case Step.ASK:
            await doubted(stand, bet("ask", chain="ask"))
            return "ask"
        case Step.DELIVER:
            await owing(stand, "deliver", "deliver")
            return "deliver"
        case _:
            await booked(stand, bet("reverse", chain="reverse"))
            undoing = await claim(stand, rollback("x1", "reverse"))
            await ended(stand, undoing, State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
            return "reverse"


FLIGHTS = {Step.ASK: Flight.ASK, Step.DELIVER: Flight.CALL, Step.REVERSE: Flight.UNDO}


@pytest.mark.parametrize("step", FLIGHTS)
@pytest.mark.parametrize("sent", [True, False])
async def test_what_is_held_while_a_step_is_done_and_what_remains_of_it(
    stand: Stand, step: Step, *, sent: bool
) -> None:
    """Held for its step; then in nobody's hands. What left is counted, and its doubt begins; what did not, leaves none.

    Only a call of its own counts as one of the row's, and only an undoing that left is one that may have taken.
    """
    name = await in_step(stand, step)
    before = await stand.row(key(name))
    await stand.advance(1)
    lease = (await leased(stand))[name]
    held = await stand.row(key(name))
    assert (held.holder, held.flight) == (lease.row.holder, FLIGHTS[step]) == (lease.row.holder, lease.row.flight)
    await stand.advance(1)
    recorded = await settled(stand, lease, sent=sent)
    row = await stand.row(key(name))
    assert recorded.row == row
    assert (recorded.kept, row.holder, row.flight, row.step, row.tries) == (True, None, None, step, 1)
    left = sent and step is Step.DELIVER
    assert (row.sent - before.sent, row.undo_sent) == (left, sent and step is Step.REVERSE)
    assert row.state is (State.UNKNOWN if left else before.state)
    assert row.since == (row.updated if sent else before.since)

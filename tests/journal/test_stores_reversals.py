"""Rollbacks, on every store: they take their target, their intent is durable first, and a late YES is undone."""

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.recording import LOST
from gateway.journal.states import Flight, State, Step
from gateway.journal.wishes import Claim, Reap, Record, Verdict
from tests.journal.calls import (
    DONE,
    FINAL,
    PAID,
    RETRIES,
    UNDOABLE,
    bet,
    booked,
    claim,
    doubted,
    ended,
    key,
    leased,
    made,
    rollback,
    settled,
    told,
    win,
)  # fmt: skip
from tests.journal.conftest import KEEPS_ALL, Make
from tests.journal.stands import Stand


async def test_a_rollback_takes_its_target(stand: Stand) -> None:
    """One wallet call for both rows; when it took, the bet is reversed and nothing is left to do."""
    await booked(stand, bet())
    undoing = await claim(stand, rollback())
    assert (undoing.verdict, [row.key for row in undoing.related]) == (Verdict.OURS, [key("b1")])
    target = await stand.row(key("b1"))
    assert (target.flight, target.holder, target.undo, target.undo_by) == (
        Flight.UNDO, undoing.row.holder, True, key("x1"),
    )  # fmt: skip
    await ended(stand, undoing)
    target = await stand.row(key("b1"))
    assert (target.state, target.undo, target.step, target.holder) == (State.REVERSED, False, None, None)


async def test_a_rollback_while_the_bet_is_in_flight(stand: Stand) -> None:
    """Its intent is durable at once; the YES that comes later is reversed, and nothing is sent twice."""
    hanging = await claim(stand, bet())
    early = await claim(stand, rollback())
    assert early.verdict is Verdict.IN_FLIGHT
    assert (await stand.row(key("b1"))).undo
    recorded = await ended(stand, hanging)
    assert (recorded.kept, recorded.undone) == (True, True)
    row = await stand.row(key("b1"))
    assert (row.state, row.step, row.holder) == (State.APPLIED, Step.REVERSE, None)
    assert (await claim(stand, bet())).verdict is Verdict.UNDONE
    assert (await leased(stand))["b1"].row.step is Step.REVERSE


async def test_three_cancels_while_the_bet_hangs_and_then_lands(stand: Stand) -> None:
    """Each is told that it is in flight; the next one undoes what landed, once."""
    hanging = await claim(stand, bet())
    for number in (1, 2, 3):
        assert (await claim(stand, rollback(f"x{number}"))).verdict is Verdict.IN_FLIGHT
    await ended(stand, hanging)
    undoing = await claim(stand, rollback("x1"))
    assert undoing.verdict is Verdict.OURS
    await ended(stand, undoing)
    assert (await claim(stand, rollback("x1"))).verdict is Verdict.ADOPTED
    assert (await claim(stand, rollback("x2"))).verdict is Verdict.UNDONE


async def test_of_a_declined_bet_nothing_is_undone(stand: Stand) -> None:
    """Nothing of it was ever applied; its own row keeps the answer."""
    await ended(stand, await claim(stand, bet()), State.DECLINED, Outcome.INSUFFICIENT_FUNDS, FINAL)
    undoing = await claim(stand, rollback())
    assert (undoing.verdict, undoing.row.outcome) == (Verdict.NOTHING, Outcome.NOTHING_TO_DO)


async def test_of_an_open_bet_nothing_is_undone_and_it_is_buried(stand: Stand) -> None:
    """It was never sent, and now it never will be."""
    await ended(stand, await claim(stand, bet()), State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
    assert (await claim(stand, rollback())).verdict is Verdict.NOTHING
    assert (await stand.row(key("b1"))).state is State.BURIED
    assert (await claim(stand, bet())).verdict is Verdict.UNDONE


async def test_of_a_settled_bet_nothing_is_undone(stand: Stand) -> None:
    """A win has paid it."""
    await booked(stand, bet())
    await booked(stand, win("w1", "b1"))
    assert (await stand.row(key("b1"))).settled_by == key("w1")
    refused = await claim(stand, rollback())
    assert (refused.verdict, refused.row.outcome) == (Verdict.SETTLED, Outcome.ALREADY_SETTLED)


async def test_what_may_not_be_rolled_back_is_no_target(stand: Stand) -> None:
    """The target's operation decides."""
    await booked(stand, win("w1"))
    wish = Claim(made(Operation.ROLLBACK, "x1"), targets=(key("w1"),), undoable=UNDOABLE)
    refused = await claim(stand, wish)
    assert (refused.verdict, refused.row.outcome) == (Verdict.NO_TARGET, Outcome.TRANSACTION_NOT_FOUND)


async def test_our_reversal_is_adopted_by_the_first_rollback(stand: Stand) -> None:
    """The first is answered as if it had done it; a second id finds it undone for another reason."""
    await ended(stand, await claim(stand, bet("b2")), State.UNKNOWN, Outcome.UNKNOWN, FINAL, undo=True)
    await stand.advance(61)
    ours = (await leased(stand))["b2"]
    assert ours.row.step is Step.REVERSE
    await settled(stand, ours, undone=True)
    row = await stand.row(key("b2"))
    assert (row.state, row.undo_by) == (State.REVERSED, "")
    assert (await claim(stand, rollback("x1", "b2"))).verdict is Verdict.ADOPTED
    assert (await claim(stand, rollback("x2", "b2"))).verdict is Verdict.UNDONE
    assert (await claim(stand, rollback("x1", "b2"))).verdict is Verdict.ADOPTED


async def test_of_a_doubtful_bet_the_quarantine_is_waited_for(store_factory: Make) -> None:
    """Unless the wallet remembers tombstones: before it, the bet may still land after its undoing."""
    stand = await store_factory(KEEPS_ALL - {"tombstones"})
    await doubted(stand, bet())
    early = await claim(stand, rollback())
    assert early.verdict is Verdict.WAITS
    assert await leased(stand) == {}
    await stand.advance(59)
    assert await leased(stand) == {}
    await stand.advance(2)
    assert (await leased(stand))["b1"].row.step is Step.REVERSE
    at_once = await store_factory()
    await doubted(at_once, bet())
    assert (await claim(at_once, rollback())).verdict is Verdict.OURS


async def test_a_wallet_that_refuses_the_undoing_is_a_humans_matter(stand: Stand) -> None:
    """Parked, not repeated for ever."""
    await booked(stand, bet())
    await ended(stand, await claim(stand, rollback()), State.DECLINED, Outcome.PLAYER_BLOCKED, RETRIES)
    row = await stand.row(key("b1"))
    assert (row.step, row.holder) == (None, None)
    assert "player_blocked" in (row.parked or "")


async def test_an_undoing_of_unknown_outcome_is_repeated(stand: Stand) -> None:
    """By our outbox, under the same key; the wallet's no to its repeat means that it took."""
    await booked(stand, bet())
    await ended(stand, await claim(stand, rollback()), State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    row = await stand.row(key("b1"))
    assert (row.undo, row.undo_sent, row.step) == (True, True, Step.REVERSE)
    ours = (await leased(stand))["b1"]
    assert ours.row.reversal_key == f"rev:{key('b1')}"
    await settled(stand, ours, undone=True)
    assert (await stand.row(key("b1"))).state is State.REVERSED


async def test_a_late_yes_to_a_buried_bet_is_reversed_under_a_new_key(stand: Stand) -> None:
    """Its first reversal found nothing; then the bet landed after all."""
    slow = await claim(stand, bet())
    await ended(stand, slow, State.UNKNOWN, Outcome.UNKNOWN, RETRIES, release=True)
    undoing = await claim(stand, rollback())
    await ended(stand, undoing, State.DECLINED, Outcome.TRANSACTION_NOT_FOUND)
    assert (await stand.row(key("b1"))).state is State.BURIED
    recorded = await stand.perform(
        Record(key("b1"), slow.row.holder, State.APPLIED, Outcome.OK, None, reply=PAID, sent=True)
    )
    assert recorded.kept is False
    row = await stand.row(key("b1"))
    assert (row.state, row.undo, row.step, row.reversal_key) == (
        State.APPLIED, True, Step.REVERSE, f"rev2:{key('b1')}",
    )  # fmt: skip


async def test_a_yes_to_what_was_told_as_failed_is_undone(stand: Stand) -> None:
    """The provider has closed it for good, and will not speak of it again."""
    recorded = await ended(
        stand, await claim(stand, bet()), State.UNKNOWN, Outcome.UNKNOWN, FINAL, undo=True
    )  # fmt: skip
    await told(stand, recorded, FINAL)
    row = await stand.row(key("b1"))
    assert (row.undo, row.step, row.told) == (True, Step.REVERSE, FINAL)
    await stand.advance(61)
    await settled(stand, (await leased(stand))["b1"], undone=True)
    assert (await stand.row(key("b1"))).step is None


async def test_one_rollback_of_several_targets(stand: Stand) -> None:
    """All are taken, or none; an unseen one gets its tombstone."""
    await booked(stand, bet("b1"))
    await booked(stand, bet("b2"))
    hanging = await claim(stand, bet("b3"))
    assert (await claim(stand, rollback("x1", "b1", "b2", "b3"))).verdict is Verdict.IN_FLIGHT
    assert [(await stand.row(key(name))).holder for name in ("b1", "b2")] == [None, None]
    await ended(stand, hanging)
    undoing = await claim(stand, rollback("x1", "b1", "b2", "b3", "b4"))
    assert undoing.verdict is Verdict.OURS
    await ended(stand, undoing)
    states = [(await stand.row(key(name))).state for name in ("b1", "b2", "b3", "b4")]
    assert states == [State.REVERSED] * 3 + [State.REVERSED]
    assert (await stand.row(key("x1"))).state is State.APPLIED


async def test_a_repeated_rollback_that_was_heard_is_known(stand: Stand) -> None:
    """Only once the provider heard it."""
    await booked(stand, bet())
    recorded = await ended(stand, await claim(stand, rollback()))
    assert (await claim(stand, rollback())).verdict is Verdict.ADOPTED
    recorded = await ended(stand, await claim(stand, bet("b2")))
    undoing = await claim(stand, rollback("x2", "b2"))
    recorded = await ended(stand, undoing)
    await told(stand, recorded, DONE)
    assert (await claim(stand, rollback("x2", "b2"))).verdict is Verdict.KNOWN


async def test_the_gravest_of_several_targets_answers(stand: Stand) -> None:
    """One that may not be undone keeps all the others from it; one that waits keeps them waiting."""
    for name in ("b1", "paid", "undone"):
        await booked(stand, bet(name))
    await booked(stand, win("w1", "paid"))
    await ended(stand, await claim(stand, rollback("x0", "undone")))
    await ended(stand, await claim(stand, bet("declined")), State.DECLINED, Outcome.INSUFFICIENT_FUNDS, FINAL)
    await claim(stand, bet("hanging"))
    for targets, verdict in {
        ("b1", "w1"): Verdict.NO_TARGET,
        ("paid", "w1"): Verdict.NO_TARGET,
        ("b1", "paid"): Verdict.SETTLED,
        ("hanging", "paid"): Verdict.SETTLED,
        ("undone", "declined"): Verdict.UNDONE,
        ("b1", "hanging"): Verdict.IN_FLIGHT,
        ("b1", "undone"): Verdict.OURS,
    }.items():
        found = await claim(stand, rollback("x " + " ".join(targets), *targets))
        assert (found.verdict, [row.key for row in found.related]) == (verdict, [key(name) for name in targets])


async def test_an_undoing_that_was_sent_and_not_answered_is_in_doubt(stand: Stand) -> None:
    """From then on: the wallet may undo it at any time. One that never left leaves no doubt."""
    await ended(stand, await claim(stand, bet()), State.UNKNOWN, Outcome.UNKNOWN, FINAL, undo=True)
    for sent in (False, True):
        await stand.advance(61)
        await settled(stand, (await leased(stand))["b1"], sent=sent)
        row = await stand.row(key("b1"))
        assert (row.undo_sent, row.since == row.updated, row.step) == (sent, sent, Step.REVERSE)


async def test_a_question_whose_asker_died_leaves_no_new_doubt(stand: Stand) -> None:
    """Asking moves nothing: when the doubt began, and what may have been sent, stays as it was."""
    await doubted(stand, bet())
    before = await stand.row(key("b1"))
    await stand.advance(5)
    assert (await leased(stand))["b1"].row.step is Step.ASK
    await stand.perform(Reap(frozenset({stand.store.me})))
    after = await stand.row(key("b1"))
    assert (after.since, after.state, after.holder, after.flight) == (before.since, State.UNKNOWN, None, None)


async def test_a_copy_of_a_rollback_in_flight_hears_of_both_rows(stand: Stand) -> None:
    """Its own, which is held, and its target's."""
    await booked(stand, bet())
    first = await claim(stand, rollback())
    copy = await claim(stand, rollback())
    assert (copy.verdict, copy.row.key, copy.row.holder) == (Verdict.IN_FLIGHT, key("x1"), first.row.holder)
    assert [row.key for row in copy.related] == [key("b1")]


async def test_a_wallet_that_may_not_be_told_twice_is_told_once(store_factory: Make) -> None:
    """A bet that it booked is undone at once; after an undoing of unknown outcome our outbox has to ask first."""
    stand = await store_factory(frozenset({"status"}))
    await booked(stand, bet())
    undoing = await claim(stand, rollback())
    assert undoing.verdict is Verdict.OURS
    await ended(stand, undoing, State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    assert (await claim(stand, rollback())).verdict is Verdict.WAITS
    assert (await claim(stand, rollback("x2"))).verdict is Verdict.WAITS


@pytest.mark.parametrize("promise", ["idempotent", "status"])
async def test_an_undoing_of_the_unseen_goes_again_where_that_is_safe(store_factory: Make, promise: str) -> None:
    """To a wallet that counts a key once, or that says what became of it; any other is not told twice."""
    for promises, verdict in ((frozenset({promise}), Verdict.OURS), (frozenset({"references"}), Verdict.WAITS)):
        stand = await store_factory(promises)
        await ended(stand, await claim(stand, rollback()), State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
        assert (await stand.row(key("b1"))).undo_sent is True
        assert (await claim(stand, rollback())).verdict is verdict


async def test_a_wallet_that_has_settled_it_settles_the_doubt_too(stand: Stand) -> None:
    """ "Already settled" of a bet in doubt: it was applied, a win has paid it, and nothing is to be undone."""
    await doubted(stand, bet())
    await ended(stand, await claim(stand, rollback()), State.DECLINED, Outcome.ALREADY_SETTLED)
    row = await stand.row(key("b1"))
    assert (row.state, row.undo, row.settled_by, row.holder) == (State.APPLIED, False, "?", None)
    assert (await claim(stand, rollback("x2"))).verdict is Verdict.SETTLED


async def test_a_tombstone_of_the_unseen_is_found_by_its_id(stand: Stand) -> None:
    """Account and id are all that is known of it; an id may hold what separates the parts of a key."""
    await claim(stand, rollback("x1", "b1", "b:2"))
    for name in ("b1", "b:2"):
        row = await stand.row(key(name))
        assert (row.account, row.transaction, row.chain, row.undo_by) == ("acme", name, key(name), key("x1"))
        assert (row.operation, row.call, row.state) == (None, None, State.BURIED)


async def test_a_late_bet_of_a_doubtful_tombstone_is_not_undone_twice(stand: Stand) -> None:
    """The undoing that may have left is repeated for the tombstone; the bet itself was never sent."""
    await ended(stand, await claim(stand, rollback()), State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    assert (await claim(stand, bet())).verdict is Verdict.UNDONE
    row = await stand.row(key("b1"))
    assert (row.state, row.operation, row.undo_sent) == (State.BURIED, Operation.BET, True)
    assert (await claim(stand, rollback())).verdict is Verdict.OURS
    assert (await stand.row(key("b1"))).undo is False


async def test_a_yes_of_a_claim_that_was_lost_is_a_yes(stand: Stand) -> None:
    """Its holder was held for dead; what it heard is all that is known of the doubt."""
    claimed = await claim(stand, bet())
    await stand.perform(Reap(frozenset({stand.store.me})))
    recorded = await ended(stand, claimed)
    row = await stand.row(key("b1"))
    assert (recorded.kept, row.state, row.outcome, row.reply) == (False, State.APPLIED, Outcome.OK, PAID)
    assert row.settled_by is None
    assert (await claim(stand, rollback())).verdict is Verdict.OURS


async def test_the_doubt_of_an_undoing_begins_when_it_left(stand: Stand) -> None:
    """One that never left begins none, nor does "not processed"; one that is answered later leaves no trace of it."""
    await booked(stand, bet())
    begun = (await stand.row(key("b1"))).since
    for state, sent in ((State.OPEN, False), (State.OPEN, True), (State.UNKNOWN, True)):
        await stand.advance(30)
        await ended(stand, await claim(stand, rollback()), state, Outcome.UNKNOWN, RETRIES, sent=sent)
        target = await stand.row(key("b1"))
        doubt = state is State.UNKNOWN
        assert (target.undo_sent, target.since) == (doubt, target.updated if doubt else begun)
    await ended(stand, await claim(stand, rollback()))
    target = await stand.row(key("b1"))
    assert (target.state, target.undo, target.undo_sent) == (State.REVERSED, False, False)


async def test_a_declined_win_that_was_rolled_back_is_not_sent_again(stand: Stand) -> None:
    """Of a win that is refused a copy is tried once more; not after its rollback: the player would keep the money."""
    await booked(stand, bet())
    await ended(stand, await claim(stand, win("w1", "b1")), State.DECLINED, Outcome.PLAYER_BLOCKED, FINAL)
    wins = made(Operation.ROLLBACK, "x1", reference=("w1",))
    undoing = await claim(stand, Claim(wins, targets=(key("w1"),), undoable=frozenset({Operation.WIN})))
    assert undoing.verdict is Verdict.NOTHING
    assert (await stand.row(key("w1"))).state is State.BURIED
    assert (await claim(stand, win("w1", "b1"))).verdict is Verdict.UNDONE


async def test_a_late_no_is_not_taken_for_an_earlier_undoings(stand: Stand) -> None:
    """The answer hung; then there is nothing to undo of what the wallet booked for sure: a human's matter."""
    await booked(stand, bet())
    undoing = await claim(stand, rollback())
    await ended(stand, undoing, State.UNKNOWN, Outcome.UNKNOWN, RETRIES, release=False)
    await ended(stand, undoing, State.DECLINED, Outcome.NOTHING_TO_DO, None)
    target = await stand.row(key("b1"))
    assert (target.state, target.parked) == (State.APPLIED, LOST)

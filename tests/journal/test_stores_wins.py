"""Wins, on every store: a win proves its bet, waits for it, and is never paid on a dead one."""

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.claiming import WIN_WITHOUT_BET
from gateway.journal.states import State, Step
from gateway.journal.wishes import Claim, Reap, Recall, Verdict
from tests.journal.calls import (
    ACCOUNT,
    FINAL,
    PAID,
    RETRIES,
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
from tests.journal.stands import Stand


async def test_a_win_proves_its_bet(stand: Stand) -> None:
    """A bet whose answer was not heard, as far as we know, was heard: no reversal at the horizon."""
    await booked(stand, bet(), effect=None)
    assert (await stand.row(key("b1"))).step is Step.JUDGE
    assert (await claim(stand, win("w1", "b1"))).verdict is Verdict.OURS
    row = await stand.row(key("b1"))
    assert (row.proved, row.step) == (True, None)


@pytest.mark.parametrize("named", [("b1",), ()])
async def test_a_win_is_held_back_until_its_bet_is_known(stand: Stand, named: tuple[str, ...]) -> None:
    """Named or found by its round: the bet is driven to applied first, then our outbox pays."""
    await doubted(stand, bet())
    waits = await claim(stand, win("w1", *named))
    assert waits.verdict is Verdict.WAITS
    assert ((await stand.row(key("w1"))).step, (await stand.row(key("b1"))).step) == (Step.DELIVER, Step.DELIVER)
    due = await leased(stand)
    assert list(due) == ["b1"], "the bet first: the win is younger and of its chain"
    await settled(stand, due["b1"], state=State.APPLIED, outcome=Outcome.OK)
    await stand.advance(2)
    paid = (await leased(stand))["w1"]
    await settled(stand, paid, state=State.APPLIED, outcome=Outcome.OK)
    assert (await stand.row(key("w1"))).step is None


async def test_a_held_back_win_that_loses_its_bet_is_parked(stand: Stand) -> None:
    """The bet turned out to be declined: a human decides, nothing is paid."""
    await doubted(stand, bet())
    await claim(stand, win("w1", "b1"))
    await settled(stand, (await leased(stand))["b1"], state=State.DECLINED, outcome=Outcome.INSUFFICIENT_FUNDS)
    await stand.advance(2)
    assert await leased(stand) == {}
    row = await stand.row(key("w1"))
    assert (row.state, row.step) == (State.DECLINED, None)
    assert row.parked


async def test_a_win_that_may_be_paid_and_has_lost_its_bet_is_told_as_a_doubt(stand: Stand) -> None:
    """Not as what its first try heard, which never left: a dead bet does not tell what became of the second."""
    await booked(stand, bet())
    await ended(stand, await claim(stand, win("w1", "b1")), State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
    assert "w1" in await leased(stand)
    await stand.perform(Reap(frozenset({stand.store.me})))
    before = await stand.row(key("w1"))
    assert (before.state, before.outcome, before.step) == (State.UNKNOWN, Outcome.WALLET_FAILED, Step.DELIVER)
    await ended(stand, await claim(stand, rollback()))
    claimed = await claim(stand, win("w1", "b1"))
    row = await stand.row(key("w1"))
    assert (claimed.verdict, claimed.row.outcome) == (Verdict.NO_BET, Outcome.UNKNOWN)
    assert (row.state, row.outcome, row.step, row.parked) == (State.UNKNOWN, Outcome.UNKNOWN, None, WIN_WITHOUT_BET)


async def test_a_win_calls_off_our_own_reversal(stand: Stand) -> None:
    """Armed because nobody confirmed; but not the provider's own."""
    recorded = await ended(stand, await claim(stand, bet()), State.UNKNOWN, Outcome.UNKNOWN, FINAL, undo=True)
    await told(stand, recorded, FINAL)
    assert (await stand.row(key("b1"))).step is Step.REVERSE
    assert (await claim(stand, win("w1", "b1"))).verdict is Verdict.WAITS
    row = await stand.row(key("b1"))
    assert (row.undo, row.proved, row.step) == (False, True, Step.DELIVER)
    await ended(stand, await claim(stand, bet("b2", round="r2")), State.UNKNOWN, Outcome.UNKNOWN, RETRIES)
    await claim(stand, rollback("x2", "b2", round="r2"))
    assert (await claim(stand, win("w2", "b2", round="r2"))).verdict is Verdict.NO_BET


async def test_a_win_without_any_known_bet_is_ours(stand: Stand) -> None:
    """The wallet decides."""
    assert (await claim(stand, win("w1", "never"))).verdict is Verdict.OURS
    assert (await claim(stand, win("w2", round=None))).verdict is Verdict.OURS


async def test_rounds_are_each_players_own(stand: Stand) -> None:
    """Another player's bet in a round of the same name is no bet of this win."""
    await ended(stand, await claim(stand, bet("b1", player="p2")), State.DECLINED, Outcome.PLAYER_BLOCKED, FINAL)
    assert (await claim(stand, win("w1"))).verdict is Verdict.OURS
    assert (await claim(stand, win("w2", player="p2"))).verdict is Verdict.NO_BET


async def test_an_unsent_win_is_delivered_by_us(stand: Stand) -> None:
    """It is never forgotten, and backed off while the wallet cannot be reached."""
    await ended(stand, await claim(stand, win()), State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
    first = (await leased(stand))["w1"]
    assert (await stand.row(key("w1"))).state is State.CLAIMED, "a call that may leave must be found in doubt"
    await settled(stand, first, sent=False)
    row = await stand.row(key("w1"))
    assert (row.state, row.tries) == (State.OPEN, 1)
    assert await leased(stand) == {}
    await stand.advance(1)
    again = (await leased(stand))["w1"]
    await settled(stand, again, state=State.APPLIED, outcome=Outcome.OK)
    assert (await stand.row(key("w1"))).step is None


async def test_the_end_of_a_round_settles_its_bets(stand: Stand) -> None:
    """As a win does."""
    await booked(stand, bet())
    row = made(Operation.END_ROUND, "e1")
    ending = await claim(stand, Claim(row))
    assert [each.key for each in ending.related] == [key("b1")]
    await ended(stand, ending)
    assert (await stand.row(key("b1"))).settled_by == key("e1")


async def test_a_round_remembers_its_last_bet(stand: Stand) -> None:
    """Its player and its currency too; nothing where several players play rounds of that name."""
    assert await stand.perform(Recall(ACCOUNT, "round", "r1")) == {}
    await booked(stand, bet("b2"))
    await stand.advance(1)
    await booked(stand, bet("b1"))
    found = await stand.perform(Recall(ACCOUNT, "round", "r1"))
    assert found == {"reference": ("b1",), "player": "p1", "currency": "EUR"}
    await stand.advance(1)
    await booked(stand, bet("b3", player="p2"))
    assert await stand.perform(Recall(ACCOUNT, "round", "r1")) == {}, "which player's bet is meant, it cannot tell"
    assert await stand.perform(Recall("other", "round", "r1")) == {}


async def test_of_bets_of_one_moment_the_order_is_their_keys(stand: Stand) -> None:
    """The same on every store, whichever came first."""
    for transaction in ("b2", "b9", "b1"):
        await booked(stand, bet(transaction))
    assert (await stand.perform(Recall(ACCOUNT, "round", "r1")))["reference"] == ("b9",)


async def test_a_win_of_another_chain_looks_for_its_bet_again(stand: Stand) -> None:
    """While its bet is in doubt it is not leased, and comes up again a second later."""
    await doubted(stand, bet())
    row = made(Operation.WIN, "w1", reference=(key("b1"),), chain="c2", round="r2")
    held = await claim(stand, Claim(row, bets=(key("b1"),)))
    assert held.verdict is Verdict.WAITS
    assert set(await leased(stand)) == {"b1"}
    row = await stand.row(key("w1"))
    assert (row.state, row.step, row.due - row.updated) == (State.OPEN, Step.DELIVER, 1.0)


async def test_calls_that_may_have_left_are_counted_once(stand: Stand) -> None:
    """One that did not leave is not counted; what a late end tells was counted before."""
    claimed = await claim(stand, bet())
    await ended(stand, claimed, State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
    assert (await stand.row(key("b1"))).sent == 0
    again = await claim(stand, bet())
    await ended(stand, again, State.UNKNOWN, Outcome.UNKNOWN, RETRIES, release=False)
    assert (await stand.row(key("b1"))).sent == 1
    await ended(stand, again, State.APPLIED, Outcome.OK, None)
    row = await stand.row(key("b1"))
    assert (row.sent, row.state) == (1, State.APPLIED)


async def test_a_bet_whose_player_only_its_yes_told(stand: Stand) -> None:
    """Booked for a session alone; the wallet says whose it is, and the win of that player's round finds it."""
    await booked(stand, bet("b1", player=None))
    assert (await stand.row(key("b1"))).player == "p1"
    await ended(stand, await claim(stand, bet("b2")), State.DECLINED, Outcome.INSUFFICIENT_FUNDS, FINAL)
    claimed = await claim(stand, win("w1"))
    assert (claimed.verdict, [row.transaction for row in claimed.related]) == (Verdict.OURS, ["b1"])


async def test_a_late_yes_tells_the_player_too(stand: Stand) -> None:
    """What the outbox hears is as good."""
    await doubted(stand, bet("b1", player=None))
    await settled(stand, (await leased(stand))["b1"], state=State.APPLIED, outcome=Outcome.OK, reply=PAID)
    assert (await stand.row(key("b1"))).player == "p1"


@pytest.mark.parametrize("named", [("b1",), ()])
async def test_a_win_of_a_bet_that_a_rollback_wants_undone_is_not_paid(stand: Stand, named: tuple[str, ...]) -> None:
    """The rollback has not left yet; it is the provider's own, and no win calls it off."""
    await booked(stand, bet())
    await ended(stand, await claim(stand, rollback()), State.OPEN, Outcome.WALLET_FAILED, RETRIES, sent=False)
    target = await stand.row(key("b1"))
    assert (target.state, target.undo, target.undo_by, target.undo_sent) == (State.APPLIED, True, key("x1"), False)
    assert (await claim(stand, win("w1", *named))).verdict is Verdict.NO_BET
    assert await stand.row(key("b1")) == target


async def test_a_win_does_not_call_off_our_own_reversal_once_it_has_left(stand: Stand) -> None:
    """What it did, if anything, is not known: the win is not paid on a bet that may be undone."""
    await ended(stand, await claim(stand, bet()), State.UNKNOWN, Outcome.UNKNOWN, FINAL, undo=True)
    await stand.advance(61)
    await settled(stand, (await leased(stand))["b1"], sent=True)
    target = await stand.row(key("b1"))
    assert (target.undo, target.undo_by, target.undo_sent, target.flight) == (True, "", True, None)
    assert (await claim(stand, win("w1", "b1"))).verdict is Verdict.NO_BET
    assert await stand.row(key("b1")) == target


async def test_a_win_does_not_call_off_our_own_reversal_on_its_way(stand: Stand) -> None:
    """The same while its call is in flight."""
    await ended(stand, await claim(stand, bet()), State.UNKNOWN, Outcome.UNKNOWN, FINAL, undo=True)
    await stand.advance(61)
    assert set(await leased(stand)) == {"b1"}
    assert (await claim(stand, win("w1", "b1"))).verdict is Verdict.NO_BET


async def test_a_win_that_names_no_bet_settles_the_only_one_of_its_round(stand: Stand) -> None:
    """Though nobody has confirmed that its yes was heard: else a rollback took back what is paid."""
    await booked(stand, bet(), effect=None)
    await booked(stand, win("w1"))
    row = await stand.row(key("b1"))
    assert (row.settled_by, row.proved) == (key("w1"), True)
    assert (await claim(stand, rollback())).verdict is Verdict.SETTLED


async def test_of_several_bets_a_win_that_names_none_settles_those_that_are_surely_held(stand: Stand) -> None:
    """One whose yes may not have been heard may be rolled back yet."""
    await booked(stand, bet("b1"))
    await booked(stand, bet("b2"), effect=None)
    await booked(stand, win("w1"))
    rows = [await stand.row(key(name)) for name in ("b1", "b2")]
    assert [(row.settled_by, row.heard_done) for row in rows] == [(key("w1"), True), (None, False)]


async def test_a_rounds_end_of_the_same_moment_waits_for_the_win_before_it(stand: Stand) -> None:
    """Whatever their ids are: what is ended first is not paid any more."""
    await booked(stand, bet())
    await doubted(stand, win("z", "b1"))
    assert (await claim(stand, Claim(made(Operation.END_ROUND, "a")))).verdict is Verdict.WAITS

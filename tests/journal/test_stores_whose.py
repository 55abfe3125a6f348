"""Whose bet a win is about, on every store: bets without a player, bets that are not known, and several wins of one."""

from msgspec.structs import replace

from gateway.canon.calls import Reply
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.limits import DAY_S
from gateway.journal.states import State
from gateway.journal.wishes import Look, Reap, Verdict
from tests.journal.calls import FINAL, bet, booked, claim, doubted, ended, key, rollback, told, win
from tests.journal.stands import Stand

#: A yes that does not say whose it is.
NAMELESS = Reply(Outcome.OK, currency="EUR")


async def declined(stand: Stand, transaction: str = "b2") -> None:
    """A bet of the round that was refused for good."""
    refused = await ended(
        stand, await claim(stand, bet(transaction)), State.DECLINED, Outcome.INSUFFICIENT_FUNDS, telling=FINAL
    )
    await told(stand, refused, FINAL)


async def test_a_bet_that_may_be_the_players(stand: Stand) -> None:
    """Applied, and nobody ever said whose it is: the wallet decides about the win, not a declined bet beside it."""
    await booked(stand, bet("b1", player=None), reply=NAMELESS)
    await declined(stand)
    assert (await claim(stand, win("w1"))).verdict is Verdict.OURS


async def test_a_doubt_that_may_be_the_players(stand: Stand) -> None:
    """In doubt, and nobody knows whose: the win waits for it."""
    await doubted(stand, bet("b1", player=None))
    await declined(stand)
    assert (await claim(stand, win("w1"))).verdict is Verdict.WAITS


async def test_a_win_of_an_unknown_player_takes_no_other_players_bet(stand: Stand) -> None:
    """Of a round that two players play under one name, only what came by the win's own session is its bet."""
    await booked(stand, bet("b1", player=None), reply=NAMELESS)
    await booked(stand, bet("b2", player="p2"))
    await booked(stand, win("w1", player=None), reply=NAMELESS)
    assert (await claim(stand, rollback("x2", "b2", player="p2"))).verdict is Verdict.OURS


async def test_a_win_of_a_bet_that_is_not_known(stand: Stand) -> None:
    """It names its bet: a declined one of the same round says nothing of that."""
    await declined(stand)
    assert (await claim(stand, win("w1", "b0"))).verdict is Verdict.OURS


async def test_a_win_of_a_pruned_bet(durable: Stand) -> None:
    """The same, where a hash is all that is left of the bet."""
    await booked(durable, bet("b1"))
    await durable.advance(60 * DAY_S)
    await declined(durable)
    await durable.advance(40 * DAY_S)
    await durable.prune()
    assert await durable.perform(Look(key("b1"))) is None
    assert (await claim(durable, win("w1", "b1"))).verdict is Verdict.OURS


async def test_a_bet_of_two_wins_stays_settled(stand: Stand) -> None:
    """One of them is rolled back, the other stands: the stake is not refunded beside a prize."""
    await booked(stand, bet("b1"))
    for each in ("w1", "w2"):
        await booked(stand, win(each))
    await booked(stand, replace(rollback("x1", "w2"), undoable=frozenset({Operation.BET, Operation.WIN})))
    await booked(stand, replace(rollback("x2", "w1"), undoable=frozenset({Operation.BET, Operation.WIN})))
    assert (await claim(stand, rollback("x3", "b1"))).verdict is Verdict.OURS, "no win is left"


async def test_a_bet_stays_settled_by_the_win_that_is_left(stand: Stand) -> None:
    """Whichever of its wins was the first."""
    await booked(stand, bet("b1"))
    for each in ("w1", "w2"):
        await booked(stand, win(each))
    await booked(stand, replace(rollback("x1", "w1"), undoable=frozenset({Operation.BET, Operation.WIN})))
    assert (await stand.row(key("b1"))).settled_by == key("w2")
    assert (await claim(stand, rollback("x2", "b1"))).verdict is Verdict.SETTLED


async def test_a_late_yes_of_a_win_settles_its_bet(stand: Stand) -> None:
    """Its claim was given up meanwhile; that it was paid counts all the same."""
    await booked(stand, bet("b1"))
    claimed = await claim(stand, win("w1"))
    await stand.perform(Reap(frozenset({str(claimed.row.holder).partition("/")[0]})))
    late = await ended(stand, claimed, telling=None)
    assert not late.kept
    assert (await stand.row(key("b1"))).settled_by == key("w1")


async def test_a_win_in_doubt_is_not_declined_for_a_dead_bet(stand: Stand) -> None:
    """It may be paid: it stays unknown, before a human, and its provider comes back."""
    await booked(stand, bet("b1"))
    await doubted(stand, win("w1"))
    await booked(stand, rollback("x1", "b1"))
    claimed = await claim(stand, win("w1"))
    row = await stand.row(key("w1"))
    assert (claimed.verdict, row.state, row.outcome) == (Verdict.NO_BET, State.UNKNOWN, Outcome.UNKNOWN)
    assert row.parked is not None

"""Whose money it is: what a message names, what the wallet says, and what must not be learned from either."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Send
from gateway.journal.states import State
from gateway.journal.wishes import Reap
from gateway.wire.message import Ending
from tests.exchange.answered import check_answer
from tests.exchange.driving import World, dialect
from tests.exchange.endings import hangs, honest, not_sent, refuses, silent_after_booking
from tests.exchange.test_recalling import forgetful, nameless

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
#: Without references a wallet finds nothing by what a message names: player and amounts must be told.
NO_REFERENCES = frozenset({"idempotent", "tombstones", "status"})


def two_players() -> World:
    """EvenBet, whose debits name no player; 2002 plays in session s2, which memory knows."""
    world = World("evenbet")
    world.sandbox.open_player("2002", "EUR", Decimal("100.00"), session="s2")
    world.tell(world.request(Operation.BALANCE, session="s2"))
    return world


def balances(world: World) -> tuple[Decimal, Decimal]:
    """Of 1001 and of 2002."""
    return world.balance, world.sandbox.balance("2002")


def test_a_rollback_teaches_nothing_of_the_session_it_came_with() -> None:
    """It undoes a bet of 1001, and carries the token of 2002: what 2002 wins then is paid to 2002."""
    world = two_players()
    for transaction in ("t1", "t3"):
        world.tell(world.request(BET, transaction))
    world.tell(world.request(BET, "t2", session="s2"))
    world.tell(world.request(ROLLBACK, "rb1", session="s2"))
    assert world.tell(world.request(WIN, "w2", session="s2")).outcome is Outcome.OK
    assert balances(world) == (Decimal("90.00"), Decimal("95.00"))


def test_a_rollback_with_anothers_token_stops_no_bet() -> None:
    """The session goes on as the player's whose it is."""
    world = two_players()
    world.tell(world.request(BET, "t1"))
    world.tell(world.request(ROLLBACK, "rb1", session="s2"))
    assert world.tell(world.request(BET, "t2", session="s2")).outcome is Outcome.OK


def test_a_win_of_an_unknown_player_takes_no_other_players_bet() -> None:
    """Rounds of one name, and a wallet that never says whose: the other's bet can still be rolled back."""
    world = two_players()
    world.forget()
    world.tell(world.request(BET, "t1"), nameless, nameless)
    world.tell(world.request(BET, "t2", session="s2"), nameless, nameless)
    win = world.tell(world.request(WIN, "w1"), nameless)
    assert b'"acme::t2"' not in win.sends[-1].request.body
    world.tell(world.request(ROLLBACK, "rb2", reference=("t2",), session="s2"), nameless)
    assert balances(world) == (Decimal("95.00"), Decimal("100.00"))


def test_a_win_of_a_bet_that_was_never_named() -> None:
    """Neither balance nor yes say whose the bet is; the win, whose player is known by then, is paid all the same."""
    world = forgetful()
    world.tell(world.request(BET), nameless, nameless)
    world.tell(world.request(Operation.BALANCE))
    world.tell(world.request(BET, "t2"), refuses(Outcome.LIMIT_EXCEEDED))
    assert world.tell(world.request(WIN, "w1")).outcome is Outcome.OK
    assert world.balance == Decimal("95.00")


def test_the_undoing_of_a_bet_says_whose_it_is() -> None:
    """The wallet's yes has told; a wallet that finds nothing by reference must hear it."""
    world = World("evenbet", promises=NO_REFERENCES)
    world.forget()
    world.tell(world.request(BET), nameless, honest)
    story = world.tell(world.request(ROLLBACK, "rb1"))
    check_answer(world, story)
    assert story.outcome is Outcome.OK
    assert world.balance == Decimal("100.00")


def test_a_win_that_names_a_forgotten_bet() -> None:
    """155.io names its bet; another one of the round that was declined says nothing of that."""
    world = World("155io")
    world.tell(world.request(BET, "t1"))
    world.forget(rows=True)
    world.tell(world.request(BET, "t2"), refuses(Outcome.INSUFFICIENT_FUNDS))
    assert world.tell(world.request(WIN, "w1", reference=("t1",))).outcome is Outcome.OK


@pytest.mark.parametrize("by", ["callback", "outbox"])
def test_a_win_in_doubt_is_never_called_declined(by: str) -> None:
    """Paid, unheard, and its bet rolled back since: it may be held for unpaid by nobody but a human."""
    world = World("evenbet", promises=NO_REFERENCES)
    world.tell(world.request(BET, "t1"))
    world.tell(world.request(WIN, "w1"), silent_after_booking, silent_after_booking)
    world.tell(world.request(ROLLBACK, "rb1", reference=("t1",)))
    if by == "outbox":
        world.recover(seconds=60)
    else:
        story = world.tell(world.request(WIN, "w1"))
        check_answer(world, story)
        assert story.effect == {"retries"}
        world.recover(seconds=5)
    row = world.row("w1")
    assert row is not None
    assert row.state is State.UNKNOWN
    assert row.parked is not None


def test_a_bet_of_two_wins_is_not_refunded_for_one_of_them() -> None:
    """The first win is rolled back, the second stands: so does the bet."""
    world = World("evenbet")
    world.tell(world.request(BET, "t1"))
    for transaction in ("w1", "w2"):
        world.tell(world.request(WIN, transaction))
    world.tell(world.request(ROLLBACK, "rbw1", reference=("w1",), amount=Decimal("5.00")))
    story = world.tell(world.request(ROLLBACK, "rb1", reference=("t1",)))
    assert (story.outcome, world.balance) == (Outcome.ALREADY_SETTLED, Decimal("95.00"))


def test_a_win_that_ended_late_settles_its_bet() -> None:
    """Its claim was given up, its yes came after: the bet is not refunded beside the prize."""
    world = World("evenbet", promises=NO_REFERENCES)
    world.tell(world.request(BET, "t1"))
    world.tell(world.request(WIN, "w1"), hangs)
    world.memory.do(Reap(frozenset({"memory"})))
    world.finish(honest)
    assert world.tell(world.request(ROLLBACK, "rb1", reference=("t1",))).outcome is Outcome.ALREADY_SETTLED


def test_a_late_end_of_an_errand_that_our_own_code_fails_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is given back before the fault is raised, in doubt; the outbox goes on with it."""

    def broken(*_: object) -> None:
        raise LookupError("a bug")

    def hanging(world: World, wish: Send) -> Ending:
        return hangs(world, wish)

    world = World("scorpio")
    world.tell(world.request(BET, "t1"))
    world.tell(world.request(WIN, "w1"), not_sent, not_sent)
    world.recover(hanging)
    with monkeypatch.context() as patch:
        patch.setattr(type(dialect("canonical")), "read_reply", broken)
        with pytest.raises(LookupError):
            world.finish(honest)
    assert not world.in_flight
    row = world.row("w1")
    assert row is not None
    assert row.state is State.UNKNOWN
    world.recover(seconds=600)
    assert world.balance == Decimal("95.00")

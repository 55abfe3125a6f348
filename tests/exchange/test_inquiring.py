"""A repeat of what is in doubt, at a wallet that may not hear the same key twice: it is asked what became of it."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Send
from gateway.journal.states import State
from gateway.wire.message import Ending, Heard
from tests.exchange.answered import check_answer
from tests.exchange.driving import PROMISES, World
from tests.exchange.endings import hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

BET = Operation.BET
every_dialect = pytest.mark.parametrize("name", DIALECTS)
COUNTS_TWICE = PROMISES - {"idempotent"}


@every_dialect
def test_what_the_wallet_has_is_said_and_not_sent_again(name: str) -> None:
    """The first try was booked: the repeat hears ok, with the balance that `status` told, or a question found."""
    world = World(name, promises=COUNTS_TWICE)
    world.tell(world.request(BET), silent_after_booking)
    again = world.tell(world.request(BET))
    check_answer(world, again)
    assert again.outcome is Outcome.OK
    assert again.sends[0].request.path == "/status"
    assert not again.money_sends
    assert (again.journey.ending, again.journey.heard) == ("heard", "ok")
    row = world.row("t1")
    assert row is not None
    assert row.state is State.APPLIED
    assert world.balance == Decimal("90.00")


@every_dialect
def test_what_the_wallet_never_saw_is_sent_once_it_can_land_no_more(name: str) -> None:
    """Before that it is unknown, and nothing leaves: the first call might still come."""
    world = World(name, promises=COUNTS_TWICE)
    world.tell(world.request(BET), silent)
    early = world.tell(world.request(BET))
    check_answer(world, early)
    assert (early.outcome, early.money_sends) == (Outcome.UNKNOWN, [])
    world.clock.now += 61
    again = world.tell(world.request(BET))
    assert again.outcome is Outcome.OK
    assert len(again.money_sends) == 1
    assert world.balance == Decimal("90.00")


@every_dialect
def test_what_the_wallet_declined_may_be_tried_again(name: str) -> None:
    """Nothing of it is there: the repeat is sent, and its refusal is believed, for nothing is in doubt any more."""
    world = World(name, promises=COUNTS_TWICE)
    world.tell(world.request(BET), silent)

    def declined(inner: World, wish: Send) -> Ending:
        asked = wish.request.path == "/status"
        return refuses(Outcome.NOTHING_TO_DO if asked else Outcome.INSUFFICIENT_FUNDS)(inner, wish)

    again = world.tell(world.request(BET), declined, declined)
    assert again.outcome is Outcome.INSUFFICIENT_FUNDS
    row = world.row("t1")
    assert row is not None
    assert row.state is State.DECLINED


def answered_in_riddles(world: World, wish: Send) -> Ending:
    """The wallet does what it does, and says a word that nobody knows."""
    return Heard(world.says(wish.request, Outcome.UNKNOWN))


@every_dialect
@pytest.mark.parametrize("undo", [False, True])
def test_what_was_declined_once_may_still_land_the_second_time(name: str, undo: bool) -> None:
    """The record is of the first attempt; the second is judged anew when it comes. Nothing is certain until then."""
    world = World(name, balance="5.00", promises=COUNTS_TWICE)
    world.tell(world.request(BET), answered_in_riddles)
    first = world.tell(world.request(BET), honest, hangs)  # asked, declined, so sent again: now that one hangs
    check_answer(world, first)
    assert [send.request.path for send in first.sends] == ["/status", "/bet"]
    world.sandbox.open_player("1001", "EUR", Decimal("55.00"), session="s1")
    world.finish(silent)  # the connection breaks, and the call is still on its way
    if undo:
        world.tell(world.request(Operation.ROLLBACK, "rb1"), not_sent)
    world.recover(seconds=30)
    again = world.tell(world.request(BET))
    check_answer(world, again)
    assert not again.money_sends
    assert "final" not in again.effect or undo
    row = world.row("t1")
    assert row is not None
    assert row.state is State.UNKNOWN
    world.book(first.sends[1].request)  # there it lands
    world.recover(seconds=60_000)
    assert world.balance == Decimal("55.00")


@every_dialect
def test_a_wallet_that_does_not_say_leaves_it_in_doubt(name: str) -> None:
    """No answer to the question: unknown, nothing is sent, and the next repeat asks again."""
    world = World(name, promises=COUNTS_TWICE)
    world.tell(world.request(BET), silent_after_booking)
    again = world.tell(world.request(BET), silent)
    assert (again.outcome, again.money_sends) == (Outcome.UNKNOWN, [])
    assert world.tell(world.request(BET), honest).outcome is Outcome.OK
    assert world.balance == Decimal("90.00")

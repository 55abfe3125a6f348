"""Holds that nothing completes, completions that we deliver ourselves, and a journal that fails beside either."""

from dataclasses import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.recovery import REFUSED_WIN
from gateway.journal.arming import HOLD_AGED
from gateway.journal.states import State
from gateway.journal.wishes import Claim, JournalUnavailable
from tests.exchange.behaviours.cashier import Cashier, error
from tests.exchange.endings import not_sent, refuses, silent

GATE, COMPLETE, CANCEL = Operation.WITHDRAW_REQUEST, Operation.WITHDRAW_COMPLETE, Operation.WITHDRAW_CANCEL
DAY = 86_400.0


def test_a_hold_grows_old_into_an_alert_and_is_never_released_by_itself() -> None:
    """After a day it stands before a human; the money stays held, and a completion still captures it."""
    world = Cashier()
    world.tell(world.gate())
    world.recover(seconds=0.9 * DAY)
    row = world.row("w1")
    assert row is not None
    assert row.parked is None
    world.recover(seconds=30 * DAY)
    row = world.row("w1")
    assert row is not None
    assert (row.state, row.parked, row.step) == (State.APPLIED, HOLD_AGED, None)
    assert world.money == ("60.00", "40.00")
    assert error(world.tell(world.complete())) == 0
    row = world.row("w1")
    assert row is not None
    assert (row.parked, row.step) == (None, None)
    assert world.money == ("60.00", "0.00")


def test_a_refused_capture_that_we_deliver_stands_before_a_human() -> None:
    """Nobody asks again, the wallet says a lasting no to coins that are gone: parked, and an alert."""
    world = Cashier()
    world.tell(world.gate())
    world.tell(world.complete(), not_sent)
    errands = world.recover(refuses(Outcome.PLAYER_BLOCKED), seconds=30)
    assert errands[-1].alerts == ["capture_refused", "parked"]
    row = world.row("w1#complete")
    assert row is not None
    assert (row.state, row.step, row.parked) == (State.DECLINED, None, f"{REFUSED_WIN}: player_blocked")


def test_a_forced_debit_that_we_deliver_is_an_alert_too() -> None:
    """It never left with the cashier's own call."""
    world = Cashier()
    assert error(world.tell(world.complete(), not_sent)) == "HTTP 503"
    errands = world.recover(seconds=30)
    assert errands[-1].alerts == ["forced_debit"]
    assert world.money == ("60.00", "0.00")


def test_a_gate_without_an_id_in_doubt_is_in_doubt_when_the_journal_fails() -> None:
    """Its row stands under the stretch in which it was first seen: that nothing was sent now says nothing of then."""
    world = Cashier()
    world.tell(world.gate(""), silent, silent)
    world.clock.now += 5

    def full(step: int, wish: object) -> BaseException | None:
        return OSError("a bug") if isinstance(wish, Claim) else None

    story = world.tell(world.gate(""), throw=full)
    assert story.outcome is Outcome.UNKNOWN
    assert error(story) == "HTTP 503"


def test_a_hold_may_be_given_more_time() -> None:
    """How old is old is the policy's to say."""
    world = Cashier()
    world.memory.policy = replace(world.policy, hold_s=7 * DAY)
    world.tell(world.gate())
    world.recover(seconds=6.5 * DAY)
    row = world.row("w1")
    assert row is not None
    assert row.parked is None


def test_a_completion_that_could_not_be_written_down_is_not_sent() -> None:
    """No claim, no call: 503, and it comes again."""
    world = Cashier()
    world.tell(world.gate())

    def full(step: int, wish: object) -> BaseException | None:
        return JournalUnavailable("the disk is full") if isinstance(wish, Claim) else None

    story = world.tell(world.complete(), throw=full)
    assert error(story) == "HTTP 503"
    assert not story.sends
    assert error(world.tell(world.complete())) == 0
    assert world.money == ("60.00", "0.00")

"""What else is sent in place of an operation that the wallet lacks, or refused, and what is asked before."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import DONE
from tests.exchange.behaviours.made import fish, plain
from tests.exchange.behaviours.test_two_calls import BEFORE, BOTH, in_the_end, spin, world
from tests.exchange.driving import World
from tests.exchange.endings import Hop, silent, silent_after_booking

END_ROUND = Operation.END_ROUND


@pytest.mark.parametrize("operation", [Operation.ADJUST, Operation.BET_WIN, END_ROUND])
def test_what_is_refused_is_not_asked(operation: Operation) -> None:
    """Nothing is sent, nothing is kept, and the provider is told that it is not supported."""
    nothing = replace(plain(), instead={operation: ()})
    here = World("canonical", wallet=nothing)
    story = here.tell(here.request(operation, "a", bet_amount=Decimal(1), win_amount=Decimal(1)))
    assert (story.outcome, story.sends) == (Outcome.UNSUPPORTED_OPERATION, [])
    assert here.row("a") is None


def test_needed_is_more_than_the_stake() -> None:
    """The balance is asked before, since the bet has no room for it: a fish game's minimum is kept."""
    for needed, outcome in ((Decimal("100.00"), Outcome.OK), (Decimal("100.01"), Outcome.INSUFFICIENT_FUNDS)):
        here = World(fish(), wallet=plain())
        story = spin(here, required_balance=needed)
        assert (story.outcome, len(story.sends)) == (outcome, 3 if outcome is Outcome.OK else 1)
        in_the_end(here, BOTH if outcome is Outcome.OK else BEFORE)
    here = World(fish(), wallet=plain())
    story = spin(here, silent, required_balance=Decimal(100))
    assert (story.outcome, story.money_sends) == (Outcome.WALLET_FAILED, [])
    in_the_end(here, BEFORE)


def test_the_end_of_a_round_is_a_win_of_nothing() -> None:
    """It closes the round; its repeat is the same yes."""
    here = world()
    here.tell(here.request(Operation.BET, "b"))
    for _ in range(2):
        assert DONE in here.tell(here.request(END_ROUND, "e", reference=None)).effect
    call = here.booked[-1]
    assert (call.operation, call.amount, call.round_end) == (Operation.WIN, Decimal(0), True)
    assert (call.transaction, call.reference) == ("acme::e", ("acme::b",))
    assert here.sandbox.records.round_state("acme", "1001", "g1") == "closed"


@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_the_end_of_a_round_in_doubt_is_delivered(hop: Hop) -> None:
    """As it is where the wallet has a word for it."""
    here = world()
    here.tell(here.request(Operation.BET, "b"))
    assert here.tell(here.request(END_ROUND, "e"), hop, hop).outcome is Outcome.UNKNOWN
    here.recover(seconds=1000)
    assert here.sandbox.records.round_state("acme", "1001", "g1") == "closed"


def test_the_end_of_a_round_that_the_wallet_does_not_know() -> None:
    """Its no to the win is said as the end of a round has it."""
    here = world()
    story = here.tell(here.request(END_ROUND, "e", reference=None, round="never"))
    assert story.outcome is Outcome.NO_OPEN_BET


def test_a_lost_one_sends_both_all_the_same() -> None:
    """A win of nothing settles the bet."""
    here = world(name="groove")
    assert spin(here, win_amount=Decimal(0)).outcome is Outcome.OK
    assert [call.amount for call in here.booked] == [Decimal(10), Decimal(0)]
    in_the_end(here, Decimal("90.00"))


@pytest.mark.parametrize("kept", [frozenset(), {"status"}, {"idempotent"}, {"references", "status", "tombstones"}])
def test_a_wallet_that_promises_less_gets_none(kept: Any) -> None:
    """Start-up refuses the pair; if it did not, nothing would be sent."""
    here = world(frozenset(kept))
    story = spin(here)
    assert not story.money_sends
    assert DONE not in story.effect
    in_the_end(here, BEFORE)

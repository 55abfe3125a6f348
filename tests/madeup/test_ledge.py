"""What is peculiar to Ledge: between its two phases a stake is the player's no more, and not yet the house's."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.arming import HOLD_AGED
from gateway.journal.states import State, Step
from tests.exchange.driving import Story, World
from tests.exchange.endings import hangs, honest, not_sent, silent, silent_after_booking
from tests.madeup.stage import world

DAY = 86_400.0
RESERVE, CONFIRM, RELEASE = Operation.RESERVE, Operation.CONFIRM, Operation.RELEASE


def tell(stage: World, operation: Operation, transaction: str, amount: str | None = None, *hops: Any) -> Story:
    """One callback about the reservation t1."""
    facts: dict[str, Any] = {} if operation is RESERVE else {"reference": ("t1",)}
    facts |= {"amount": None if amount is None else Decimal(amount)}
    return stage.tell(stage.request(operation, transaction, **facts), *hops)


def reserved() -> World:
    """Ten are reserved."""
    stage = world("ledge")
    assert tell(stage, RESERVE, "t1", "10.00").outcome is Outcome.OK
    assert stage.balance == Decimal("90.00")
    return stage


@pytest.mark.parametrize(("amount", "balance"), [("10.00", "90.00"), ("6.50", "93.50"), ("0.00", "100.00")])
def test_what_was_reserved_is_confirmed_for_as_much_or_less(amount: str, balance: str) -> None:
    """The rest is free again; told twice it is taken once, and nothing releases it afterwards."""
    stage = reserved()
    for told in (Outcome.OK, Outcome.ALREADY_DONE):
        story = tell(stage, CONFIRM, "c1", amount)
        assert (story.outcome, story.effect, stage.balance) == (told, {"done"}, Decimal(balance))
    late = tell(stage, RELEASE, "r1")
    assert (late.outcome, late.effect, late.money_sends) == (Outcome.ALREADY_SETTLED, {"final"}, [])
    assert stage.balance == Decimal(balance)
    assert not stage.sandbox.audit()


def test_what_was_released_is_not_confirmed() -> None:
    """The journal knows it: the wallet is not asked, and a human is told that the provider believes otherwise."""
    stage = reserved()
    assert tell(stage, RELEASE, "r1").effect == {"done"}
    assert stage.balance == Decimal("100.00")
    for _ in range(2):
        story = tell(stage, CONFIRM, "c1", "10.00")
        assert (story.outcome, story.effect, story.money_sends) == (Outcome.ALREADY_ROLLED_BACK, {"final"}, [])
    row = stage.row("c1")
    assert row is not None
    assert (row.state, row.parked) == (
        State.DECLINED,
        "a confirmation names a reservation that was declined or released",
    )
    assert stage.balance == Decimal("100.00")


def test_what_was_declined_is_not_confirmed() -> None:
    """`transaction_not_found`, and never a success that took nothing."""
    stage = world("ledge", "3.00")
    assert tell(stage, RESERVE, "t1", "10.00").outcome is Outcome.INSUFFICIENT_FUNDS
    story = tell(stage, CONFIRM, "c1", "10.00")
    assert (story.outcome, story.effect) == (Outcome.TRANSACTION_NOT_FOUND, {"final"})
    assert stage.balance == Decimal("3.00")


@pytest.mark.parametrize("hop", [silent, silent_after_booking, hangs])
def test_a_reservation_in_doubt_that_is_confirmed_is_driven_to_applied(hop: Any) -> None:
    """Who confirms it holds it: it is never reversed by us, the confirmation waits for it, and both are taken once."""
    stage = world("ledge")
    assert tell(stage, RESERVE, "t1", "10.00", hop).outcome is Outcome.UNKNOWN
    story = tell(stage, CONFIRM, "c1", "7.00")
    assert (story.outcome.moved is not Outcome.OK.moved, story.effect) == (True, {"retries"})
    while stage.running:
        stage.finish(honest)
    stage.recover(seconds=60.0)
    assert tell(stage, CONFIRM, "c1", "7.00").effect == {"done"}
    assert stage.balance == Decimal("93.00")
    stage.recover(seconds=500_000.0)
    assert stage.balance == Decimal("93.00")
    assert not stage.sandbox.audit()


def test_a_confirmed_reservation_whose_yes_was_never_heard_is_not_reversed() -> None:
    """Its answer found nobody, and then the confirmation came: that proves it, and disarms the reversal."""
    stage = world("ledge")
    stage.gone = True
    tell(stage, RESERVE, "t1", "10.00")
    stage.gone = False
    row = stage.row("t1")
    assert row is not None
    assert row.step is Step.JUDGE
    assert tell(stage, CONFIRM, "c1", "10.00").outcome is Outcome.OK
    row = stage.row("t1")
    assert row is not None
    assert (row.proved, row.step, row.settled_by) == (True, None, "acme::c1")
    stage.recover(seconds=500_000.0)
    assert stage.balance == Decimal("90.00")


@pytest.mark.parametrize("hop", [silent, silent_after_booking, not_sent])
def test_a_confirmation_in_doubt_is_delivered_until_the_wallet_answers(hop: Any) -> None:
    """A fact: the provider is told to come again, and we go on without it. A release waits for neither."""
    stage = reserved()
    assert "retries" in tell(stage, CONFIRM, "c1", "4.00", hop, hop).effect
    stage.recover(seconds=600.0)
    assert stage.balance == Decimal("96.00")
    assert tell(stage, CONFIRM, "c1", "4.00").effect == {"done"}
    assert tell(stage, RELEASE, "r1").outcome is Outcome.ALREADY_SETTLED
    assert stage.balance == Decimal("96.00")
    assert not stage.sandbox.audit()


def test_a_reservation_that_nobody_comes_back_to_is_released_by_us() -> None:
    """In doubt, neither repeated nor confirmed: at the horizon it is given back."""
    stage = world("ledge")
    tell(stage, RESERVE, "t1", "10.00", silent_after_booking, silent_after_booking)
    stage.recover(seconds=500_000.0)
    assert stage.balance == Decimal("100.00")
    row = stage.row("t1")
    assert row is not None
    assert row.state is State.REVERSED
    assert tell(stage, CONFIRM, "c1", "10.00").outcome is Outcome.ALREADY_ROLLED_BACK


@pytest.mark.parametrize(("operation", "balance"), [(CONFIRM, "90.00"), (RELEASE, "100.00")])
def test_a_reservation_that_nobody_confirms_grows_old_before_a_human(operation: Operation, balance: str) -> None:
    """After a day, and as a withdrawal's hold: it stays reserved, and is confirmed or released as ever."""
    stage = reserved()
    stage.recover(seconds=0.9 * DAY)
    row = stage.row("t1")
    assert row is not None
    assert (row.parked, row.step) == (None, Step.JUDGE)
    errands = stage.recover(seconds=30 * DAY)
    row = stage.row("t1")
    assert row is not None
    assert (row.state, row.parked, row.step) == (State.APPLIED, HOLD_AGED, None)
    assert stage.balance == Decimal("90.00")
    assert errands == []
    assert tell(stage, operation, "x1", "10.00" if operation is CONFIRM else None).effect == {"done"}
    row = stage.row("t1")
    assert row is not None
    assert (row.parked, row.step, stage.balance) == (None, None, Decimal(balance))


def test_another_amount_under_the_same_id_is_a_conflict() -> None:
    """What is confirmed, too, is confirmed once."""
    stage = reserved()
    tell(stage, CONFIRM, "c1", "4.00")
    assert tell(stage, CONFIRM, "c1", "5.00").outcome is Outcome.TRANSACTION_CONFLICT
    assert stage.balance == Decimal("96.00")


def test_what_was_confirmed_is_not_confirmed_under_another_id() -> None:
    """Nothing more is taken, and the table says so in a word of its own, which is no success."""
    stage = reserved()
    tell(stage, CONFIRM, "c1", "4.00")
    story = tell(stage, CONFIRM, "c2", "5.00")
    assert (story.outcome, story.effect) == (Outcome.NOTHING_TO_DO, {"final"})
    assert b'"CONFIRMED"' in story.response.body
    assert stage.balance == Decimal("96.00")

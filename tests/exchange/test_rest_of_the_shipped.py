"""What other shipped dialects than those of the seeds bring into the story: ids that are their target's, HTTP statuses
that are outcomes, a win taken back, free rounds that the purse does not pay."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import State
from gateway.wire.opened import Opened
from tests.exchange.driving import World
from tests.exchange.endings import not_sent, silent, silent_after_booking

NAMES = ("betbrothers", "betbrothers-supplier", "hpgames", "rubyplay")
#: The same game for all: one of them wants a number.
GAME = {"game": "1"}
#: Their rollbacks may bear the id of what they undo.
SAME_ID = ("betbrothers", "betbrothers-supplier", "rubyplay")


@pytest.mark.parametrize("name", NAMES)
def test_a_round_is_played_and_paid(name: str) -> None:
    """A bet and its win, each once, however often they are sent."""
    world = World(name)
    for _ in range(2):
        assert world.tell(world.request(Operation.BET, **GAME)).outcome in (Outcome.OK, Outcome.ALREADY_DONE)
    assert world.balance == Decimal("90.00")
    for _ in range(2):
        story = world.tell(world.request(Operation.WIN, "w1", **GAME))
        assert story.outcome in (Outcome.OK, Outcome.ALREADY_DONE)
        assert story.response.status == 200
    assert world.balance == Decimal("95.00")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_a_bet_in_doubt_comes_back_as_a_rollback_and_nothing_is_lost(name: str, hop: object) -> None:
    """The wallet's silence is never a decline: the word makes the provider roll back, and the money is where it was."""
    world = World(name)
    story = world.tell(world.request(Operation.BET, **GAME), hop)  # type: ignore[arg-type]
    assert story.outcome is Outcome.UNKNOWN
    assert story.effect == {"rolls_back"}
    own = "t1" if name in SAME_ID else "r1"
    for _ in range(3):
        undone = world.tell(world.request(Operation.ROLLBACK, own, **GAME))
        if undone.effect == {"done"}:
            break
        world.recover(seconds=120)
    assert undone.effect == {"done"}
    world.recover(seconds=3600)
    assert world.balance == Decimal("100.00")
    late = world.tell(world.request(Operation.BET, **GAME))
    assert late.outcome is Outcome.ALREADY_ROLLED_BACK
    assert world.balance == Decimal("100.00")


@pytest.mark.parametrize("name", NAMES)
def test_a_rollback_before_its_bet_is_remembered(name: str) -> None:
    """Success by the default of each, with a tombstone that keeps the late bet out."""
    world = World(name)
    own = "t1" if name in SAME_ID else "r1"
    early = world.tell(world.request(Operation.ROLLBACK, own, **GAME))
    assert (early.outcome, early.effect) == (Outcome.TRANSACTION_NOT_FOUND, {"done"})
    assert world.tell(world.request(Operation.BET, **GAME)).outcome is Outcome.ALREADY_ROLLED_BACK
    assert world.balance == Decimal("100.00")


@pytest.mark.parametrize("name", NAMES)
def test_a_win_that_could_not_be_sent_is_repeated(name: str) -> None:
    """A passing no to a credit brings it back, and then it is paid once."""
    world = World(name)
    world.tell(world.request(Operation.BET, **GAME))
    failed = world.tell(world.request(Operation.WIN, "w1", **GAME), not_sent)
    assert "retries" in failed.effect
    world.tell(world.request(Operation.WIN, "w1", **GAME))
    assert world.balance == Decimal("95.00")


@pytest.mark.parametrize(("balance", "status"), [("3.00", 402), ("100.00", 200)])
def test_the_http_status_is_the_outcome(balance: str, status: int) -> None:
    """The code stands in the body and on the status line."""
    world = World("betbrothers", balance=balance)
    story = world.tell(world.request(Operation.BET, **GAME))
    assert story.response.status == status
    body = Opened(story.response).body
    assert body.get("code", 200) == status
    assert ("balance" in body) == (status == 200)


def test_a_win_is_taken_back_under_its_own_id() -> None:
    """A rollback of a win debits what was booked, once, and opens the round again; the bet stays."""
    world = World("betbrothers")
    world.tell(world.request(Operation.BET, **GAME))
    world.tell(world.request(Operation.WIN, "w1", **GAME))
    assert world.balance == Decimal("95.00")
    back = {"reference": ("w1",), "amount": Decimal("5.00"), **GAME}
    undone = world.tell(world.request(Operation.ROLLBACK_WIN, "w1", **back))
    assert (undone.outcome, world.balance) == (Outcome.OK, Decimal("90.00"))
    again = world.tell(world.request(Operation.ROLLBACK_WIN, "w1", **back))
    assert (again.effect, world.balance) == ({"done"}, Decimal("90.00"))
    row = world.memory.rows["acme:win:w1"]
    assert row.state is State.REVERSED
    assert world.memory.rows["acme:bet:t1"].state is State.APPLIED
    assert world.tell(world.request(Operation.WIN, "w1", **GAME)).outcome is Outcome.ALREADY_ROLLED_BACK
    assert world.balance == Decimal("90.00")


def test_a_rollback_of_a_win_never_undoes_a_bet() -> None:
    """Bet and win may bear one id; each has its own undoing."""
    world = World("betbrothers")
    world.tell(world.request(Operation.BET, **GAME))
    story = world.tell(world.request(Operation.ROLLBACK_WIN, "t1", reference=("t1",), amount=Decimal(10), **GAME))
    assert story.outcome is Outcome.TRANSACTION_NOT_FOUND
    assert world.balance == Decimal("90.00")


def test_a_free_round_is_played_for_nothing_and_paid() -> None:
    """The amount beside freeRound is not taken; its credit needs no bet."""
    world = World("rubyplay")
    debit = world.tell(world.request(Operation.BET, "f1", free=True, promotion="p1", **GAME))
    assert (debit.outcome, [send.request.path for send in debit.sends]) == (Outcome.OK, ["/balance"])
    assert world.balance == Decimal("100.00")
    credit = world.tell(world.request(Operation.PROMO_WIN, "f2", promotion="p1", **GAME))
    assert (credit.outcome, world.balance) == (Outcome.OK, Decimal("105.00"))
    cancel = world.tell(world.request(Operation.ROLLBACK, "f1", reference=("f1",), **GAME))
    assert (cancel.effect, world.balance) == ({"done"}, Decimal("105.00"))

"""What a rollback undoes, where it does not name the bet by the bet's own id: its round, or the id that we answered."""

from decimal import Decimal

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import State
from tests.dialect import made
from tests.exchange.driving import World

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK

BY_ROUND = """
[operations.rollback]
fields = { transaction = false, reference = false, round = "body.round" }
derive.transaction = "{round}#refund"
recall.reference   = "round"
"""
BY_ANSWER = """
[answers]
body = '''{"code": "$code", "text": "$message", "operatorId": "$transaction?", "balance": $balance?}'''
[operations.rollback]
fields.reference = "body.operatorId"
"""


def test_the_last_bet_of_a_round() -> None:
    """The message says its round alone; the bet is recalled, undone once, and a win of the round is not paid then."""
    world = World(made.dialect(BY_ROUND))
    world.tell(world.request(BET))
    undone = world.request(ROLLBACK, transaction=None, reference=None, round="g1")
    assert world.tell(undone).outcome is Outcome.OK
    assert world.booked[-1].reference == ("acme::t1",)
    assert world.tell(undone).outcome is Outcome.ALREADY_DONE
    assert world.tell(world.request(WIN, "w1")).outcome is not Outcome.OK
    row = world.row("t1")
    assert row is not None
    assert (row.state, world.balance) == (State.REVERSED, Decimal("100.00"))


def test_a_round_that_nobody_has_played() -> None:
    """There is nothing to undo, and nothing is sent that could be a blind credit."""
    world = World(made.dialect(BY_ROUND))
    story = world.tell(world.request(ROLLBACK, transaction=None, reference=None, round="g9"))
    assert story.outcome is not Outcome.OK
    assert (story.money_sends, world.balance) == ([], Decimal("100.00"))


def test_the_id_that_was_answered() -> None:
    """Where they name a bet by the operator's id, the table answers `$transaction` as that id."""
    world = World(made.dialect(BY_ANSWER))
    answered = world.tell(world.request(BET)).response
    assert b'"operatorId":"t1"' in answered.body.replace(b": ", b":")
    story = world.tell(world.request(ROLLBACK, "rb1", reference=("t1",)))
    assert (story.outcome, world.balance) == (Outcome.OK, Decimal("100.00"))

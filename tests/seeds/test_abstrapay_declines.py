"""AbstraPay, the errors page: how a decline is said, and how an answer is read where we play the cashier."""

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.shelf import Shelf
from gateway.wire.message import Response

GATE = "withdraw_request"


@pytest.fixture(scope="module")
def abstrapay() -> Dialect:
    """The shipped table."""
    return Shelf().dialect("abstrapay")


def heard(abstrapay: Dialect, body: str) -> Outcome:
    """What an answer at the gate means."""
    call = Call(Operation.WITHDRAW_REQUEST, player="1001", currency="USD", transaction="w1")
    return abstrapay.hearings[GATE].read(call, Response(200, (), body.encode()))[0].outcome


def test_a_decline_is_a_number_with_a_word_of_its_own(abstrapay: Dialect) -> None:
    """1 to 9, each said for one outcome of ours and heard as it; nothing has moved after any."""
    outcomes = [heard(abstrapay, f'{{"error": {number}, "description": "x"}}') for number in range(1, 10)]
    assert len(set(outcomes)) == 9
    assert {outcome.moved for outcome in outcomes} == {Moved.NO}
    assert [abstrapay.said[GATE, outcome].answer.code for outcome in outcomes] == [*range(1, 10)]
    words = {abstrapay.said[GATE, outcome].answer.text for outcome in outcomes}
    assert len(words) == 9


@pytest.mark.parametrize("body", ['{"description": "x"}', '{"error": 10, "description": "x"}'])
def test_no_code_and_an_unknown_one_are_the_first_decline(abstrapay: Dialect, body: str) -> None:
    """1 is the default of the page."""
    assert heard(abstrapay, body) is heard(abstrapay, '{"error": 1, "description": "x"}') is Outcome.WITHDRAWAL_DECLINED

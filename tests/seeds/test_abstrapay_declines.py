"""AbstraPay, the errors page: how a decline is said, and how an answer is read where we play the cashier."""

from collections.abc import Callable

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.cli import run
from gateway.dialect.dialect import Dialect
from gateway.dialect.shelf import Shelf
from gateway.wire.jsontext import read_json
from gateway.wire.message import Response
from tests.seeds.abstrapay import GATE as ASKED
from tests.seeds.abstrapay import body, webhook
from tests.seeds.stage import Stage

GATE = "withdraw_request"
#: The document's table.
ERROR_CODES = {
    1: "WITHDRAW_DECLINED", 2: "INSUFFICIENT_BALANCE", 3: "WITHDRAW_UNAVAILABLE", 4: "USER_NOT_ELIGIBLE",
    5: "DAILY_LIMIT_EXCEEDED", 6: "WITHDRAW_AMOUNT_TOO_LOW", 7: "WITHDRAW_AMOUNT_TOO_HIGH",
    8: "ACCOUNT_VERIFICATION_REQUIRED", 9: "WITHDRAW_SUSPENDED",
}  # fmt: skip


@pytest.fixture(scope="module")
def abstrapay() -> Dialect:
    """The shipped table."""
    return Shelf().dialect("abstrapay")


def heard(abstrapay: Dialect, body: str, status: int = 200) -> Outcome:
    """What an answer at the gate means."""
    call = Call(Operation.WITHDRAW_REQUEST, player="1001", currency="USD", transaction="w1")
    return abstrapay.hearings[GATE].read(call, Response(status, (), body.encode()))[0].outcome


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


@pytest.mark.parametrize("number", ERROR_CODES)
def test_in_abstrapays_place_each_number_is_its_error_code_as_http_400(
    abstrapay: Dialect, stage: Callable[..., Stage], number: int
) -> None:
    """What an operator's number means is said as the document has it: the whole body, and no number in it."""
    outcome = heard(abstrapay, f'{{"error": {number}, "description": "x"}}')
    cashier = stage("abstrapay", decline_status="error_codes")
    cashier.wallet_says(outcome)
    answer = cashier.play(webhook(body(ASKED))).response
    assert answer is not None
    told = dict(read_json(answer.body))
    assert (answer.status, told.pop("errorCode"), told.pop("error")) == (400, ERROR_CODES[number], "Bad Request")
    assert [*told] == ["message"]
    again = Shelf().dialect("abstrapay", {"decline_status": "error_codes"})
    assert heard(again, answer.body.decode(), 400) in (outcome, Outcome.UNKNOWN), "for a widget to read, not for us"


@pytest.mark.parametrize(("number", "code"), ERROR_CODES.items())
def test_a_command_shows_each(number: int, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`gateway explain`, by an example of its own."""
    command = ["explain", "abstrapay", "--option", "decline_status=error_codes"]
    assert run([*command, "--example", f"in AbstraPay's place: {number} is {code}"]) == 0
    out = capsys.readouterr().out
    assert "\nstatus     HTTP 400\n" in out
    assert f'"errorCode":"{code}","error":"Bad Request"}}' in out

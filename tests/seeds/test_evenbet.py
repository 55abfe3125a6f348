"""EvenBet, integration of external casino providers: the page "Errors" line by line, each rule a story that is played.

Login, amounts, repeats: test_evenbet_traffic.py. The signature and everything in doubt: test_evenbet_certainty.py.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import CAN_OCCUR, UNREAD, Outcome
from gateway.dialect.conversations import effect_of
from gateway.dialect.wireanswer import WireAnswer
from gateway.wire.message import Response
from tests.seeds.stage import Scene, Stage, dialect

MONEY = ("bet", "win", "rollback")
PATHS = {"authenticate": "/login", "balance": "/balance", "bet": "/debit", "win": "/credit", "rollback": "/rollback"}
#: "Callback Error Codes": code, message, "Retry required", and where and for what our wallet's word becomes it.
SAID = [
    (1, "Insufficient funds", False, "bet", "insufficient_funds"),
    (3, "Token expired", False, "bet", "session_expired"),
    (3, "Token expired", False, "balance", "session_expired"),
    (4, "Unknown transaction id", False, "win", "transaction_not_found"),
    (4, "Unknown transaction id", False, "rollback", "transaction_not_found"),
    (5, "Invalid game", False, "bet", "game_not_available"),
    (6, "Invalid amount", False, "bet", "amount_invalid"),
    (7, "Invalid token", False, "bet", "session_invalid"),
    (7, "Invalid token", False, "authenticate", "session_invalid"),
    (9, "Debit transaction does not exist", False, "win", "no_open_bet"),
    (10, "Limit exceeded", False, "bet", "limit_exceeded"),
    (11, "A transaction on a closed round is not allowed", False, "bet", "round_closed"),
    (11, "A transaction on a closed round is not allowed", False, "win", "round_closed"),
    (400, "Invalid parameter", False, "bet", "currency_mismatch"),
    (900, "Internal server error", True, "bet", "unknown"),
    (900, "Internal server error", True, "win", "unknown"),
    (900, "Internal server error", True, "rollback", "unknown"),
    (410, "Invalid used FreeSpin package ID", False, "bet", "free_rounds_unknown"),
    (411, "Invalid used FreeSpins package quantity", False, "bet", "free_rounds_quantity"),
    (412, "Invalid status of FreeSpins package", False, "bet", "free_rounds_inactive"),
    (414, "Transaction is pending", True, "bet", "in_progress"),
    (414, "Transaction is pending", True, "win", "in_progress"),
    (414, "Transaction is pending", True, "rollback", "in_progress"),
]
PUBLISHED = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 400, 900, 410, 411, 412, 414}


def body(callback: str, id: str = "d1", amount: Any = 250, **changes: Any) -> dict[str, Any]:
    """A message of the published form with *changes*; None takes a field away."""
    found: dict[str, Any] = {"token": "s1"}
    if callback in ("/debit", "/credit", "/rollback"):
        found |= {"gameId": "testGameId", "endRound": False, "roundId": "29", "transactionId": id, "amount": amount}
    if callback == "/rollback":
        found |= {"refTransactionId": "d1"}
    return {name: value for name, value in {**found, **changes}.items() if value is not None}


def send(stage: Stage, callback: str, id: str = "d1", amount: Any = 250, **changes: Any) -> Scene:
    """Play one callback, signed by the provider."""
    return stage.play(stage.sign(callback, json.dumps(body(callback, id, amount, **changes))))


def code(scene: Scene) -> int | None:
    """The answer's error code; None for a success. An error stands alone: nothing of the success body is beside it."""
    if "error" not in scene.body:
        return None
    assert list(scene.body) == ["error"]
    assert list(scene.body["error"]) == ["code", "message"]
    return int(scene.body["error"]["code"])


@pytest.fixture
def evenbet(stage: Callable[..., Stage]) -> Stage:
    """An account of this dialect as it comes."""
    return stage("evenbet")


# -- the error object and its codes


@pytest.mark.parametrize(("number", "message", "retried", "operation", "word"), SAID)
def test_each_code_has_its_message_and_its_retry_rule(
    evenbet: Stage, number: int, message: str, retried: bool, operation: str, word: str
) -> None:
    """What the wallet says becomes the published code and text, alone in the body; a plus in the table is a retry."""
    send(evenbet, "/debit")
    evenbet.wallet_says(Outcome[word.upper()])
    scene = send(evenbet, PATHS[operation], "x1")
    assert scene.body == {"error": {"code": number, "message": message}}
    assert scene.response is not None
    assert scene.response.status == 200
    assert scene.journey.effect == (("retries",) if retried else ("final",))


def test_code_2_answers_a_wrong_authorization_header(evenbet: Stage) -> None:
    """A digest made with another key is refused with 2, for good."""
    request = evenbet.sign("/debit", json.dumps(body("/debit")))
    scene = evenbet.play(replace(request, headers=(("Authorization", "0" * 64),)))
    assert scene.body == {"error": {"code": 2, "message": "Invalid signature"}}
    assert scene.journey.effect == ("final",)
    assert scene.asked == []


@pytest.mark.parametrize("field", ["token", "gameId", "endRound", "roundId", "transactionId", "amount"])
def test_code_400_answers_a_debit_without_one_of_its_fields(evenbet: Stage, field: str) -> None:
    """Every documented field of a debit is due; without one it is a wrong parameter, and the wallet is not asked."""
    changes: dict[str, Any] = {"id" if field == "transactionId" else field: None}
    scene = send(evenbet, "/debit", **changes)
    assert scene.body == {"error": {"code": 400, "message": "Invalid parameter"}}
    assert scene.journey.effect == ("final",)
    assert scene.asked == []


@pytest.mark.parametrize("amount", [250.5, -250, "250"])
def test_code_6_answers_an_amount_that_cannot_be(evenbet: Stage, amount: Any) -> None:
    """Half a minor unit, less than nothing, a text: invalid, never rounded."""
    scene = send(evenbet, "/debit", amount=amount)
    assert code(scene) == 6
    assert Operation.BET not in [call.operation for call in scene.asked]


def test_every_published_code_is_said_but_the_obsolete_8() -> None:
    """The rows say all seventeen codes less one; 8 is read from a wallet that still says it, and never said."""
    spoken = dialect("evenbet")
    said = {answer.answer.code for answer in spoken.said.values()} - {None}
    assert said == PUBLISHED - {8}
    assert {number for number, *_ in SAID} | {2} == said, "each of them has a story above"


@pytest.mark.parametrize("operation", MONEY)
def test_8_is_heard_as_done_before(evenbet: Stage, operation: str) -> None:
    """A wallet that repeats the obsolete code says that the transaction was processed already."""
    heard = Response(200, (), b'{"error": {"code": 8, "message": "Transaction already settled"}}')
    call = Call(evenbet.dialect.variants[operation].operation, transaction="d1", currency="EUR")
    reply, _ = evenbet.dialect.read_reply(operation, call, heard, evenbet.caller, 0.0)
    assert reply.outcome is Outcome.ALREADY_DONE


def test_only_900_and_414_are_retried() -> None:
    """Of all answers of all callbacks, the provider repeats after these two codes and after no other."""
    spoken = dialect("evenbet")
    said = [each for (operation, _), each in spoken.said.items() if operation is not None]
    assert {each.answer.code for each in said if each.effect == {"retries"}} == {900, 414}
    others = {each.effect for each in said if each.answer.code not in (900, 414)}
    assert others == {frozenset({"final"}), frozenset({"done"})}


@pytest.mark.parametrize("operation", MONEY)
@pytest.mark.parametrize("answer", [{"http": 500}, {"no_answer": True}])
def test_odd_answers_and_silence_are_retried(operation: str, answer: dict[str, Any]) -> None:
    """An error of another form, a timeout, a failure of the server in front: the provider must send again."""
    assert effect_of(dialect("evenbet"), operation, WireAnswer.of(answer)) == {"retries"}


#: Which codes the descriptions allow where: 4 speaks of credits and rollbacks, 9 of credits, 10 of bets.
ALLOWED = {
    "authenticate": {2, 3, 5, 7, 400, 900},
    "balance": {2, 3, 7, 400, 900},
    "bet": {1, 2, 3, 5, 6, 7, 10, 11, 400, 410, 411, 412, 414, 900},
    "win": {2, 4, 6, 9, 11, 400, 414, 900},
    "rollback": {2, 4, 6, 400, 414, 900},
}


@pytest.mark.parametrize("operation", PATHS)
def test_no_callback_says_a_code_that_is_not_its_own(operation: str) -> None:
    """Over every outcome: a credit never hears of tokens, a rollback never of closed rounds, a debit never 4 or 9."""
    spoken = dialect("evenbet")
    outcomes = CAN_OCCUR[spoken.variants[operation].operation]
    said = {spoken.said[operation, outcome].answer.code for outcome in outcomes} - {None}
    assert said == ALLOWED[operation]


@pytest.mark.parametrize("outcome", sorted(UNREAD))
def test_a_message_that_is_no_callback_hears_the_error_object(outcome: Outcome) -> None:
    """Forged, garbled, unknown, shed: 2, 400 or 900, whatever it would have been."""
    assert dialect("evenbet").said[None, outcome].answer.code in (2, 400, 900)


# -- 4 against 9


def test_4_a_rollback_that_names_a_debit_which_was_not_processed(evenbet: Stage) -> None:
    """The page's own example: the debit was declined, the rollback names it, and the answer is 4."""
    assert code(send(evenbet, "/debit", "d1", 99_999)) == 1
    assert code(send(evenbet, "/rollback", "r1", 99_999)) == 4
    assert evenbet.balance == Decimal("100.00")


def test_4_a_rollback_that_names_a_debit_which_never_came(evenbet: Stage) -> None:
    """It is buried: the debit that comes after all is refused with 11, and nothing moves."""
    assert code(send(evenbet, "/rollback", "r1")) == 4
    assert code(send(evenbet, "/debit", "d1")) == 11
    assert evenbet.balance == Decimal("100.00")


def test_9_a_credit_without_a_preceding_debit(evenbet: Stage) -> None:
    """The page's own example: nothing was debited in the round, so there is nothing to credit."""
    scene = send(evenbet, "/credit", "c1")
    assert code(scene) == 9
    assert scene.journey.alerts == ["credit_refused"]
    assert evenbet.balance == Decimal("100.00")


def test_4_a_credit_in_a_round_whose_debits_were_all_declined(evenbet: Stage) -> None:
    """Debits exist, none of them processed."""
    send(evenbet, "/debit", "d1", 99_999)
    assert code(send(evenbet, "/credit", "c1")) == 4


def test_9_a_credit_after_its_debit_was_reversed(evenbet: Stage) -> None:
    """The round's debit exists, but is not active any more."""
    send(evenbet, "/debit")
    assert code(send(evenbet, "/rollback", "r1")) is None
    assert code(send(evenbet, "/credit", "c1")) == 9
    assert evenbet.balance == Decimal("100.00")


# -- rounds


@pytest.mark.parametrize("callback", ["/debit", "/credit"])
def test_11_on_a_closed_round(evenbet: Stage, callback: str) -> None:
    """After endRound neither a debit nor a credit is taken."""
    send(evenbet, "/debit")
    send(evenbet, "/credit", "c1", 500, endRound=True)
    assert code(send(evenbet, callback, "x2")) == 11
    assert evenbet.balance == Decimal("102.50")


def test_a_rollback_of_a_debit_in_a_closed_round_is_taken(evenbet: Stage) -> None:
    """11 names debit and credit only: the losing spin's debit can still be reversed."""
    send(evenbet, "/debit", endRound=True)
    assert send(evenbet, "/rollback", "r1").body == {"transactionId": "r1", "balance": 10000}


def test_a_rollback_of_a_debit_that_a_credit_has_paid_is_refused_without_11(evenbet: Stage) -> None:
    """The win stands; the reference is wrong (4)."""
    send(evenbet, "/debit")
    send(evenbet, "/credit", "c1", 500, endRound=True)
    assert code(send(evenbet, "/rollback", "r1")) == 4
    assert evenbet.balance == Decimal("102.50")


def test_a_zero_credit_with_end_round_closes_the_round(evenbet: Stage) -> None:
    """It moves nothing and is no noise: the next debit of the round hears 11."""
    send(evenbet, "/debit")
    assert send(evenbet, "/credit", "c1", 0, endRound=True).body == {"balance": 9750}
    assert code(send(evenbet, "/debit", "d2")) == 11


def test_a_zero_credit_without_end_round_leaves_the_round_open(evenbet: Stage) -> None:
    """Only the flag closes."""
    send(evenbet, "/debit")
    assert send(evenbet, "/credit", "c1", 0).body == {"balance": 9750}
    assert send(evenbet, "/debit", "d2").body == {"balance": 9500}


def test_a_losing_spin_is_one_debit_with_end_round(evenbet: Stage) -> None:
    """No credit follows, and the round is closed."""
    assert send(evenbet, "/debit", endRound=True).body == {"balance": 9750}
    assert code(send(evenbet, "/credit", "c1")) == 11


# -- tokens, limits


@pytest.mark.parametrize("callback", ["/debit", "/balance"])
@pytest.mark.parametrize(("token", "number"), [("over", 3), ("nobodys", 7)])
def test_3_for_a_token_whose_time_is_over_and_7_for_a_wrong_one(
    evenbet: Stage, callback: str, token: str, number: int
) -> None:
    """The two are told apart, where a token decides anything."""
    evenbet.sandbox.open_player("1001", "EUR", 100, session="over", life=0)
    assert code(send(evenbet, callback, token=token)) == number


def test_3_for_a_launch_token_that_is_too_old(evenbet: Stage) -> None:
    """A launch token lives a minute; after it, login is refused with 3."""
    evenbet.sandbox.open_player("1001", "EUR", 100, launch="L2", life=60)
    evenbet.clock.now += 61
    assert code(send(evenbet, "/login", token="L2")) == 3


def test_10_for_a_bet_above_the_limit_and_for_a_player_who_may_not_bet(evenbet: Stage) -> None:
    """No bets can be placed: the limit's code."""
    evenbet.sandbox.open_player("1001", "EUR", 100, bet_limit=2)
    assert code(send(evenbet, "/debit")) == 10
    evenbet.sandbox.open_player("1001", "EUR", 100, blocked=True)
    assert code(send(evenbet, "/debit", "d2")) == 10
    assert code(send(evenbet, "/login", token="L1")) == 7, "10 speaks of bets"


def test_sessions_never_gate_credits_and_rollbacks(evenbet: Stage) -> None:
    """The round was played while the token lived; the win and the refund come after it, and are booked."""
    evenbet.sandbox.open_player("1001", "EUR", 100, session="short", life=60)
    send(evenbet, "/debit", token="short")
    send(evenbet, "/debit", "d2", token="short", roundId="30")
    evenbet.clock.now += 3600
    assert code(send(evenbet, "/debit", "d3", token="short", roundId="31")) == 3
    assert send(evenbet, "/credit", "c1", 500, token="short").body == {"balance": 10000}
    assert send(evenbet, "/rollback", "r2", token="short", refTransactionId="d2").body["balance"] == 10250

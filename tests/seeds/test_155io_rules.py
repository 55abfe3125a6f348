"""155.io: what its pages state beside the status enum: transport failures, free bets, and the words of older copies."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.canon.requests import Ask, Result
from gateway.dialect.askedhearing import hear
from gateway.dialect.conversations import effect_of
from gateway.dialect.shelf import Shelf
from gateway.dialect.wireanswer import WireAnswer
from gateway.wire.jsontext import write_json
from gateway.wire.message import Response
from tests.seeds.marbles import Stages, send
from tests.seeds.stage import Stage

FREE: dict[str, Any] = {"isFree": True, "rewardUuid": "reward-7"}


@pytest.mark.parametrize("operation", ["bet", "win", "rollback"])
def test_an_http_status_other_than_200_is_a_transport_failure(marbles: Stage, operation: str) -> None:
    """It may be retried, a bet rolled back too; heard from a wallet that speaks so, it is no answer."""
    does = effect_of(marbles.dialect, operation, WireAnswer.of({"http": 500}))
    assert does == ({"retries", "rolls_back"} if operation == "bet" else {"retries"})
    body = write_json({"status": "SUCCESS", "requestId": "q-1", "clientPlayerId": "1001", "balance": 1})
    call = Call(Operation(operation), request_id="q-1", player="1001")
    for status in (400, 404, 500, 502):
        reply, _ = marbles.dialect.hearings[operation].read(call, Response(status, (), body))
        assert reply.outcome is Outcome.UNKNOWN


def test_a_free_bet_of_a_reward_that_the_wallet_does_not_know_is_bonus_error(marbles: Stage) -> None:
    """The reward goes along as the promotion; the wallet's no to it is final."""
    send(marbles, "/balance")
    marbles.wallet_says(Outcome.FREE_ROUNDS_UNKNOWN)
    scene = send(marbles, "/bet", amount=0, **FREE)
    assert scene.body["status"] == "BONUS_ERROR"
    assert (scene.asked[0].free, scene.asked[0].promotion) == (True, "reward-7")


def test_a_free_bet_is_played_won_in_money_and_rolled_back_without(marbles: Stage) -> None:
    """Nothing is taken; a win is real money; a rollback restores the free bet and no money."""
    assert send(marbles, "/bet", transactionId="f-1", amount=0, **FREE).body["status"] == "SUCCESS"
    assert marbles.balance == Decimal("100.00")
    won = send(marbles, "/win", transactionId="w-f", referenceTransactionId="f-1", amount=500000, **FREE)
    assert won.body["status"] == "SUCCESS"
    assert marbles.balance == Decimal("105.00")
    send(marbles, "/bet", transactionId="f-2", roundId="r-f2", amount=0, **FREE)
    undone = send(marbles, "/rollback", transactionId="rb-f", referenceTransactionId="f-2", roundId="r-f2", **FREE)
    assert undone.body["status"] == "SUCCESS"
    assert marbles.balance == Decimal("105.00")


def test_the_words_of_older_copies_are_an_option(stage: Stages) -> None:
    """Sessions, a bad request, another content under a known id; each with HTTP 200, as every answer."""
    older = stage("155io", statuses="older", repeated_bet="original")
    bare = {"clientSessionId": "nobodys"}
    assert send(older, "/balance", **bare).body["status"] == "SESSION_NOT_FOUND_ERROR"
    assert send(older, "/bet", roundId=None).body["status"] == "VALIDATION_ERROR"
    assert send(older, "/bet", transactionId="t-1").body["status"] == "SUCCESS"
    assert send(older, "/bet", transactionId="t-1", amount=2_000_000).body["status"] == "DUPLICATE_TRANSACTION_ERROR"
    win = {"transactionId": "w-1", "referenceTransactionId": "t-1"}
    assert send(older, "/win", **win).body["status"] == "SUCCESS"
    scene = send(older, "/win", **win, amount=1)
    assert scene.body["status"] in ("DUPLICATE_TRANSACTION_ERROR", "UNKNOWN_ERROR")
    assert scene.response is not None
    assert scene.response.status == 200


def test_by_default_no_word_of_an_older_copy_is_said(marbles: Stage) -> None:
    """The six of the page, and nothing else, for every outcome of every callback."""
    said = {said.answer.code for (name, _), said in marbles.dialect.said.items() if name}
    assert said == {
        "SUCCESS", "INSUFFICIENT_BALANCE_ERROR", "DUPLICATE_TRANSACTION_ERROR", "UNKNOWN_ERROR", "BONUS_ERROR",
        "BET_LIMIT_REACHED_ERROR",
    }  # fmt: skip


@pytest.mark.parametrize(("choice", "path"), [({}, "/game/url"), ({"launch_path": "older"}, "/game/game/url")])
def test_the_path_of_a_launch_is_an_option(choice: dict[str, str], path: str) -> None:
    """Two copies of the documents, two paths."""
    outbound = Shelf().dialect("155io", choice).outbound
    assert outbound is not None
    assert outbound.forms[Ask.LAUNCH_GAME].path == path


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("REWARD_NOT_STARTED", Result.OK), ("REWARD_NOT_FOUND", Result.UNKNOWN),
        ("REWARD_CANNOT_BE_CANCELLED", Result.PROVIDER_FAILED), ("UNKNOWN_ERROR", Result.UNKNOWN),
    ],
)  # fmt: skip
def test_a_reward_that_has_not_started_is_cancelled(code: str, result: Result) -> None:
    """HTTP 409 with that word is a successful cancellation; with others it is none, or nobody knows."""
    outbound = Shelf().dialect("155io").outbound
    assert outbound is not None
    answer = Response(409, (), b'{"status": "%s"}' % code.encode())
    assert hear(outbound.forms[Ask.CANCEL_FREE_ROUNDS], {"promotion": "r-1"}, answer).result is result

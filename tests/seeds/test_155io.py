"""155.io's page "Error Codes", rule by rule: statuses, HTTP 200, replays, what is no status, the error format."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import CAN_OCCUR, Outcome
from gateway.dialect.shelf import Shelf
from gateway.wire.jsontext import write_json
from gateway.wire.message import Heard, NotSent, Request, Response, Silence
from tests.seeds.marbles import BET, BODIES, OPERATIONS, SIGNATURE, STATUSES, WHO, Stages, refusal, send, verifies
from tests.seeds.stage import Stage

# -- Status enum


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("ok", "SUCCESS"),
        ("insufficient_funds", "INSUFFICIENT_BALANCE_ERROR"),
        ("wallet_failed", "UNKNOWN_ERROR"),
        ("unknown", "UNKNOWN_ERROR"),
        ("bonus_rejected", "BONUS_ERROR"),
        ("free_rounds_unknown", "BONUS_ERROR"),
        ("limit_exceeded", "BET_LIMIT_REACHED_ERROR"),
    ],
)
def test_each_status_is_said_for_its_meaning(marbles: Stage, outcome: str, status: str) -> None:
    """Accepted; not enough balance; any other failure; the bonus rules refuse; a configured limit is reached."""
    marbles.wallet_says(Outcome(outcome), player="1001", balance=Decimal(90), currency="EUR")
    assert send(marbles, "/bet").body["status"] == status


@pytest.mark.parametrize(("operation", "path"), [(word, path) for path, word in OPERATIONS.items()])
def test_a_callback_says_its_own_statuses_and_no_other(stage: Stages, operation: str, path: str) -> None:
    """Whatever the wallet says, the status is one that the page lists for this callback; all of them can be said."""
    said = set()
    for outcome in sorted(CAN_OCCUR[Operation(operation)]):
        marbles = stage("155io")
        marbles.wallet_says(outcome, player="1001", balance=Decimal(90), currency="EUR")
        said.add(send(marbles, path).body["status"])
        said.add(marbles.dialect.said[operation, outcome].answer.code)
    assert said == {status for status, callbacks in STATUSES.items() if operation in callbacks}


@pytest.mark.parametrize("operation", ["balance", "win", "rollback"])
@pytest.mark.parametrize("status", sorted(set(STATUSES) - {"SUCCESS", "UNKNOWN_ERROR"}))
def test_a_status_of_another_callback_is_refused_by_check(tmp_path: Path, operation: str, status: str) -> None:
    """A table that says a bet's status on another callback is refused."""
    text = f'{Shelf().source("155io").text}\n[operations.{operation}.codes]\nmaintenance = "{status}"\n'
    (tmp_path / "155io.toml").write_text(text)
    shelf = Shelf(tmp_path)
    assert "GW209" in {each.code for each in shelf.check(shelf.source("155io"))}


def test_every_other_failure_is_unknown_error(marbles: Stage) -> None:
    """The words that earlier copies had for sessions, players and signatures left the list: UNKNOWN_ERROR says them."""
    for outcome in ("session_expired", "session_invalid", "player_not_found", "player_blocked", "signature_invalid"):
        assert marbles.dialect.said["bet", Outcome(outcome)].answer.code == "UNKNOWN_ERROR"


@pytest.mark.parametrize("word", ["INVALID_SIGNATURE", "SESSION_EXPIRED_ERROR", "RS_OK", "success", "", "OK"])
@pytest.mark.parametrize("operation", ["balance", "bet", "win", "rollback"])
def test_a_value_outside_the_list_is_read_as_unknown(marbles: Stage, operation: str, word: str) -> None:
    """With this table on the wallet's side, an unlisted value means what UNKNOWN_ERROR means: nobody knows."""
    call = Call(Operation(operation), request_id="q-1", player="1001", currency="EUR")
    for status in (word, "UNKNOWN_ERROR"):
        answer = Response(200, (), write_json(refusal(status)))
        assert marbles.dialect.hearings[operation].read(call, answer)[0].outcome is Outcome.UNKNOWN


# -- Always HTTP 200


def awkward(on: Stage) -> dict[str, Request]:
    """Messages that no wallet should see."""
    honest = on.sign("/bet", write_json(BET))
    return {
        "forged": replace(honest, headers=((SIGNATURE, "AAAA"),)),
        "unsigned": replace(honest, headers=()),
        "signed twice": replace(honest, headers=(*honest.headers, *honest.headers)),
        "garbled": on.sign("/bet", '{"requestId": "q-1", "clientPlayerId": "1001"'),
        "not JSON": on.sign("/win", b"\xff\xfe"),
        "empty": on.sign("/rollback", b""),
        "a list": on.sign("/balance", "[]"),
        "unknown path": on.sign("/refund", write_json(BET)),
        "wrong method": replace(honest, method="GET"),
        "no transactionId": on.sign("/bet", write_json({**BET, "transactionId": None})),
        "amount as text": on.sign("/bet", write_json({**BET, "amount": "1000000"})),
    }


def test_http_200_for_whatever_is_sent(marbles: Stage) -> None:
    """A refused message is HTTP 200 with an error status, signed, and the wallet is not asked."""
    for name, request in awkward(marbles).items():
        scene = marbles.play(request)
        assert scene.response is not None
        assert (scene.response.status, scene.body["status"]) == (200, "UNKNOWN_ERROR"), name
        assert scene.asked == []
        assert scene.remembered == [], name
        assert verifies(marbles, scene.response), name


def test_http_200_for_what_the_edge_does_not_take_in(marbles: Stage) -> None:
    """Too large, too slow, or too many at once: HTTP 200 with UNKNOWN_ERROR."""
    head = Request("POST", "/win")
    for outcome in (Outcome.REQUEST_INVALID, Outcome.BUSY, Outcome.MAINTENANCE, Outcome.INTERNAL_ERROR):
        scene = marbles.refuse(head, outcome)
        assert scene.response is not None
        assert (scene.response.status, scene.body) == (200, {"status": "UNKNOWN_ERROR"})


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize("ending", [Silence("reset"), NotSent("refused"), Heard(Response(500, (), b"<html>"))], ids=str)
def test_http_200_when_the_wallet_fails(marbles: Stage, path: str, ending: Any) -> None:
    """A silent, absent or broken wallet is UNKNOWN_ERROR with HTTP 200, after which 155.io retries or rolls back."""
    marbles.wallet_answers = lambda _: ending
    scene = send(marbles, path)
    assert scene.response is not None
    assert (scene.response.status, scene.body) == (200, refusal())
    assert "retries" in scene.journey.effect


def test_a_declined_bet_is_http_200(marbles: Stage) -> None:
    """The page's most common integration mistake: a declined bet is 200 with its status, never 400."""
    scene = send(marbles, "/bet", amount=20_000_000)
    assert scene.response is not None
    assert (scene.response.status, scene.body) == (200, refusal("INSUFFICIENT_BALANCE_ERROR"))


# -- idempotent replays


@pytest.mark.parametrize(("path", "balance"), [("/win", "115.00"), ("/rollback", "100.00")])
def test_a_replayed_win_or_rollback_is_a_success(marbles: Stage, path: str, balance: str) -> None:
    """SUCCESS again for what was applied already, with a new requestId, and the money moves once."""
    send(marbles, "/bet")
    first, second = send(marbles, path), send(marbles, path, requestId="q-2")
    assert (first.body["status"], second.body["status"]) == ("SUCCESS", "SUCCESS")
    assert second.body["requestId"] == "q-2"
    assert marbles.balance == Decimal(balance)


def test_a_repeated_bet_is_a_duplicate(marbles: Stage) -> None:
    """The transactionId has been processed, and 155.io heard so in time: DUPLICATE_TRANSACTION_ERROR, debited once."""
    assert send(marbles, "/bet").body["status"] == "SUCCESS"
    again = send(marbles, "/bet", requestId="q-2")
    assert again.body["status"] == "DUPLICATE_TRANSACTION_ERROR"
    assert again.journey.effect == ("done",)
    assert marbles.balance == Decimal("90.00")


@pytest.mark.parametrize("how", [{"delivered": False}, {"takes": 4.5}], ids=["hung up", "late"])
def test_a_repeated_bet_whose_answer_was_not_heard_gets_the_result(marbles: Stage, how: dict[str, Any]) -> None:
    """'Duplicate' would be the first that 155.io hears of this bet: it gets SUCCESS, and only then the duplicate."""
    request = marbles.sign("/bet", write_json(BET))
    marbles.play(request, **how)
    assert [marbles.play(request).body["status"] for _ in range(2)] == ["SUCCESS", "DUPLICATE_TRANSACTION_ERROR"]
    assert marbles.balance == Decimal("90.00")


def test_a_repeated_bet_after_a_silent_wallet_gets_the_result(marbles: Stage) -> None:
    """UNKNOWN_ERROR was no result: the repeat asks again and hears what became of the bet."""

    def booked_and_silent(request: Request) -> Any:
        marbles.book(request)
        return Silence("reset after booking")

    marbles.wallet_answers = booked_and_silent
    assert send(marbles, "/bet").body["status"] == "UNKNOWN_ERROR"
    marbles.wallet_answers = None
    assert send(marbles, "/bet").body["status"] == "SUCCESS"
    assert marbles.balance == Decimal("90.00")


def test_a_repeated_bet_with_the_other_reading(stage: Stages) -> None:
    """The overview says: return the original result. Then DUPLICATE is left for the same id with other content."""
    marbles = stage("155io", repeated_bet="original")
    assert [send(marbles, "/bet").body["status"] for _ in range(2)] == ["SUCCESS", "SUCCESS"]
    assert send(marbles, "/bet", amount=2_000_000).body["status"] == "DUPLICATE_TRANSACTION_ERROR"
    assert marbles.balance == Decimal("90.00")


def test_a_conflict_is_not_called_processed(marbles: Stage) -> None:
    """Where the word means 'processed before', the same id with another amount must not hear it."""
    send(marbles, "/bet")
    scene = send(marbles, "/bet", amount=2_000_000)
    assert (scene.body["status"], scene.journey.alerts) == ("UNKNOWN_ERROR", ["conflict"])


# -- These are NOT status values


@pytest.mark.parametrize("word", ["ROUND_CLOSED", "BET_LIMIT_REACHED", "INVALID_SIGNATURE"])
@pytest.mark.parametrize("row", ['codes.limit_exceeded       = "{}"', 'said_as.x = []\ncodes.round_closed = "{}"'])
def test_words_that_are_no_status_are_refused_by_check(tmp_path: Path, word: str, row: str) -> None:
    """An internal error's name and a common typo: a table that says either is refused, at that row."""
    text = Shelf().source("155io").text
    old = 'codes.limit_exceeded       = "BET_LIMIT_REACHED_ERROR"'
    new = row.replace("said_as.x = []", old).format(word)
    assert old in text
    (tmp_path / "155io.toml").write_text(text.replace(old, new))
    shelf = Shelf(tmp_path)
    problems = [each for each in shelf.check(shelf.source("155io")) if each.code == "GW209"]
    assert len(problems) == 1
    assert f'"{word}"' in problems[0].says
    assert problems[0].place is not None
    assert word in shelf.source("155io").line(problems[0].place.line)


@pytest.mark.parametrize("word", ["ROUND_CLOSED", "BET_LIMIT_REACHED"])
def test_words_that_are_no_status_are_never_said(marbles: Stage, word: str) -> None:
    """No outcome of any callback is answered with them, and the vendor's list does not hold them."""
    assert word not in {said.answer.code for said in marbles.dialect.said.values()}
    assert word not in STATUSES


def test_no_aggregator_status_is_said(marbles: Stage) -> None:
    """RS_OK and its kin belong to another integration: the six of the page are all that is ever said."""
    assert {said.answer.code for said in marbles.dialect.said.values()} == set(STATUSES)


# -- Error response format


@pytest.mark.parametrize("path", OPERATIONS)
def test_the_echo_is_in_every_refusal(marbles: Stage, path: str) -> None:
    """requestId and clientPlayerId come back when the signature is wrong, and when a field is missing."""
    forged = replace(marbles.sign(path, write_json(BODIES[path])), headers=((SIGNATURE, "AAAA"),))
    assert marbles.play(forged).body == refusal()
    assert send(marbles, path, clientSessionId=None, currency=None, transactionId=None).body["requestId"] == "q-1"
    for missing in ("transactionId", "referenceTransactionId", "amount", "currency", "roundId"):
        if missing in BODIES[path]:
            assert send(marbles, path, **{missing: None}).body == refusal(), missing


def test_the_echo_of_what_can_be_read(marbles: Stage) -> None:
    """What is there is echoed; what is missing, or is no text, is left out and never invented."""
    assert send(marbles, "/bet", requestId=None).body == {"status": "UNKNOWN_ERROR", "clientPlayerId": "1001"}
    assert send(marbles, "/bet", clientPlayerId=None).body == {"status": "UNKNOWN_ERROR", "requestId": "q-1"}
    assert send(marbles, "/bet", requestId=["q"], amount=None).body == {
        "status": "UNKNOWN_ERROR",
        "clientPlayerId": "1001",
    }
    assert marbles.play(marbles.sign("/refund", write_json(WHO))).body == refusal()
    assert marbles.play(marbles.sign("/bet", '{"requestId": "q-1"')).body == {"status": "UNKNOWN_ERROR"}


def test_the_error_sample_of_the_page(stage: Stages) -> None:
    """A declined bet is answered with exactly the three fields of the sample, in its order."""
    marbles = stage("155io")
    marbles.sandbox.open_player("player-id", "EUR", 0, session="session-id")
    scene = send(
        marbles, "/bet", requestId="original-request-id", clientPlayerId="player-id", clientSessionId="session-id"
    )
    sample = b'{"status":"INSUFFICIENT_BALANCE_ERROR","requestId":"original-request-id","clientPlayerId":"player-id"}'
    assert scene.response is not None
    assert scene.response.body == sample


def test_the_error_sample_of_the_simulator(stage: Stages) -> None:
    """By option, an error carries currency and balance as well."""
    scene = send(stage("155io", error_fields="five"), "/bet", amount=20_000_000)
    assert scene.body == {**refusal("INSUFFICIENT_BALANCE_ERROR"), "currency": "EUR", "balance": 10_000_000}


def test_no_balance_is_invented(stage: Stages) -> None:
    """Where neither the wallet nor memory knows a balance, an error shows none: a 0 would reach the player's screen."""
    marbles = stage("155io", error_fields="five")
    marbles.wallet_answers = lambda _: Silence("no answer")
    assert send(marbles, "/bet").body == {**refusal(), "currency": "EUR"}
    assert marbles.play(Request("POST", "/bet", "", (), write_json(BET))).body == {**refusal(), "currency": "EUR"}


def test_a_success_carries_currency_and_balance(marbles: Stage) -> None:
    """status, requestId, clientPlayerId, currency, balance; on /balance the currency is the wallet's."""
    expected = {"status": "SUCCESS", "requestId": "q-1", "clientPlayerId": "1001", "currency": "EUR"}
    assert send(marbles, "/balance").body == {**expected, "balance": 10_000_000}
    assert send(marbles, "/bet").body == {**expected, "balance": 9_000_000}
    assert send(marbles, "/win").body == {**expected, "balance": 11_500_000}

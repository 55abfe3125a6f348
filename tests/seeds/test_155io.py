"""155.io's page "Error Codes", rule by rule, and what the rest of its documents says about the same four callbacks."""

import base64
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import CAN_OCCUR, Moved, Outcome
from gateway.dialect.shelf import Shelf
from gateway.wire.jsontext import Bare, write_json
from gateway.wire.message import Heard, NotSent, Request, Response, Silence, header
from tests.seeds.stage import Scene, Stage, dialect

SIGNATURE = "X-Marbles-Signature"
OPERATIONS = {"/balance": "balance", "/bet": "bet", "/win": "win", "/rollback": "rollback"}
#: The page's table: status -> the callbacks that may say it.
STATUSES = {
    "SUCCESS": {"balance", "bet", "win", "rollback"},
    "INSUFFICIENT_BALANCE_ERROR": {"bet"},
    "DUPLICATE_TRANSACTION_ERROR": {"bet"},
    "UNKNOWN_ERROR": {"balance", "bet", "win", "rollback"},
    "BONUS_ERROR": {"bet"},
    "BET_LIMIT_REACHED_ERROR": {"bet"},
}

WHO = {"requestId": "q-1", "clientSessionId": "s1", "clientPlayerId": "1001", "timestamp": "2026-02-03T04:05:06.789Z"}
PLAY = {"roundId": "r-1", "gameId": "marbles"}
BET = {**WHO, **PLAY, "transactionId": "t-1", "amount": 1_000_000, "currency": "EUR"}
WIN = {**WHO, **PLAY, "transactionId": "w-1", "referenceTransactionId": "t-1", "amount": 2_500_000, "currency": "EUR",
       "roundClosed": True}  # fmt: skip
ROLLBACK = {**WHO, **PLAY, "transactionId": "b-1", "referenceTransactionId": "t-1", "roundClosed": True}
BODIES: dict[str, dict[str, Any]] = {"/balance": WHO, "/bet": BET, "/win": WIN, "/rollback": ROLLBACK}

Stages = Callable[..., Stage]


@pytest.fixture
def marbles(stage: Stages) -> Stage:
    """155.io with its default options."""
    return stage("155io")


def send(on: Stage, path: str, /, **changes: Any) -> Scene:
    """One honest callback, with some of its fields changed (None: left out)."""
    body = {name: value for name, value in {**BODIES[path], **changes}.items() if value is not None}
    return on.play(on.sign(path, write_json(body)))


def refusal(status: str = "UNKNOWN_ERROR", request_id: str = "q-1", player: str = "1001") -> dict[str, Any]:
    """The page's error response format."""
    return {"status": status, "requestId": request_id, "clientPlayerId": player}


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


def test_a_success_carries_currency_and_balance(marbles: Stage) -> None:
    """status, requestId, clientPlayerId, currency, balance; on /balance the currency is the wallet's."""
    expected = {"status": "SUCCESS", "requestId": "q-1", "clientPlayerId": "1001", "currency": "EUR"}
    assert send(marbles, "/balance").body == {**expected, "balance": 10_000_000}
    assert send(marbles, "/bet").body == {**expected, "balance": 9_000_000}
    assert send(marbles, "/win").body == {**expected, "balance": 11_500_000}


# -- signed answers


def verifies(on: Stage, response: Response) -> bool:
    """Does the signature verify with our public key, by the library alone?"""
    key: Any = serialization.load_pem_public_key(on.secrets["our_public_key"][0])
    signature = base64.b64decode(header(response.headers, SIGNATURE) or "", validate=True)
    try:
        key.verify(signature, response.body, padding.PKCS1v15(), hashes.SHA256())
    except Exception:
        return False
    return True


def fails(_: Request) -> Any:
    """A bug of our own."""
    raise ZeroDivisionError


def test_every_answer_is_signed(marbles: Stage) -> None:
    """Successes, declines, refusals and catch-all answers carry X-Marbles-Signature over their raw body."""
    scenes = [send(marbles, path) for path in ("/balance", "/bet", "/bet", "/win")]
    scenes += [send(marbles, "/bet", transactionId="t-2", amount=20_000_000), send(marbles, "/rollback")]
    scenes.append(marbles.refuse(Request("POST", "/win"), Outcome.INTERNAL_ERROR))
    marbles.wallet_answers, marbles.may_break = fails, True
    scenes.append(send(marbles, "/bet", transactionId="t-3"))
    assert (scenes[-1].journey.alerts, scenes[-1].body) == (["bug"], refusal())
    for scene in scenes:
        assert scene.response is not None
        assert verifies(marbles, scene.response), scene.body
        assert not verifies(marbles, replace(scene.response, body=scene.response.body + b" "))
    for words in marbles.provider.last_words.values():
        assert words is not None
        assert verifies(marbles, words)


def test_answers_are_signed_unless_the_account_says_no(stage: Stages) -> None:
    """The newest overview says not to sign: by option the header is absent, and our own key is not needed."""
    marbles = stage("155io", sign_answers="no")
    for path in OPERATIONS:
        scene = send(marbles, path)
        assert scene.response is not None
        assert header(scene.response.headers, SIGNATURE) is None
    assert "our_private_key" in dialect("155io").secrets("receiver")
    assert marbles.dialect.secrets("receiver") == {"public_key"}


# -- X-Marbles-Signature on callbacks


def test_a_body_signed_with_rsa_sha256_verifies(marbles: Stage) -> None:
    """PKCS#1 v1.5 over the raw bytes, base64, made by the library alone; spaces and order are the sender's own."""
    body = b'{ "timestamp":"2026-02-03T04:05:06Z",\n "clientPlayerId": "1001","clientSessionId":"s1", "requestId":"q" }'
    key: Any = serialization.load_pem_private_key(marbles.secrets["private_key"][0], None)
    signature = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
    scene = marbles.play(Request("POST", "/balance", "", ((SIGNATURE.lower(), signature),), body))
    assert (scene.body["status"], scene.journey.verified_by) == ("SUCCESS", "key 1")


def untouched(on: Stage, request: Request) -> None:
    """The message is refused as forged, and nobody heard of it."""
    scene = on.play(request)
    assert scene.body["status"] == "UNKNOWN_ERROR"
    assert scene.journey.verified_by == ""
    assert (scene.asked, scene.remembered) == ([], [])


def test_one_flipped_bit_of_the_body_refuses(marbles: Stage) -> None:
    """Any bit of any byte: refused before the wallet is asked and before anything is remembered."""
    small = {"requestId": "q", "clientSessionId": "s1", "clientPlayerId": "1001"}
    honest = marbles.sign("/balance", write_json(small))
    assert marbles.play(honest).body["status"] == "SUCCESS"
    for bit in range(len(honest.body) * 8):
        flipped = bytearray(honest.body)
        flipped[bit // 8] ^= 1 << bit % 8
        untouched(marbles, replace(honest, body=bytes(flipped)))


@pytest.mark.parametrize("path", ["/bet", "/win", "/rollback"])
def test_one_flipped_bit_of_the_signature_refuses(marbles: Stage, path: str) -> None:
    """The signature's own bits, and the bits of its base64 text: refused, and the journal stays empty."""
    honest = marbles.sign(path, write_json(BODIES[path]))
    text = header(honest.headers, SIGNATURE) or ""
    raw = base64.b64decode(text)
    for bit in range(0, len(raw) * 8, 17):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        forged = base64.b64encode(bytes(flipped)).decode()
        untouched(marbles, replace(honest, headers=((SIGNATURE, forged),)))
    for bit in range(0, len(text) * 8, 13):
        odd = bytearray(text.encode())
        odd[bit // 8] ^= 1 << bit % 8
        untouched(marbles, replace(honest, headers=((SIGNATURE, odd.decode("utf-8", "surrogateescape")),)))
    assert (marbles.memory.rows, marbles.memory.memories) == ({}, {})
    assert marbles.balance == Decimal("100.00")


def test_a_signature_of_another_callback_refuses(marbles: Stage) -> None:
    """A signature belongs to its own bytes, and a stranger's key signs nothing."""
    win = marbles.sign("/win", write_json(WIN))
    untouched(marbles, replace(win, body=write_json({**WIN, "amount": 9_000_000})))
    stranger: Any = serialization.load_pem_private_key(marbles.secrets["our_private_key"][0], None)
    signature = base64.b64encode(stranger.sign(win.body, padding.PKCS1v15(), hashes.SHA256())).decode()
    untouched(marbles, replace(win, headers=((SIGNATURE, signature),)))


# -- amounts


@pytest.mark.parametrize("path", ["/bet", "/win"])
@pytest.mark.parametrize("amount", [1_000_001, 1, 999, -1_000_000, Bare("1000000.5"), 10**41])
def test_what_is_no_whole_ledger_unit_is_refused(marbles: Stage, path: str, amount: Any) -> None:
    """1000001 is 10.00001 euro: refused, never rounded, and the wallet is not asked."""
    scene = send(marbles, path, amount=amount)
    assert scene.body == refusal()
    assert scene.asked == []


def test_five_digits_for_every_currency(marbles: Stage) -> None:
    """10.00 is 1000000, and so it is for a currency without decimals: 1000000 is ten yen."""
    assert send(marbles, "/bet").asked[0].amount == Decimal("10.00")
    marbles.sandbox.open_player("1002", "JPY", 500, session="s2")
    scene = send(marbles, "/bet", clientPlayerId="1002", clientSessionId="s2", currency="JPY", transactionId="t-2")
    assert (scene.asked[0].amount, scene.body["balance"]) == (Decimal(10), 49_000_000)


def test_minor_units_by_option(stage: Stages) -> None:
    """The newest overview counts minor units of the currency."""
    scene = send(stage("155io", unit="minor"), "/bet", amount=1000)
    assert (scene.asked[0].amount, scene.body["balance"]) == (Decimal("10.00"), 9000)


# -- free bets, rounds, rollbacks


def test_a_free_bet_has_amount_zero(marbles: Stage) -> None:
    """isFree with amount 0 and the operator's own reward: accepted, nothing is taken, its win is real money."""
    free = {"isFree": True, "rewardUuid": "gift-1"}
    bet = send(marbles, "/bet", amount=0, **free)
    assert (bet.body["status"], bet.asked[0].free, bet.asked[0].promotion) == ("SUCCESS", True, "gift-1")
    assert marbles.balance == Decimal("100.00")
    assert send(marbles, "/win", **free).body["status"] == "SUCCESS"
    assert marbles.balance == Decimal("125.00")


def test_a_bet_of_zero_that_is_not_free_is_refused(marbles: Stage) -> None:
    """Zero is an amount for free bets only."""
    assert send(marbles, "/bet", amount=0).body == refusal()


def test_a_lost_bet_is_a_win_of_zero(marbles: Stage) -> None:
    """Every settled bet gets a /win; amount 0 closes the round and must be answered."""
    send(marbles, "/bet")
    win = send(marbles, "/win", amount=0)
    assert (win.body["status"], win.body["balance"], win.asked[0].round_end) == ("SUCCESS", 9_000_000, True)


def test_a_rollback_names_neither_amount_nor_currency(marbles: Stage) -> None:
    """Both come from what was booked; the money is back, and the answer carries the currency."""
    send(marbles, "/bet")
    scene = send(marbles, "/rollback")
    assert (scene.asked[0].amount, scene.asked[0].currency) == (Decimal("10.00"), "EUR")
    assert scene.body == {**refusal("SUCCESS"), "currency": "EUR", "balance": 10_000_000}


def test_a_rollback_of_a_bet_never_seen_ends_it(marbles: Stage) -> None:
    """There is no word for it: SUCCESS, and the bet is refused should it still come."""
    assert send(marbles, "/rollback").body["status"] == "SUCCESS"
    assert send(marbles, "/bet").body["status"] == "UNKNOWN_ERROR"
    assert marbles.balance == Decimal("100.00")


def test_a_rollback_of_a_declined_bet_gives_nothing_back(marbles: Stage) -> None:
    """SUCCESS, and the money stays where it was."""
    assert send(marbles, "/bet", amount=20_000_000).body["status"] == "INSUFFICIENT_BALANCE_ERROR"
    assert send(marbles, "/rollback").body["status"] == "SUCCESS"
    assert marbles.balance == Decimal("100.00")


def test_sessions_do_not_gate_wins_and_rollbacks(marbles: Stage) -> None:
    """The session may end between the bet and what follows it; a bet needs it."""
    send(marbles, "/bet")
    marbles.sandbox.open_player("1001", "EUR", 90, session="s1", life=-1)
    assert send(marbles, "/bet", transactionId="t-2", roundId="r-2").body["status"] == "UNKNOWN_ERROR"
    assert send(marbles, "/win", roundClosed=False).body["status"] == "SUCCESS"
    assert send(marbles, "/win", transactionId="w-2", clientSessionId=None).body["status"] == "SUCCESS"


def test_an_unknown_bet_is_brought_back(marbles: Stage) -> None:
    """After a silent wallet nothing is final: 155.io retries the bet or rolls it back, and both find the truth."""
    marbles.wallet_answers = lambda _: Silence("no answer")
    scene = send(marbles, "/bet")
    assert (scene.body["status"], set(scene.journey.effect)) == ("UNKNOWN_ERROR", {"retries", "rolls_back"})
    marbles.wallet_answers = None
    assert send(marbles, "/rollback").body["status"] == "SUCCESS"
    assert marbles.balance == Decimal("100.00")


# -- the same table on the wallet's side


@pytest.mark.parametrize("outcome", ["ok", "insufficient_funds", "limit_exceeded", "bonus_rejected", "player_blocked"])
def test_the_table_plays_the_wallet(marbles: Stage, outcome: str) -> None:
    """A canonical bet becomes a signed 155.io request; the table's answer to it is read back without more certainty."""
    table, now = marbles.dialect, marbles.clock.wall()
    call = Call(Operation.BET, "q-9", player="1001", session="s1", transaction="t-9", round="r-9", game="marbles",
                currency="EUR", amount=Decimal("12.50"))  # fmt: skip
    form, request = table.write_call(call, marbles.caller, now)
    opened = table.open(request)
    assert table.recognise(opened) is form
    table.verify(form.name, opened, marbles.provider.keys, now)
    assert table.read_call(form, opened) == call
    facts = {**call.facts(), "balance": Decimal("87.50")}
    answer = table.write_answer("bet", Outcome(outcome), facts, marbles.provider.keys, now)
    assert answer is not None
    reply, _ = table.read_reply("bet", call, answer, marbles.caller, now)
    expected = Outcome(outcome) if outcome != "player_blocked" else Outcome.UNKNOWN
    assert reply.outcome is expected
    assert reply.balance == (Decimal("87.50") if outcome == "ok" else None)
    tampered, _ = table.read_reply("bet", call, replace(answer, body=answer.body + b" "), marbles.caller, now)
    assert tampered.outcome.moved is Moved.UNKNOWN

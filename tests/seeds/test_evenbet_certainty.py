"""EvenBet's callbacks in doubt: forged messages, silence, copies in flight, lost memory; 900 where nobody knows."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.wishes import State
from gateway.wire.message import Ending, Heard, NotSent, Request, Response, Silence
from tests.seeds.stage import Stage
from tests.seeds.test_evenbet import body, code, send

#: Published with the documents: body, key and digest.
VECTOR = (
    b'{"token":"b91b664a8e2b558c240824f7da0e842c","gameId":"testGameId","endRound":false,"roundId":"29",'
    b'"transactionId":"d_182","amount":0}'
)
KEY = b"test_secret_key"
DIGEST = "5a0314907c49dea0b8cc90533e80c82ce523285c5f01831e41f06a0d6ba69a6e"
SILENT = Silence("nothing came", running=False)
HALF = Heard(Response(200, (("Content-Type", "application/json"),), b'{"outcome": "ok", "bal'))
NO_ANSWERS = {
    "silence": SILENT,
    "server error": Heard(Response(500, (), b"oops")),
    "html": Heard(Response(200, (("Content-Type", "text/html"),), b"<html>fine</html>")),
    "elsewhere": Heard(Response(302, (("Location", "/"),), b"")),
    "half a body": HALF,
    "another shape": Heard(Response(200, (), b'{"result": "ok"}')),
}


@pytest.fixture
def evenbet(stage: Callable[..., Stage]) -> Stage:
    """An account of this dialect as it comes."""
    return stage("evenbet")


@pytest.fixture
def published(evenbet: Stage) -> Stage:
    """An account with the published key, and the published token as a session of player 1001."""
    keys = evenbet.dialect.bind({"key": [KEY]}, "receiver")
    evenbet.provider = replace(evenbet.provider, keys=keys)
    evenbet.sandbox.open_player("1001", "EUR", 100, session="b91b664a8e2b558c240824f7da0e842c")
    return evenbet


def vector(raw: bytes = VECTOR, digest: str = DIGEST) -> Request:
    """The published debit as it travels."""
    return Request("POST", "/debit", "", (("Content-Type", "application/json"), ("Authorization", digest)), raw)


# -- the signature


def test_the_published_vector_verifies(published: Stage) -> None:
    """SHA-256 over the body's bytes and then the key, in hex: the documents' own message is a zero debit, and done."""
    scene = published.play(vector())
    assert scene.body == {"balance": 10000}
    assert scene.journey.verified_by == "key 1"
    assert [call.operation for call in scene.asked] == [Operation.BALANCE, Operation.BET]


def test_one_flipped_bit_of_the_body_refuses(published: Stage) -> None:
    """Each bit in turn: 2, the wallet is not asked, nothing is remembered."""
    for at in range(len(VECTOR) * 8):
        raw = bytearray(VECTOR)
        raw[at // 8] ^= 1 << at % 8
        scene = published.play(vector(bytes(raw)))
        assert (code(scene), scene.asked, scene.wishes) == (2, [], []), f"bit {at}"
    assert published.memory.rows == {}
    assert published.memories == {}


def test_one_flipped_bit_of_the_header_refuses(published: Stage) -> None:
    """Each bit in turn, those that only turn a letter's case included: the digest is documented in lower case."""
    for at in range(len(DIGEST) * 8):
        digest = bytearray(DIGEST.encode())
        digest[at // 8] ^= 1 << at % 8
        scene = published.play(vector(digest=digest.decode("utf-8", "surrogateescape")))
        assert (code(scene), scene.asked, scene.wishes) == (2, [], []), f"bit {at}"
    assert published.memory.rows == {}
    assert published.memories == {}


@pytest.mark.parametrize("header", ["", f"Bearer {DIGEST}", f" {DIGEST}", DIGEST[:-2], DIGEST * 2])
def test_a_header_of_another_form_refuses(published: Stage, header: str) -> None:
    """Hex and nothing else: no scheme word, no spaces, the whole digest once."""
    assert code(published.play(vector(digest=header))) == 2


def test_two_authorization_headers_refuse(published: Stage) -> None:
    """Which of them was meant is nobody's to guess."""
    twice = with_fields(vector(), headers=(("Authorization", DIGEST), ("authorization", DIGEST)))
    scene = published.play(twice)
    assert code(scene) == 2
    assert scene.asked == []


@pytest.mark.parametrize("callback", ["/login", "/balance", "/credit", "/rollback"])
def test_every_callback_is_signed(evenbet: Stage, callback: str) -> None:
    """Not only debits: an unsigned one hears 2 and leaves no trace."""
    scene = evenbet.play(Request("POST", callback, "", (), json.dumps(body(callback)).encode()))
    assert code(scene) == 2
    assert scene.asked == []
    assert scene.wishes == []


# -- nobody knows


@pytest.mark.parametrize("callback", ["/debit", "/credit", "/rollback"])
@pytest.mark.parametrize("ending", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_an_unknown_outcome_is_900_and_never_a_decline(evenbet: Stage, callback: str, ending: Ending) -> None:
    """Whatever the wallet's side makes of it, the provider hears the code that is retried, and the row stays open."""
    send(evenbet, "/debit")
    evenbet.wallet_answers = lambda request: ending
    scene = send(evenbet, callback, "x1")
    assert code(scene) == 900
    assert scene.journey.effect == ("retries",)
    assert scene.journey.outcome == "unknown"
    assert evenbet.memory.rows["evenbet::x1"].state is State.UNKNOWN


def test_a_silent_wallet_that_booked_is_found_by_the_retry(evenbet: Stage) -> None:
    """The debit was taken, nobody heard; the retry hears the success, and the money moved once."""

    def books_and_is_silent(request: Request) -> Ending:
        evenbet.book(request)
        return SILENT

    send(evenbet, "/balance")
    evenbet.wallet_answers = books_and_is_silent
    assert code(send(evenbet, "/debit")) == 900
    evenbet.wallet_answers = None
    assert send(evenbet, "/debit").body == {"balance": 9750}
    assert evenbet.balance == Decimal("97.50")


def test_a_refusal_after_doubt_proves_nothing(evenbet: Stage) -> None:
    """A lack of funds on the second try may mean that the first one took the money: still 900."""
    send(evenbet, "/balance")
    evenbet.wallet_answers = lambda request: SILENT
    send(evenbet, "/debit")
    evenbet.wallet_says(Outcome.INSUFFICIENT_FUNDS)
    assert code(send(evenbet, "/debit")) == 900


def test_a_refused_repeat_is_resolved_by_asking_the_wallet(evenbet: Stage) -> None:
    """900 for ever would help nobody: our own question ends the doubt, and the next repeat hears the truth."""
    send(evenbet, "/balance")
    evenbet.wallet_answers = lambda request: SILENT
    assert code(send(evenbet, "/debit", "d1", 99_999)) == 900
    evenbet.wallet_answers = None
    assert code(send(evenbet, "/debit", "d1", 99_999)) == 900
    evenbet.recover(seconds=120)
    assert code(send(evenbet, "/debit", "d1", 99_999)) == 1


@pytest.mark.parametrize("callback", ["/debit", "/credit", "/rollback"])
def test_what_was_not_sent_is_900_and_open(evenbet: Stage, callback: str) -> None:
    """Certain that nothing happened, and another try may do: retried; the retry then does it."""
    send(evenbet, "/debit")
    evenbet.wallet_answers = lambda request: NotSent("connection refused")
    scene = send(evenbet, callback, "x1")
    assert code(scene) == 900
    assert scene.journey.outcome == "wallet_failed"
    assert evenbet.memory.rows["evenbet::x1"].state is State.OPEN
    evenbet.wallet_answers = None
    assert code(send(evenbet, callback, "x1")) is None


@pytest.mark.parametrize("outcome", [Outcome.SIGNATURE_INVALID, Outcome.CREDENTIALS_INVALID, Outcome.REQUEST_INVALID])
def test_a_wallet_that_refuses_us_is_our_trouble(evenbet: Stage, outcome: Outcome) -> None:
    """The provider did nothing wrong: 900, never 2 or 400, and an alert."""
    send(evenbet, "/balance")
    evenbet.wallet_says(outcome)
    scene = send(evenbet, "/debit")
    assert code(scene) == 900
    assert scene.journey.alerts == ["wallet_refuses_us"]


@pytest.mark.parametrize("outcome", [Outcome.SESSION_INVALID, Outcome.SESSION_EXPIRED])
@pytest.mark.parametrize("callback", ["/credit", "/rollback"])
def test_a_wallet_that_gates_credits_by_session_is_not_believed(
    evenbet: Stage, callback: str, outcome: Outcome
) -> None:
    """Sessions decide nothing there: no 3 and no 7 reaches the provider, who comes back."""
    send(evenbet, "/debit")
    gated = json.dumps({"outcome": outcome, "call": "evenbet::x1", "player": "1001", "currency": "EUR"}).encode()
    evenbet.wallet_answers = lambda request: Heard(Response(200, (), gated))
    scene = send(evenbet, callback, "x1")
    assert code(scene) == 900
    assert scene.journey.alerts == ["wallet_off_contract"]
    assert f"{outcome} cannot be" in scene.journey.why


@pytest.mark.parametrize("callback", ["/debit", "/credit", "/rollback"])
def test_414_while_the_same_id_is_worked_on(evenbet: Stage, callback: str) -> None:
    """Two copies at once: the second hears 414, the wallet is asked once, and the first is done."""
    send(evenbet, "/debit")
    calls, second = 0, []

    def meanwhile(request: Request) -> Ending:
        nonlocal calls
        calls += 1
        second.append(send(evenbet, callback, "x1"))
        return evenbet.book(request)

    evenbet.wallet_answers = meanwhile
    first = send(evenbet, callback, "x1")
    assert code(first) is None
    assert calls == 1
    assert code(second[0]) == 414
    assert second[0].journey.effect == ("retries",)
    evenbet.wallet_answers = None
    before = evenbet.balance
    assert code(send(evenbet, callback, "x1")) is None
    assert evenbet.balance == before


# -- lost memory


def test_a_debit_of_a_forgotten_session_asks_the_wallet(evenbet: Stage) -> None:
    """Without the currency the amount means nothing; the wallet tells it by the session, and the debit is done."""
    scene = send(evenbet, "/debit")
    assert [call.operation for call in scene.asked] == [Operation.BALANCE, Operation.BET]
    assert scene.body == {"balance": 9750}


def test_a_debit_of_a_session_that_nobody_knows_is_7(evenbet: Stage) -> None:
    """Neither we nor the wallet: the token is wrong, and no debit was sent."""
    scene = send(evenbet, "/debit", token="nobodys")
    assert code(scene) == 7
    assert [call.operation for call in scene.asked] == [Operation.BALANCE]


def test_a_debit_of_a_forgotten_session_is_900_while_the_wallet_is_silent(evenbet: Stage) -> None:
    """That we cannot ask is no wrong token; no debit was sent, and the retry is done."""
    evenbet.wallet_answers = lambda request: SILENT
    scene = send(evenbet, "/debit")
    assert code(scene) == 900
    assert scene.journey.outcome == "wallet_failed"
    assert evenbet.memory.rows == {}
    evenbet.wallet_answers = None
    assert send(evenbet, "/debit").body == {"balance": 9750}


@pytest.mark.parametrize("says", [Outcome.SESSION_INVALID, Outcome.SESSION_EXPIRED, Outcome.PLAYER_NOT_FOUND, None])
def test_a_credit_of_a_forgotten_session_waits(evenbet: Stage, says: Outcome | None) -> None:
    """We forgot, so nothing lasting is said: 900 and an alert until the wallet tells; then it is paid."""
    send(evenbet, "/debit")
    evenbet.forget()
    if says is None:
        evenbet.wallet_answers = lambda request: SILENT
    else:
        evenbet.wallet_says(says)
    scene = send(evenbet, "/credit", "c1", 500)
    assert code(scene) == 900
    assert scene.journey.effect == ("retries",)
    assert scene.journey.alerts == ["memory_miss"]
    assert Operation.WIN not in [call.operation for call in scene.asked]
    evenbet.wallet_answers = None
    assert send(evenbet, "/credit", "c1", 500).body == {"balance": 10250}


def test_a_rollback_of_a_forgotten_debit_goes_to_the_wallet_without_amount(evenbet: Stage) -> None:
    """The wallet finds by the reference what it booked, and that comes back, whatever the message states."""
    send(evenbet, "/debit")
    evenbet.forget()
    scene = send(evenbet, "/rollback", "r1", 99_999)
    sent = scene.asked[-1]
    assert sent.operation is Operation.ROLLBACK
    assert sent.amount is None
    assert sent.reference == ("evenbet::d1",)
    assert scene.body == {"transactionId": "r1", "balance": 10000}


def test_a_rollback_that_states_another_amount_returns_what_was_booked(evenbet: Stage) -> None:
    """The debit's amount comes back, and an alert says that they differ."""
    send(evenbet, "/debit")
    scene = send(evenbet, "/rollback", "r1", 300)
    assert scene.body["balance"] == 10000
    assert scene.journey.alerts == ["amount_differs"]


@pytest.mark.parametrize("field", ["token", "gameId", "roundId", "amount", "endRound"])
def test_a_refund_is_not_lost_for_a_missing_field(evenbet: Stage, field: str) -> None:
    """Only the two ids are needed to reverse a debit."""
    send(evenbet, "/debit")
    lacking: dict[str, Any] = {field: None}
    assert send(evenbet, "/rollback", "r1", **lacking).body["transactionId"] == "r1"
    assert evenbet.balance == Decimal("100.00")

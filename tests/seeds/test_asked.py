"""The rules of the documents about what a provider answers when it is asked, each by the seed that states it."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.outcomes import Moved, Outcome
from gateway.canon.requests import Ask, Result
from gateway.dialect.askedhearing import Word, hear
from gateway.dialect.askfacts import read_facts
from gateway.dialect.shelf import Shelf
from gateway.wire.message import Response
from gateway.wire.opened import Opened
from gateway.wire.signing_keys import Forged
from tests.asked.stage import examples, given, table


def asked(dialect: str, name: Ask) -> dict[str, Any]:
    """The facts of the table's first example of a request."""
    return read_facts(given(dialect, name))


def heard(dialect: str, name: Ask, status: int, body: Any) -> Word:
    """What an answer to it means."""
    answer = Response(status, (("Content-Type", "application/json"),), json.dumps(body).encode())
    return hear(table(dialect).forms[name], asked(dialect, name), answer)


# -- 000 EvenBet, API error codes


def launched(code: int, message: str) -> Word:
    """An error of theirs, to a launch."""
    return heard("evenbet", Ask.LAUNCH_GAME, 200, {"error": {"code": code, "message": message}})


def test_1_is_a_definite_general_failure_and_6_an_expiry_date() -> None:
    """The same numbers mean other things in callbacks: there 6 is no date, and 1 a want of money."""
    assert (launched(1, "General Error").result, Result.PROVIDER_FAILED.done) == (Result.PROVIDER_FAILED, Moved.NO)
    assert launched(6, "Invalid expiration date").result is Result.EXPIRY_INVALID
    codes = {said.answer.code: outcome for (_, outcome), said in Shelf().dialect("evenbet").said.items()}
    assert codes[1] is Outcome.INSUFFICIENT_FUNDS
    assert launched(9, "of the callbacks' list").result is Result.UNKNOWN


# -- 002 AbstraPay, errorCode


def opened(status: int, code: str | None, message: str) -> Word:
    """An error of theirs, to the creation of a session."""
    return heard("abstrapay", Ask.CREATE_SESSION, status, {"message": message} | ({"errorCode": code} if code else {}))


@pytest.mark.parametrize(("status", "code"), [(404, "SESSION_NOT_FOUND"), (400, "SESSION_EXPIRED")])
def test_the_error_code_decides_and_never_the_message(status: int, code: str) -> None:
    """Each with the words of the other, and with words that nobody has read yet."""
    results = {opened(status, code, words).result for words in ("Session not found", "Session expired", "Oops")}
    assert results == {Result(code.lower())}
    assert opened(status, None, "Session expired").result is Result.UNKNOWN


def test_errors_by_status_and_a_401_without_a_code() -> None:
    """An errorCode under another status than the page's proves nothing; the bearer's refusal has none."""
    assert opened(400, "WITHDRAW_IN_PROGRESS", "").result is Result.WITHDRAWAL_IN_PROGRESS
    assert opened(400, "AMOUNT_BELOW_MINIMUM", "").result is Result.AMOUNT_BELOW_MINIMUM
    assert opened(404, "AMOUNT_BELOW_MINIMUM", "").result is Result.UNKNOWN
    assert opened(401, None, "Unauthorized").result is Result.UNAUTHORIZED


# -- 003 Payfield, API Errors


def paid(status: int, body: Any) -> Word:
    """An answer of theirs to the creation of a payout."""
    return heard("payfield", Ask.CREATE_PAYOUT, status, body)


def test_200_exists_and_201_was_created() -> None:
    """Both are a yes; only one of them is ours."""
    ours = given("payfield", Ask.CREATE_PAYOUT)
    body = {"id": 7, "status": "new", "external_id": ours["reference"], "amount": ours["amount"]}
    body |= {"currency": ours["currency"], "card_number": ours["account"]}
    assert [paid(status, body).result for status in (200, 201)] == [Result.ALREADY_EXISTS, Result.OK]
    assert {each.done for each in (Result.ALREADY_EXISTS, Result.OK)} == {Moved.YES}


def test_401_404_422_and_500() -> None:
    """Key, signature or time; a rule; nothing in the shop, which a create does not say; a failure of theirs."""
    assert paid(401, {"message": "Invalid API key"}).result is Result.UNAUTHORIZED
    assert paid(401, {"message": "Invalid signature"}).result is Result.SIGNATURE_INVALID
    assert paid(422, {"message": "currency is required", "code": "validation_error"}).result is Result.REQUEST_INVALID
    assert paid(404, {"message": "Payout not found"}).result is Result.UNKNOWN
    lookup = heard("payfield", Ask.PAYOUT_STATUS, 404, {"message": "Payout not found"})
    assert lookup.result is Result.NOT_FOUND
    assert paid(500, {"message": "Insufficient balance", "code": "validation_error"}).result is Result.UNKNOWN


def test_the_timestamp_and_its_window() -> None:
    """Signed with the body; judged sixty seconds either way; and heard as our clock's trouble."""
    requests, made = table("payfield"), examples("payfield")
    facts, ours = asked("payfield", Ask.CREATE_PAYOUT), made.keys(requests, playing=False)
    request = requests.write(Ask.CREATE_PAYOUT, facts, ours, 1_800_000_000.0, made.file.settings)
    theirs = made.keys(requests, playing=True).of(Ask.CREATE_PAYOUT)
    for off in (-60, 60):
        theirs.check(Opened(request, "json"), 1_800_000_000.0 + off)
    for off in (-61, 61):
        with pytest.raises(Forged, match="outside its window"):
            theirs.check(Opened(request, "json"), 1_800_000_000.0 + off)
    later = tuple((name, "1800000001" if name == "X-Timestamp" else value) for name, value in request.headers)
    with pytest.raises(Forged):
        theirs.check(Opened(replace(request, headers=later), "json"), 1_800_000_000.0)
    assert paid(401, {"message": "Timestamp window exceeded"}).result is Result.CLOCK_REJECTED

"""The simulated Scorpio Play against a scripted operator: it does what the pages say after each answer."""

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest

from tests.simulated.conftest import Play
from tests.simulated.operators import KEY, LOSES, NOW, Reset, Silence, only, provider
from tests.torture.providers import scorpio
from tests.torture.providers.beliefs import Step
from tests.torture.providers.play import Patience

OK = (200, {"balance": 10, "statusCode": "OK"})
FAILURES = {
    "no answer": (Silence, scorpio.BET_SILENT),
    "closed": (Reset, scorpio.BET_SILENT),
    "HTTP 500 with an OK": ((500, OK[1]), scorpio.NOT_200),
    "no balance": ((200, {"statusCode": "OK"}), scorpio.SPEECHLESS),
    "HTML": ((200, b"<html>"), scorpio.SPEECHLESS),
    "a list": ((200, []), scorpio.SPEECHLESS),
    "ERR_UNKNOWN": ((200, {"balance": 10, "statusCode": "ERR_UNKNOWN"}), scorpio.BET_FAILED),
    "a code of another command": ((200, {"balance": 10, "statusCode": "ERR_INVALID_ACCOUNT"}), scorpio.BET_FAILED),
}


def says(code: str) -> tuple[int, Any]:
    """A status code in the page's form."""
    return 200, {"balance": 10, "statusCode": code}


async def test_a_round_is_a_bet_and_a_win_of_its_round(play: Play) -> None:
    """Major units as a number, no reference to the bet; the win says that the round is finished."""
    who = provider("scorpio")
    operator = await play(who)
    bet, win = only(who, "bet"), only(who, "win")
    assert operator.told("command") == ["bet", "win"]
    assert operator.told("transactionId") == [bet.id, win.id]
    assert operator.told("amount") == [float(bet.amount), float(win.amount)]
    assert operator.told("isRoundFinished") == [False, True]
    assert operator.told("referenceId") == [None, None]
    assert operator.told("timestamp") == [NOW * 1000] * 2
    assert {message.path for message in operator.heard} == {"/"}
    for message in operator.heard:
        assert message.headers["X-Request-Signature"] == scorpio.sign(message.fields, KEY)


async def test_a_lost_round_is_one_bet_that_finishes_it(play: Play) -> None:
    """isRoundFinished on the bet: no win follows."""
    operator = await play(provider("scorpio", LOSES))
    assert operator.told("command") == ["bet"]
    assert operator.told("isRoundFinished") == [True]


@pytest.mark.parametrize("case", FAILURES)
async def test_a_bet_is_sent_once_and_then_cancelled(play: Play, case: str) -> None:
    """Silence, any status but 200, no balance, an error of the system: one bet, and a cancel of the full amount."""
    answer, source = FAILURES[case]
    who = provider("scorpio")
    operator = await play(who, answer)
    bet, cancel = only(who, "bet"), only(who, "rollback")
    assert operator.told("command") == ["bet", "cancel"]
    assert operator.told("transactionId") == [bet.id, cancel.id]
    assert operator.told("referenceId") == [None, bet.id]
    assert operator.told("amount") == [float(bet.amount)] * 2
    assert "isRoundFinished" not in operator.heard[1].fields
    assert who.book.steps[Step.UNDO, source] == 1
    assert (bet.undo, bet.counts, bet.resolved) == ("done", 0, True)


async def test_a_clean_decline_may_be_cancelled_or_not(play: Play) -> None:
    """ "Depending on the error type": over the rounds both happen, and the bet is never sent again."""
    who = provider("scorpio")
    script = [says("ERR_NOT_ENOUGH_MONEY")] * 40
    operator = await play(who, *script, rounds=range(20))
    told = operator.told("command")
    assert told.count("bet") == 20
    assert 0 < told.count("cancel")
    assert who.book.steps[Step.FAILED, scorpio.NO_CANCEL] > 0
    assert who.book.steps[Step.UNDO, scorpio.MAY_CANCEL] > 0
    assert all(belief.counts == 0 for belief in who.book)


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_cancel_is_sent_three_times_at_most(play: Play, failures: int) -> None:
    """Silence and errors: up to 2 more times under the same id; an OK ends it."""
    who = provider("scorpio")
    operator = await play(who, Silence, *[Silence, says("ERR_UNKNOWN")][:failures])
    assert operator.told("command") == ["bet"] + ["cancel"] * (failures + 1)
    assert len(set(operator.told("transactionId")[1:])) == 1
    assert who.book.steps[Step.RETRY, scorpio.CANCEL_RETRY] == failures
    assert only(who, "bet").undo == "done"


async def test_after_the_third_cancel_nothing_is_documented(play: Play) -> None:
    """It gives up: the bet counts as called off, and it is a case for reconciliation."""
    who = provider("scorpio")
    operator = await play(who, Silence, *[says("ERR_UNKNOWN")] * 9)
    bet = only(who, "bet")
    assert operator.told("command") == ["bet"] + ["cancel"] * 3
    assert (bet.undo, bet.given_up, bet.resolved, bet.counts) == ("wanted", True, False, 0)
    assert who.book.steps[Step.DROP, scorpio.USED_UP] == 1


@pytest.mark.parametrize("failure", [Silence, says("ERR_UNKNOWN"), (502, b""), says("ERR_NOT_AUTHENTICATED")])
async def test_a_win_is_sent_three_times_at_most(play: Play, failure: Any) -> None:
    """Any failure: up to 2 more times; then the prize still counts, and nobody knows."""
    who = provider("scorpio")
    operator = await play(who, OK, *[failure] * 9)
    win = only(who, "win")
    assert operator.told("command") == ["bet"] + ["win"] * 3
    assert who.book.steps[Step.RETRY, scorpio.WIN_RETRY] == 2
    assert (win.given_up, win.counts) == (True, win.amount)


async def test_with_patience_a_win_goes_on_until_it_is_heard(play: Play) -> None:
    """Past the three tries of the page, for runs that want an honest end; a bet is sent once all the same."""
    who = provider("scorpio", patience=Patience(until_heard=True))
    operator = await play(who, Silence, *[Reset] * 7, OK, OK, *[Reset] * 7, rounds=range(2))
    assert operator.told("command") == ["bet"] + ["cancel"] * 8 + ["bet"] + ["win"] * 8


@pytest.mark.parametrize(
    ("code", "step", "source"),
    [
        ("ERR_TRANSACTION_DOES_NOT_EXIST", Step.NOTHING, scorpio.NEVER_WAS),
        ("ERR_TRANSACTION_ROLLED_BACK", Step.DONE, scorpio.ROLLED_BACK),
    ],
)
async def test_two_refusals_of_a_cancel_say_that_there_is_nothing_left(
    play: Play, code: str, step: Step, source: str
) -> None:
    """Never initiated, already reversed: the refund is no longer asked for."""
    who = provider("scorpio")
    operator = await play(who, Silence, says(code))
    assert operator.told("command") == ["bet", "cancel"]
    assert who.book.steps[step, source] == 1
    assert only(who, "bet").resolved


@pytest.mark.parametrize("until_heard", [False, True])
async def test_the_white_label_retries_any_error(play: Play, until_heard: bool) -> None:
    """Its reading of "a specific error": a cancel of an unknown bet comes three times, and never more."""
    who = provider("scorpio", retries_any_error=True, patience=Patience(until_heard))
    operator = await play(who, Silence, *[says("ERR_TRANSACTION_DOES_NOT_EXIST")] * 9)
    assert operator.told("command") == ["bet"] + ["cancel"] * 3
    assert only(who, "bet").undo == "done"


async def test_an_acknowledged_bet_that_does_not_exist_is_a_contradiction(play: Play) -> None:
    """OK, and then the cancel hears that there never was such a bet."""
    who = provider("scorpio", replace(LOSES, calls_off=1.0))
    await play(who, OK, says("ERR_TRANSACTION_DOES_NOT_EXIST"))
    (contradiction,) = who.book.contradictions
    assert "hears that it never was" in contradiction


def test_the_documented_text_is_signed() -> None:
    """The page's sample: values in the order of their names; the digest is the library's own."""
    fields = {"playerId": "user123", "amount": 1500, "timestamp": 1713792000, "currency": "USD"}
    assert scorpio.signed_text(fields) == "1500,USD,user123,1713792000"
    digest = hmac.new(b"my_super_secret_token", b"1500,USD,user123,1713792000", hashlib.sha512).digest()
    assert scorpio.sign(fields, b"my_super_secret_token") == base64.b64encode(digest).decode()
    assert scorpio.signed_text({"b": True, "a": 10.5}) == "10.5,true"

"""The simulated EvenBet provider against a scripted operator: it does what the page says after each answer."""

from dataclasses import replace
from typing import Any

import pytest

from tests.simulated.conftest import Play
from tests.simulated.operators import KEY, LOSES, WINS, Reset, Silence, only, provider
from tests.torture.providers import evenbet
from tests.torture.providers.beliefs import Step
from tests.torture.providers.play import Patience

RETRIED = {
    "900": ((200, {"error": {"code": 900, "message": "Internal server error"}}), evenbet.RETRY_900),
    "414": ((200, {"error": {"code": 414, "message": "Transaction is pending"}}), evenbet.RETRY_414),
    "no answer": (Silence, evenbet.NO_ANSWER),
    "closed": (Reset, evenbet.NO_ANSWER),
    "HTML": ((200, b"<html>"), evenbet.ODD_FORM),
    "text for a code": ((200, {"error": {"code": "1", "message": ""}}), evenbet.ODD_FORM),
    "an error beside a balance": ((200, {"error": "no", "balance": 5}), evenbet.ODD_FORM),
    "success without a balance": ((200, {}), evenbet.ODD_FORM),
    "HTTP 500": ((500, {"balance": 5}), evenbet.SERVER_ERROR),
    "HTTP 404": ((404, {"balance": 5}), evenbet.ODD_FORM),
}
FINAL = [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 400, 410, 411, 412]


def error(code: int) -> tuple[int, Any]:
    """An error object of the page's form."""
    return 200, {"error": {"code": code, "message": "why"}}


async def test_a_round_is_a_debit_and_a_credit_that_ends_it(play: Play) -> None:
    """One id each, the same round, minor units as a number; the last message of the round has endRound."""
    who = provider("evenbet")
    heard = (await play(who)).heard
    bet, win = only(who, "bet"), only(who, "win")
    assert [message.path for message in heard] == ["/debit", "/credit"]
    assert [message["transactionId"] for message in heard] == [bet.id, win.id]
    assert [message["amount"] for message in heard] == [bet.amount * 100, win.amount * 100]
    assert [message["endRound"] for message in heard] == [False, True]
    assert {message["roundId"] for message in heard} == {bet.round}
    assert {message["token"] for message in heard} == {"a session"}
    assert bet.counts + win.counts == win.amount - bet.amount
    assert all(message.headers["Authorization"] == evenbet.sign(message.raw, KEY) for message in heard)


async def test_a_lost_round_ends_with_its_debit_or_with_a_credit_of_zero(play: Play) -> None:
    """A debit with endRound and no credit at all, or a zero credit: both are documented ways."""
    who = provider("evenbet", LOSES)
    heard = (await play(who, rounds=range(12))).heard
    last = {message["roundId"]: message for message in heard}
    assert all(message["endRound"] for message in last.values())
    assert {message.path for message in last.values()} == {"/debit", "/credit"}
    assert {message["amount"] for message in heard if message.path == "/credit"} == {0}


@pytest.mark.parametrize("case", RETRIED)
async def test_retry_required(play: Play, case: str) -> None:
    """900, 414, another form, a server error, no answer: the same debit again, and the next answer is believed."""
    answer, source = RETRIED[case]
    who = provider("evenbet")
    heard = (await play(who, answer, answer)).heard
    assert [message.path for message in heard] == ["/debit"] * 3 + ["/credit"]
    assert len({message.raw for message in heard[:3]}) == 1
    assert who.book.steps[Step.RETRY, source] == 2
    assert only(who, "bet").state == "done"


@pytest.mark.parametrize("code", FINAL)
async def test_no_retry_required(play: Play, code: int) -> None:
    """Every other code is final: one message, no rollback, and the money counts as not moved."""
    who = provider("evenbet")
    heard = (await play(who, error(code))).heard
    assert [message.path for message in heard] == ["/debit"]
    assert who.book.steps[Step.FAILED, evenbet.FINAL] == 1
    assert (only(who, "bet").state, only(who, "bet").counts) == ("failed", 0)


async def test_the_obsolete_code_means_that_the_id_was_processed(play: Play) -> None:
    """8 to a repeat: believed done, and noted as outside of the contract."""
    who = provider("evenbet")
    await play(who, error(900), error(8))
    assert only(who, "bet").state == "done"
    assert who.book.oddities == {"bet: code 8": 1}


async def test_a_debit_without_a_usable_answer_is_rolled_back(play: Play) -> None:
    """After the last try: the debit's fields, a new id, refTransactionId; 4 says that there is nothing to undo."""
    who = provider("evenbet")
    heard = (await play(who, *[error(900)] * 6, error(900), error(4))).heard
    bet, rollback = only(who, "bet"), only(who, "rollback")
    assert [message.path for message in heard] == ["/debit"] * 6 + ["/rollback"] * 2
    assert heard[-1].fields == {**heard[0].fields, "transactionId": rollback.id, "refTransactionId": bet.id}
    assert (bet.state, bet.undo, bet.counts, bet.resolved) == ("unknown", "done", 0, True)
    assert who.book.steps[Step.UNDO, evenbet.BET_USED_UP] == 1
    assert who.book.steps[Step.NOTHING, evenbet.NOTHING] == 1


async def test_a_credit_is_retried_to_the_end_and_then_left_to_people(play: Play) -> None:
    """Nobody takes a prize back for silence: it still counts, and the belief says that its tries are used up."""
    who = provider("evenbet")
    heard = (await play(who, (200, {"balance": 5}), *[error(414)] * 6)).heard
    win = only(who, "win")
    assert [message.path for message in heard] == ["/debit"] + ["/credit"] * 6
    assert (win.state, win.given_up, win.resolved, win.counts) == ("unknown", True, False, win.amount)
    assert who.book.steps[Step.DROP, evenbet.USED_UP] == 1


async def test_with_patience_it_goes_on_until_it_is_heard(play: Play) -> None:
    """Ten failures, of debit and credit alike: the eleventh try is there, and nothing was rolled back."""
    who = provider("evenbet", patience=Patience(until_heard=True))
    heard = (await play(who, *[error(900)] * 10, (200, {"balance": 5}), *[error(414)] * 10)).heard
    assert [message.path for message in heard] == ["/debit"] * 11 + ["/credit"] * 11


async def test_a_refused_credit_is_noted(play: Play) -> None:
    """A prize that is refused for good is no belief like another: the auditor will ask."""
    who = provider("evenbet")
    await play(who, (200, {"balance": 5}), error(9))
    assert who.book.refused_wins == [f"{only(who, 'win').id}: {evenbet.FINAL}"]
    assert only(who, "win").counts == 0


async def test_a_bet_stands_whose_rollback_is_refused(play: Play) -> None:
    """Accepted, called off, and the rollback hears a final code: the bet counts, and nobody is left in doubt."""
    who = provider("evenbet", replace(WINS, calls_off=1.0))
    heard = (await play(who, (200, {"balance": 5}), error(400))).heard
    bet = only(who, "bet")
    assert [message.path for message in heard] == ["/debit", "/rollback"]
    assert (bet.undo, bet.counts, bet.resolved, bet.given_up) == ("refused", -bet.amount, True, False)


# -- one client seen in the field


async def test_the_field_client_rolls_back_at_every_error_of_a_debit(play: Play) -> None:
    """A clean decline included, at once; the rollback that fails waits in a queue of six more tries."""
    who = provider("field")
    heard = (await play(who, error(1), *[error(900)] * 3)).heard
    assert [message.path for message in heard] == ["/debit"] + ["/rollback"] * 4
    assert who.book.steps[Step.UNDO, evenbet.FIELD_FAILED] == 1
    assert (only(who, "bet").undo, only(who, "bet").resolved) == ("done", True)


@pytest.mark.parametrize(
    ("answer", "undo", "given_up"), [(error(4), "done", False), (error(3), "refused", True), (Reset, "wanted", True)]
)
async def test_the_field_clients_queue_has_an_end(play: Play, answer: Any, undo: str, given_up: bool) -> None:
    """Seven rollbacks in all, whatever the error; what the last one said is believed."""
    who = provider("field")
    heard = (await play(who, error(1), *[answer] * 9)).heard
    bet = only(who, "bet")
    assert [message.path for message in heard] == ["/debit"] + ["/rollback"] * 7
    assert (bet.undo, bet.given_up, bet.counts) == (undo, given_up, 0)


async def test_the_field_client_rolls_back_a_credit_that_failed_twice(play: Play) -> None:
    """Once more with the same id, then the credit is rolled back and counts no more; the debit stands."""
    who = provider("field")
    heard = (await play(who, (200, {"balance": 5}), error(900), error(900))).heard
    win = only(who, "win")
    assert [message.path for message in heard] == ["/debit", "/credit", "/credit", "/rollback"]
    assert heard[1].raw == heard[2].raw
    assert heard[3]["refTransactionId"] == win.id
    assert (win.undo, win.counts) == ("done", 0)
    assert only(who, "bet").counts == -only(who, "bet").amount


def test_the_published_signature() -> None:
    """The page's vector: SHA-256 over the raw body followed by the key."""
    body = (
        b'{"token":"b91b664a8e2b558c240824f7da0e842c","gameId":"testGameId","endRound":false,"roundId":"29",'
        b'"transactionId":"d_182","amount":0}'
    )
    assert evenbet.sign(body, KEY) == "5a0314907c49dea0b8cc90533e80c82ce523285c5f01831e41f06a0d6ba69a6e"

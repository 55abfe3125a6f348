"""The simulated 155.io against a scripted operator: it does what the pages say after each answer."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.simulated.conftest import Play
from tests.simulated.operators import LOSES, WINS, Reset, Silence, marbles_word, only, provider, rsa_key
from tests.torture.providers import marbles
from tests.torture.providers.beliefs import Step
from tests.torture.providers.play import Patience

RETRY, UNDO = {"after_failed_bet": ["retry"]}, {"after_failed_bet": ["undo"]}
FAILURES = {
    "no answer": (Silence, marbles.SILENT),
    "closed": (Reset, marbles.SILENT),
    "HTTP 500 with a SUCCESS": ((500, marbles_word("SUCCESS")[1]), marbles.NOT_200),
    "HTTP 400 with a decline": ((400, marbles_word("INSUFFICIENT_BALANCE_ERROR")[1]), marbles.NOT_200),
    "UNKNOWN_ERROR": (marbles_word("UNKNOWN_ERROR"), marbles.FAILED),
    "the common typo": (marbles_word("BET_LIMIT_REACHED"), marbles.UNLISTED),
    "an aggregator's status": (marbles_word("RS_OK"), marbles.UNLISTED),
    "HTML": ((200, b"<html>"), marbles.SPEECHLESS),
    "no status": ((200, {"balance": 1}), marbles.SPEECHLESS),
}


async def test_a_round_is_a_bet_and_a_win_that_names_it(play: Play) -> None:
    """Major units times 100,000 as an integer, a signature over the raw body, the bet's id in the win."""
    who = provider("marbles")
    operator = await play(who)
    bet, win = only(who, "bet"), only(who, "win")
    assert [message.path for message in operator.heard] == ["/bet", "/win"]
    assert operator.told("transactionId") == [bet.id, win.id]
    assert operator.told("referenceTransactionId") == [None, bet.id]
    assert operator.told("amount") == [bet.amount * 100_000, win.amount * 100_000]
    assert operator.told("roundClosed") == [None, True]
    assert set(operator.told("timestamp")) == {"2026-02-02T02:40:00.250Z"}
    for message in operator.heard:
        signature = base64.b64decode(message.headers["X-Marbles-Signature"], validate=True)
        rsa_key().public_key().verify(signature, message.raw, padding.PKCS1v15(), hashes.SHA256())


async def test_every_settled_bet_gets_a_win_of_zero_for_a_loss(play: Play) -> None:
    """Each names its own bet; the last one closes the round."""
    who = provider("marbles", replace(LOSES, more_bets=1.0))
    operator = await play(who)
    assert [message.path for message in operator.heard] == ["/bet"] * 4 + ["/win"] * 4
    assert operator.told("referenceTransactionId")[4:] == operator.told("transactionId")[:4]
    assert operator.told("amount")[4:] == [0] * 4
    assert operator.told("roundClosed")[4:] == [False, False, False, True]


@pytest.mark.parametrize("status", sorted(marbles.DECLINES))
async def test_nothing_follows_a_declined_bet(play: Play, status: str) -> None:
    """A decline is a 200 with an error status, and final."""
    who = provider("marbles")
    operator = await play(who, marbles_word(status))
    assert [message.path for message in operator.heard] == ["/bet"]
    assert who.book.steps[Step.FAILED, marbles.DECLINED] == 1
    assert only(who, "bet").counts == 0


@pytest.mark.parametrize("case", FAILURES)
async def test_a_failed_bet_may_be_retried(play: Play, case: str) -> None:
    """Retries: the same transaction under a new requestId; the body of a non-200 is not even read."""
    answer, source = FAILURES[case]
    who = provider("marbles", **RETRY)
    operator = await play(who, answer, answer)
    assert [message.path for message in operator.heard] == ["/bet"] * 3 + ["/win"]
    assert len(set(operator.told("transactionId")[:3])) == 1
    assert len(set(operator.told("requestId"))) == 4
    assert who.book.steps[Step.RETRY, source] == 2
    assert only(who, "bet").state == "done"


@pytest.mark.parametrize("case", FAILURES)
async def test_a_failed_bet_may_be_rolled_back(play: Play, case: str) -> None:
    """Rollbacks: neither amount nor currency, the bet's id; the bet counts no more."""
    answer, source = FAILURES[case]
    who = provider("marbles", **UNDO)
    operator = await play(who, answer)
    assert [message.path for message in operator.heard] == ["/bet", "/rollback"]
    assert not {"amount", "currency"} & set(operator.heard[1].fields)
    assert operator.told("referenceTransactionId")[1] == operator.told("transactionId")[0]
    assert who.book.steps[Step.UNDO, source] == 1
    assert (only(who, "bet").undo, only(who, "bet").counts) == ("done", 0)


async def test_the_seed_chooses_between_retry_and_rollback(play: Play) -> None:
    """Over the rounds both happen."""
    who = provider("marbles")
    operator = await play(who, *[marbles_word("UNKNOWN_ERROR")] * 60, rounds=range(12))
    assert who.book.steps[Step.RETRY, marbles.FAILED] > 0
    assert who.book.steps[Step.UNDO, marbles.FAILED] > 0
    assert "/win" not in {message.path for message in operator.heard[:60]}


async def test_a_test_may_have_the_bet_left_alone(play: Play) -> None:
    """UNKNOWN_ERROR taken at its word, beyond what the pages say: nothing follows."""
    who = provider("marbles", after_failed_bet=["leave"])
    operator = await play(who, Silence)
    assert [message.path for message in operator.heard] == ["/bet"]
    assert (only(who, "bet").state, only(who, "bet").counts) == ("failed", 0)


async def test_processed_before_is_read_as_accepted_or_rolled_back(play: Play) -> None:
    """The page does not say how it was processed: the round's seed chooses, and either ends in certainty."""
    who = provider("marbles", **RETRY)
    script = [each for _ in range(20) for each in (Reset, marbles_word("DUPLICATE_TRANSACTION_ERROR"), *GOOD)]
    await play(who, *script, rounds=range(20))
    assert who.book.steps[Step.DONE, marbles.PROCESSED_DONE] > 0
    assert who.book.steps[Step.UNDO, marbles.PROCESSED_UNDO] > 0
    assert all(belief.resolved for belief in who.book)


GOOD = [marbles_word("SUCCESS")]


@pytest.mark.parametrize("until_heard", [False, True])
async def test_a_bet_that_is_never_answered_is_rolled_back_in_the_end(play: Play, until_heard: bool) -> None:
    """Six tries, unless its patience has no end."""
    who = provider("marbles", patience=Patience(until_heard), **RETRY)
    operator = await play(who, *[Reset] * 8)
    paths = [message.path for message in operator.heard]
    assert paths == (["/bet"] * 9 + ["/win"] if until_heard else ["/bet"] * 6 + ["/rollback"] * 3)


@pytest.mark.parametrize("answer", [marbles_word("UNKNOWN_ERROR"), marbles_word("INSUFFICIENT_BALANCE_ERROR"), Reset])
async def test_a_win_is_retried_and_then_left_to_people(play: Play, answer: Any) -> None:
    """Six tries are our guess; a decline is no word for a win. The prize still counts."""
    who = provider("marbles")
    operator = await play(who, *GOOD, *[answer] * 9)
    win = only(who, "win")
    assert [message.path for message in operator.heard] == ["/bet"] + ["/win"] * 6
    assert (win.given_up, win.counts) == (True, win.amount)
    assert who.book.steps[Step.DROP, marbles.USED_UP] == 1


async def test_an_answer_without_its_echo_is_odd(play: Play) -> None:
    """requestId and clientPlayerId are to be echoed: noted, the status decides all the same."""
    who = provider("marbles", WINS)
    await play(who, (200, {"status": "SUCCESS", "clientPlayerId": "1001", "balance": 1, "currency": "EUR"}))
    assert who.book.oddities == {"bet: SUCCESS without its requestId": 1}
    assert only(who, "bet").state == "done"


async def test_a_free_bet_has_no_amount(play: Play) -> None:
    """isFree, amount 0, a reward; its win is real money."""
    who = provider("marbles", replace(WINS, free=1.0))
    operator = await play(who)
    assert operator.told("isFree") == [True, True]
    assert operator.told("amount")[0] == 0
    assert only(who, "win").counts == only(who, "win").amount > 0

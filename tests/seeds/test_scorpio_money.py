"""Scorpio Play / SlotCity: deadlines and tries, what a cancel refunds, what a win pays, when a round is closed."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import LEAST_HORIZON_S
from gateway.exchange.callback import callback
from gateway.exchange.journey import Journey
from gateway.exchange.wishes import Answer, Delivery, Send
from tests.seeds.scorpio import NAMES, SILENT, body, only_books, send, told
from tests.seeds.stage import Stage, dialect


@pytest.fixture
def slot(stage: Callable[..., Stage]) -> Stage:
    """Player 1001 with EUR 100.00 at this vendor."""
    return stage("scorpio")


# ---- deadlines and retries


def answered_after(stage: Stage, command: str) -> float:
    """Virtual seconds until the answer leaves, when the wallet hangs for as long as it is let."""
    begun = stage.clock.now
    request = stage.sign("/", json.dumps(body(command)))
    flow = callback(request, stage.provider, stage.wallet, Journey("scorpio", "scorpio", begun, 0.0), stage.clock)
    wish, left = next(flow), begun
    try:
        while True:
            if isinstance(wish, Send):
                stage.clock.now = wish.until
                wish = flow.send(SILENT)
            elif isinstance(wish, Answer):
                left = stage.clock.now
                wish = flow.send(Delivery(left))
            else:
                wish = flow.send(stage.memory.do(wish))
    except StopIteration:
        return left - begun


@pytest.mark.parametrize(("command", "seconds"), [("balance", 4.0), ("bet", 3.0), ("win", 4.0), ("cancel", 4.0)])
def test_the_answer_leaves_inside_the_deadline_when_the_wallet_hangs(slot: Stage, command: str, seconds: float) -> None:
    """Four seconds, three for a bet: nine tenths of them are ours, the rest is the network's."""
    assert slot.dialect.deadline_s(NAMES[command]) == seconds
    slot.wallet = replace(slot.wallet, dialect=replace(slot.wallet.dialect, deadlines_ms={"default": 60_000}))
    assert seconds * 0.8 < answered_after(slot, command) < seconds * 0.9


def test_up_to_two_more_tries_of_win_and_cancel_and_none_of_balance_and_bet() -> None:
    """Three tries of four seconds fit into the stated span; one try has a span of 0."""
    assert dialect("scorpio").tree.get("retry_span_s") == {"balance": 0, "bet": 0, "win": 15, "rollback": 15}


@pytest.mark.parametrize("command", ["win", "cancel"])
def test_a_win_or_cancel_in_doubt_is_sent_again_and_then_applied_once(slot: Stage, command: str) -> None:
    """Twice silent, the third try is heard: the money moved once."""
    send(slot, "bet")
    slot.wallet_answers = only_books(slot)
    for _ in range(2):
        scene = send(slot, command)
        assert (scene.body["statusCode"], scene.journey.effect) == ("ERR_UNKNOWN", ("retries",))
    slot.wallet_answers = None
    assert told(send(slot, command)) == ("100.00", "OK")


@pytest.mark.parametrize("booked", [True, False])
def test_a_bet_in_doubt_is_never_retried_so_its_word_brings_the_cancel(slot: Stage, booked: bool) -> None:
    """The bet of unknown outcome is said with a word that is followed by a cancel, and the cancel finds the truth.

    The bet was begun here, so ERR_TRANSACTION_DOES_NOT_EXIST would not be true where the wallet has none of it.
    """
    slot.wallet_answers = only_books(slot) if booked else lambda request: SILENT
    scene = send(slot, "bet")
    assert (scene.body["statusCode"], scene.journey.effect) == ("ERR_UNKNOWN", ("rolls_back",))
    slot.wallet_answers = None
    cancelled = send(slot, "cancel")
    assert told(cancelled) == ("100.00", "OK")
    assert cancelled.journey.outcome == ("ok" if booked else "nothing_to_do")
    assert send(slot, "bet").body["statusCode"] == "ERR_UNKNOWN", "it must not become a bet after all"
    assert slot.balance == Decimal("100.00")


def test_a_repeated_bet_is_registered_once(slot: Stage) -> None:
    """The same transactionId again is OK with the balance of now, and takes nothing."""
    assert [told(send(slot, "bet")) for _ in range(3)] == [("90.00", "OK")] * 3


# ---- cancel


def test_a_cancel_has_an_id_of_its_own_and_names_the_bet_by_reference(slot: Stage) -> None:
    """transactionId is the cancel's and names our row of it; referenceId is the bet's, and the two are not swapped.

    The wallet undoes the bet under a key of the bet's: another cancel of it, and our own undoing, would be the same.
    """
    send(slot, "bet")
    (asked,) = send(slot, "cancel").asked
    assert (asked.transaction, asked.reference) == ("rev:scorpio::SP-bet", ("scorpio::SP-bet",))
    assert slot.memory.rows["scorpio::SP-cancel"].operation is Operation.ROLLBACK


def test_a_cancel_refunds_what_was_booked_and_not_what_it_states(slot: Stage) -> None:
    """A cancel that asks for 999 refunds the 10 of the bet, and somebody is told."""
    send(slot, "bet")
    scene = send(slot, "cancel", amount=999)
    assert told(scene) == ("100.00", "OK")
    assert scene.journey.alerts == ["amount_differs"]
    send(slot, "bet", transactionId="SP2")
    assert send(slot, "cancel", transactionId="SP3", referenceId="SP2").journey.alerts == []


def test_the_same_cancel_again_is_ok_and_another_one_is_rolled_back_already(slot: Stage) -> None:
    """The refund happens once, whatever ids ask for it."""
    send(slot, "bet")
    assert [send(slot, "cancel").body["statusCode"] for _ in range(2)] == ["OK", "OK"]
    other = send(slot, "cancel", transactionId="SP-other")
    assert told(other) == ("100.00", "ERR_TRANSACTION_ROLLED_BACK")


def test_a_cancel_that_overtakes_its_bet_buries_it(slot: Stage) -> None:
    """The referenced bet was never begun here; when it arrives after all it is refused and books nothing."""
    cancelled = send(slot, "cancel")
    assert told(cancelled) == ("100.00", "ERR_TRANSACTION_DOES_NOT_EXIST")
    assert cancelled.journey.effect == ("final",)
    late = send(slot, "bet")
    assert (late.body["statusCode"], late.journey.outcome) == ("ERR_UNKNOWN", "already_rolled_back")
    assert slot.balance == Decimal("100.00")


def test_a_cancel_in_doubt_is_the_same_to_the_wallet_after_its_bet_has_come(slot: Stage) -> None:
    """Silence to a cancel that overtook its bet; the bet is refused meanwhile; the next try is answered for good."""
    slot.wallet_answers = only_books(slot)
    assert send(slot, "cancel").journey.effect == ("retries",)
    slot.wallet_answers = None
    assert send(slot, "bet").body["statusCode"] == "ERR_UNKNOWN"
    again = send(slot, "cancel")
    assert again.journey.heard == "transaction_not_found"
    assert (again.body["statusCode"], again.journey.effect) == ("OK", ("done",)), "the bet was begun here by now"
    assert slot.balance == Decimal("100.00")


def test_whether_the_cancel_of_an_unknown_bet_comes_again_is_an_option(stage: Callable[..., Stage]) -> None:
    """The documents disagree on it; the answer's word is the same, what we expect of it is not."""
    scene = send(stage("scorpio", unknown_cancel="retried"), "cancel")
    assert scene.body["statusCode"] == "ERR_TRANSACTION_DOES_NOT_EXIST"
    assert scene.journey.effect == ("retries",)


def test_a_cancel_of_a_declined_bet_is_ok_and_refunds_nothing(slot: Stage) -> None:
    """Depending on the error a reversal may follow; the bet is known, and nothing of it was taken."""
    send(slot, "bet", amount=1000)
    assert told(send(slot, "cancel", amount=1000)) == ("100.00", "OK")


def test_a_cancel_after_the_win_is_refused(slot: Stage) -> None:
    """What has been won on is not refunded; there is no word of its own for it."""
    send(slot, "bet")
    send(slot, "win")
    scene = send(slot, "cancel")
    assert (scene.body["statusCode"], scene.journey.outcome) == ("ERR_UNKNOWN", "already_settled")
    assert slot.balance == Decimal("100.00")


# ---- win and round


def test_a_win_names_its_round_and_nothing_else(slot: Stage) -> None:
    """The bets of that round are looked up, and the wallet is told which it pays; a round without a bet is not paid."""
    assert all(each.name != "reference" for each in slot.dialect.variants["win"].fields)
    send(slot, "bet")
    (asked,) = send(slot, "win").asked
    assert (asked.round, asked.reference) == ("R1", ("scorpio::SP-bet",))
    stray = send(slot, "win", transactionId="SP2", roundId="R9")
    assert (stray.body["statusCode"], stray.journey.alerts) == ("ERR_UNKNOWN", ["credit_refused"])
    assert slot.balance == Decimal("100.00")


@pytest.mark.parametrize(("command", "finished"), [("bet", True), ("win", True), ("win", False)])
def test_is_round_finished_closes_the_round(slot: Stage, command: str, finished: bool) -> None:
    """On a bet: it lost, no win follows. On a win: it was the last one. A false leaves the round open."""
    send(slot, "bet", isRoundFinished=finished and command == "bet")
    if command == "win":
        send(slot, "win", isRoundFinished=finished)
    later = send(slot, "win", transactionId="SP2")
    assert later.body["statusCode"] == ("ERR_UNKNOWN" if finished else "OK")
    assert later.journey.outcome == ("round_closed" if finished else "ok")


# ---- what the documents leave to nobody


def test_a_win_that_was_given_up_after_three_tries_is_paid(slot: Stage) -> None:
    """After the last try they say nothing more: ours go on until the wallet answers, and the money moves once."""
    send(slot, "bet")
    slot.wallet_answers = only_books(slot)
    assert [send(slot, "win").body["statusCode"] for _ in range(3)] == ["ERR_UNKNOWN"] * 3
    slot.wallet_answers = lambda request: SILENT
    assert not any(errand.finished for errand in slot.recover(seconds=60))
    slot.wallet_answers = None
    assert slot.recover(seconds=60)[-1].finished
    assert slot.balance == Decimal("100.00")
    assert told(send(slot, "win")) == ("100.00", "OK")


@pytest.mark.parametrize("booked", [True, False])
def test_a_win_whose_bet_is_in_doubt_is_paid_after_it(slot: Stage, booked: bool) -> None:
    """It is held back, and repeated; its round proves that the bet is played, so the bet is booked and then the win."""
    slot.wallet_answers = only_books(slot) if booked else lambda request: SILENT
    send(slot, "bet")
    slot.wallet_answers = None
    scene = send(slot, "win", amount=4)
    assert (scene.body["statusCode"], scene.journey.effect, scene.asked) == ("ERR_UNKNOWN", ("retries",), [])
    slot.recover(seconds=120)
    assert slot.balance == Decimal("94.00")
    assert told(send(slot, "win", amount=4)) == ("94.00", "OK")


def test_a_bet_in_doubt_whose_cancel_never_comes_is_undone(slot: Stage) -> None:
    """At the horizon, when no message of theirs can still come; a copy of the bet that does come is refused."""
    slot.wallet_answers = only_books(slot)
    send(slot, "bet")
    slot.wallet_answers = None
    slot.recover(seconds=LEAST_HORIZON_S - 1)
    assert slot.balance == Decimal("90.00")
    slot.recover(seconds=2)
    assert slot.balance == Decimal("100.00")
    assert send(slot, "bet").body["statusCode"] == "ERR_UNKNOWN"
    assert told(send(slot, "cancel")) == ("100.00", "OK")
    assert slot.balance == Decimal("100.00")


# ---- the same table on the wallet's side


def test_the_table_plays_the_wallet_side_too(slot: Stage) -> None:
    """What it writes it reads again as the same call, and an answer means what was said, or that nobody knows."""
    facts: dict[str, Any] = {"player": "1001", "currency": "EUR", "transaction": "t1", "round": "R1"}
    bet = Call(Operation.BET, **facts, amount=Decimal("10.00"), round_end=False)
    win = Call(Operation.WIN, **{**facts, "transaction": "t2"}, amount=Decimal("3.00"))
    undo = Call(Operation.ROLLBACK, **{**facts, "transaction": "t3"}, reference=("t1",), amount=Decimal("10.00"))
    for call in (Call(Operation.BALANCE, player="1001", currency="EUR"), bet, win, undo):
        opened = slot.dialect.open(slot.write(call))
        form = slot.dialect.recognise(opened)
        assert slot.dialect.verify(form.name, opened, slot.provider.keys, 0.0) == "key 1"
        assert slot.dialect.read_call(form, opened) == call
    paid = slot.reads("bet", bet, slot.play(bet))
    assert (paid.outcome, paid.balance) == (Outcome.OK, Decimal("90.00"))
    poor = with_fields(bet, transaction="t4", amount=Decimal("1000.00"))
    assert slot.reads("bet", poor, slot.play(poor)).outcome is Outcome.INSUFFICIENT_FUNDS
    slot.wallet_answers = lambda request: SILENT
    assert slot.reads("rollback", undo, slot.play(undo)).outcome is Outcome.UNKNOWN

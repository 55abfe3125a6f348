"""155.io's amounts, free bets, rounds and rollbacks, and its table on the wallet's side."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.wire.jsontext import Bare, read_json
from gateway.wire.message import Request, Silence
from tests.seeds.marbles import Stages, refusal, send
from tests.seeds.stage import Stage

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


def test_a_balance_takes_its_currency_from_the_session(marbles: Stage) -> None:
    """/balance names no currency: the session's is recalled where it is known; the answer's is the wallet's own."""
    first = send(marbles, "/balance")
    again = send(marbles, "/balance")
    assert (first.asked[0].currency, again.asked[0].currency) == (None, "EUR")
    assert first.body == again.body


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
    """The wallet finds the amount by the reference; the money is back, and the answer carries the currency."""
    send(marbles, "/bet")
    scene = send(marbles, "/rollback")
    assert (scene.asked[0].amount, scene.asked[0].currency) == (None, "EUR")
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


@pytest.mark.parametrize("booked", [True, False])
def test_an_unknown_bet_that_is_not_brought_back_is_undone(marbles: Stage, booked: bool) -> None:
    """No document says which of the two follows; where neither does, three spans later the bet is undone by us."""

    def silent(request: Request) -> Silence:
        if booked:
            marbles.book(request)
        return Silence("no answer")

    marbles.wallet_answers = silent
    send(marbles, "/bet")
    marbles.wallet_answers = None
    marbles.recover(seconds=3 * 3600 - 60)
    assert marbles.balance == Decimal("90.00" if booked else "100.00")
    marbles.recover(seconds=120)
    assert marbles.balance == Decimal("100.00")
    assert send(marbles, "/rollback").body["status"] == "SUCCESS"
    assert send(marbles, "/bet").body["status"] == "UNKNOWN_ERROR"
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


@pytest.mark.parametrize("operation", [Operation.WIN, Operation.ROLLBACK])
@pytest.mark.parametrize(("ends", "closed"), [(None, False), (False, False), (True, True)])
def test_round_closed_is_always_written(marbles: Stage, operation: Operation, ends: Any, closed: bool) -> None:
    """The documents demand roundClosed, so a call that does not say is written as going on; reading does not insist."""
    amount = {"amount": Decimal(5), "currency": "EUR"} if operation is Operation.WIN else {}
    call = Call(operation, "q-9", player="1001", transaction="x-1", reference=("t-1",), round="r-1", round_end=ends,
                **amount)  # fmt: skip
    assert read_json(marbles.write(call).body)["roundClosed"] is closed

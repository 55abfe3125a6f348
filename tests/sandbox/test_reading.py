"""The sandbox wallet behind another dialect than the canonical one: what a message leaves out stands in its books."""

from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.sandbox.moods import Mood
from gateway.sandbox.reading import as_booked, read_call
from gateway.sandbox.server import SandboxServer
from gateway.sandbox.wallet import Wallet
from gateway.wire.message import Request, Response
from tests.exchange.driving import dialect
from tests.exchange.made_secrets import secrets

NOW = 1_800_000_000.0


@pytest.fixture
def wallet() -> Wallet:
    """A player with a session."""
    made = Wallet(clock=lambda: NOW)
    made.open_player("1001", "EUR", Decimal(100), session="s1")
    return made


def written(spoken: Dialect, operation: Operation, **facts: Any) -> Request:
    """A signed message of ours to a wallet of that dialect."""
    whole = {"request_id": "m1", "player": "1001", "currency": "EUR", "session": "s1", "game": "g", "round": "g1"}
    whole.update(facts)
    return spoken.write_call(Call(operation, **whole), spoken.bind(secrets(), "sender"), NOW)[1]


def read(spoken: Dialect, request: Request, wallet: Wallet) -> Call:
    """What the wallet makes of it."""
    opened = spoken.open(request)
    return read_call(spoken, spoken.recognise(opened), opened, wallet)


def test_by_a_token(wallet: Wallet) -> None:
    """EvenBet's debit names no player and no currency, and its amount is in minor units."""
    spoken = dialect("evenbet")
    call = read(spoken, written(spoken, Operation.BET, transaction="b1", amount=Decimal("2.50")), wallet)
    assert (call.player, call.currency, call.amount) == ("1001", "EUR", Decimal("2.50"))


def test_of_a_token_that_nobody_knows(wallet: Wallet) -> None:
    """There is no currency then, and no amount: a bad request, and no wrong one."""
    spoken = dialect("evenbet")
    message = written(spoken, Operation.BET, transaction="b1", amount=Decimal(1), session="nobody's")
    with pytest.raises(Fault) as fault:
        read(spoken, message, wallet)
    assert fault.value.outcome is Outcome.REQUEST_INVALID


def test_by_the_bet_that_it_names(wallet: Wallet) -> None:
    """155.io's rollback says no amount: as it was booked."""
    spoken = dialect("155io")
    wallet.apply(read(spoken, written(spoken, Operation.BET, transaction="b1", amount=Decimal("2.50")), wallet))
    call = read(spoken, written(spoken, Operation.ROLLBACK, transaction="r1", reference=("b1",)), wallet)
    assert (call.amount, call.currency) == (Decimal("2.50"), "EUR")
    unknown = read(spoken, written(spoken, Operation.ROLLBACK, transaction="r1", reference=("b9",)), wallet)
    assert (unknown.amount, unknown.currency) == (None, None)


def test_a_rollback_of_a_win_is_what_its_target_makes_it(wallet: Wallet) -> None:
    """EvenBet has one word for both undoings."""
    spoken = dialect("evenbet")
    for operation, transaction in ((Operation.BET, "b1"), (Operation.WIN, "w1")):
        message = written(spoken, operation, transaction=transaction, amount=Decimal(3))
        assert wallet.apply(read(spoken, message, wallet)).outcome is Outcome.OK
    undoing = {"transaction": "r1", "round_end": False}
    of_win = read(spoken, written(spoken, Operation.ROLLBACK, **undoing, reference=("w1",)), wallet)
    of_bet = read(spoken, written(spoken, Operation.ROLLBACK, **undoing, reference=("b1",)), wallet)
    assert (of_win.operation, of_bet.operation) == (Operation.ROLLBACK_WIN, Operation.ROLLBACK)


def test_ids_that_are_unique_within_an_operation(wallet: Wallet) -> None:
    """RubyPlay's cancel says the bet's id and none of its own: another key in the books, or it would be the bet."""
    spoken = dialect("rubyplay")
    bet = read(spoken, written(spoken, Operation.BET, transaction="b1", amount=Decimal(3)), wallet)
    wallet.apply(as_booked(spoken, bet))
    undo = read(spoken, written(spoken, Operation.ROLLBACK, transaction="r1", reference=("b1",)), wallet)
    assert (undo.transaction, as_booked(spoken, undo).transaction) == ("b1", "b1#rollback")
    assert wallet.apply(as_booked(spoken, undo)).outcome is Outcome.OK
    assert as_booked(dialect("canonical"), undo) == undo


@pytest.mark.parametrize("mood", [Mood.ODD_OUTCOME, Mood.WRONG_OUTCOME])
async def test_a_word_that_nobody_knows(wallet: Wallet, mood: Mood) -> None:
    """Whatever a wallet's words are: one of none is no success and no refusal."""
    spoken = dialect("hub88")
    keys = spoken.bind(secrets(), "sender")
    server = SandboxServer(spoken, secrets(), wallet=wallet, mood=mood, clock=lambda: NOW)
    await server.start()
    try:
        call = Call(
            Operation.BET, request_id="m1", player="1001", session="s1", currency="EUR", game="g", transaction="b1",
            amount=Decimal(1),
        )  # fmt: skip
        form, request = spoken.write_call(call, keys, NOW)
        async with (
            aiohttp.ClientSession() as client,
            client.post(server.url + request.path, data=request.body, headers=dict(request.headers)) as answer,
        ):
            response = Response(answer.status, tuple(answer.headers.items()), await answer.read())
    finally:
        await server.stop()
    assert b"as_you_like_it" in response.body
    assert spoken.read_reply(form.name, call, response, keys, NOW)[0].outcome is Outcome.UNKNOWN

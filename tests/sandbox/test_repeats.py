"""Moods about repeats, on real sockets: a message delivered twice, and a wallet that refuses what it has booked."""

from typing import Any

import pytest

from gateway.canon.operations import MONEY, Operation
from gateway.canon.outcomes import CAN_OCCUR
from gateway.sandbox.moods import Mood
from gateway.sandbox.server import refusal


async def test_a_message_delivered_twice_is_booked_once(line: Any) -> None:
    """The promise saves it: the caller hears the second answer, already_done, and the money moved once."""
    line.server.moods.set(Mood.DUPLICATE_DELIVERY)
    reply = await line("bet", "b1", amount="10")
    assert (reply.outcome, f"{reply.balance:.2f}") == ("already_done", "90.00")
    assert (await line("rollback", "rev:b1", reference=("b1",))).outcome == "already_done"
    assert f"{line.server.wallet.balance('ann'):.2f}" == "100.00"


async def test_without_the_promise_it_is_booked_twice(wallet_line: Any) -> None:
    """Two operations under one key, and an ok that does not tell."""
    line = await wallet_line("idempotent")
    line.server.moods.set(Mood.DUPLICATE_DELIVERY)
    reply = await line("bet", "b1", amount="10")
    assert (reply.outcome, f"{reply.balance:.2f}") == ("ok", "80.00")
    assert [copy.state for copy in line.server.wallet.records.copies("b1")] == ["applied", "applied"]


async def test_a_wallet_that_forgets_refuses_what_it_booked(line: Any) -> None:
    """insufficient_funds to the repeat of a bet that was taken: the refusal proves nothing, status does."""
    line.server.moods.set(Mood.FORGETS)
    assert (await line("bet", "b1", amount="10")).outcome == "ok"
    for _ in range(2):
        reply = await line("bet", "b1", amount="10")
        assert (reply.outcome, f"{reply.balance:.2f}") == ("insufficient_funds", "90.00")
    assert (await line("status", "b1")).outcome == "ok"
    assert line.server.calls.lines()[0]["outcomes"] == ["ok", "insufficient_funds", "insufficient_funds"]
    line.server.moods.clear()
    assert (await line("bet", "b1", amount="10")).outcome == "already_done"
    assert f"{line.server.wallet.balance('ann'):.2f}" == "90.00"


async def test_a_wallet_that_forgets_is_honest_of_what_it_did_not_book(line: Any) -> None:
    """A declined bet stays declined, an undone one is undone, and reads are answered."""
    line.server.moods.set(Mood.FORGETS)
    assert (await line("bet", "b1", amount="500")).outcome == "insufficient_funds"
    await line("bet", "b2", amount="10")
    assert (await line("rollback", "rev:b2", reference=("b2",))).outcome == "ok"
    assert (await line("bet", "b2", amount="10")).outcome == "already_rolled_back"
    assert (await line("rollback", "rev:b2", reference=("b2",))).outcome == "transaction_not_found"
    assert (await line("win", "w1", amount="5")).outcome == "ok"
    assert (await line("win", "w1", amount="5")).outcome == "transaction_not_found"
    assert (await line("balance")).outcome == "ok"


@pytest.mark.parametrize("operation", sorted(MONEY))
def test_what_it_refuses_with_is_a_word_that_the_operation_can_have(operation: Operation) -> None:
    """A refusal that reads as one; anything else would be doubt, which a caller is careful about anyway."""
    word = refusal(operation)
    assert word in CAN_OCCUR[operation]
    assert (word.moved.value, word.lasting) == ("no", True)

"""Calls, replies and faults."""

from decimal import Decimal

import pytest
from msgspec.structs import fields

from gateway.canon.calls import AMOUNTS, CALL_FIELDS, REPLY_FIELDS, Call, Reply, Shape
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome


def test_lists_match_the_classes() -> None:
    """The closed lists of fields are exactly the attributes, so that no field lacks a converter.

    `undoes` chooses among a wallet's words, and stands in no message.
    """
    assert [field.name for field in fields(Call)] == ["operation", *CALL_FIELDS, "undoes"]
    assert [field.name for field in fields(Reply)] == ["outcome", *REPLY_FIELDS]


def test_amounts_are_the_amounts() -> None:
    """Every field of the AMOUNT shape is listed, and `amount` is one."""
    assert {name for name, shape in CALL_FIELDS.items() if shape is Shape.AMOUNT} == AMOUNTS
    assert "amount" in AMOUNTS
    assert "currency" not in AMOUNTS


def test_facts_are_what_is_present() -> None:
    """Absent fields are left out; zero, false and the empty bag are present."""
    call = Call(Operation.BET, player="p", amount=Decimal(0), free=False, details={})
    assert call.facts() == {"player": "p", "amount": Decimal(0), "free": False, "details": {}}
    reply = Reply(Outcome.OK, balance=Decimal(0), currency="EUR")
    assert reply.facts() == {"balance": Decimal(0), "currency": "EUR"}
    assert Call(Operation.HEALTH).facts() == {}


def test_calls_and_replies_do_not_change() -> None:
    """Both are immutable."""
    with pytest.raises(AttributeError, match="immutable"):
        Call(Operation.BET).player = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        Reply(Outcome.OK).balance = Decimal(1)  # type: ignore[misc]


def test_a_fault_carries_its_outcome() -> None:
    """The outcome is what is answered; the text names it and the reason."""
    fault = Fault(Outcome.AMOUNT_INVALID, "negative amount")
    assert fault.outcome is Outcome.AMOUNT_INVALID
    assert fault.why == "negative amount"
    assert str(fault) == "amount_invalid: negative amount"

"""Records made by the short way are what the long way makes."""

from dataclasses import FrozenInstanceError, replace
from decimal import Decimal

import pytest

from gateway.canon.calls import Call, Reply, call_of, call_with, reply_of
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome


def test_what_is_built_is_what_the_class_makes() -> None:
    """Equal, of the same class, and as frozen."""
    call = call_of(operation=Operation.BET, player="p", amount=Decimal(1))
    assert call == Call(Operation.BET, player="p", amount=Decimal(1))
    assert reply_of(outcome=Outcome.OK, balance=Decimal(2)) == Reply(Outcome.OK, balance=Decimal(2))
    assert type(call) is Call
    with pytest.raises(FrozenInstanceError):
        call.player = "other"  # type: ignore[misc]


def test_what_is_changed_is_what_replace_gives() -> None:
    """The original stays as it was."""
    call = Call(Operation.BET, player="p", amount=Decimal(1))
    assert call_with(call, player=None, round="g") == replace(call, player=None, round="g")
    assert call.player == "p"


def test_what_is_missing_or_unknown_is_told() -> None:
    """No record is made with a hole in it, and no word is dropped."""
    with pytest.raises(TypeError, match="operation"):
        call_of(player="p")
    with pytest.raises(KeyError):
        call_of(operation=Operation.BET, plaier="p")
    with pytest.raises(KeyError):
        call_with(Call(Operation.BET), plaier="p")

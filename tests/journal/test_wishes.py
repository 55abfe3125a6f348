"""Wishes are values: equal when they ask the same, and nothing changes them on their way."""

import pytest
from msgspec.structs import fields

from gateway.canon.outcomes import Outcome
from gateway.journal.memory import Memory
from gateway.journal.states import State
from gateway.journal.wishes import Lease, Look, Reap, Recall, Record, Remember, Settle, Told, Wait, Wish
from tests.journal.calls import bet

EVERY: list[Wish] = [
    bet(), Look("k"), Record("k", None, State.OPEN, Outcome.BUSY, None), Told("k", 1, None), Wait("k", 0.0),
    Recall("acme", "session", "s"), Remember("acme", "session", "s", {}), Lease(1), Settle("k", "me/1"),
    Reap(frozenset()),
]  # fmt: skip


@pytest.mark.parametrize("wish", EVERY, ids=lambda wish: type(wish).__name__)
def test_immutable_and_performed(wish: Wish) -> None:
    """No wish can be changed, and the memory performs each one."""
    with pytest.raises(AttributeError, match="immutable"):
        setattr(wish, fields(wish)[0].name, "other")
    Memory().do(wish)


def test_a_record_releases_unless_it_says_otherwise() -> None:
    """The usual end of a call."""
    assert Record("k", None, State.OPEN, Outcome.BUSY, None).release


def test_every_kind_of_wish_is_listed() -> None:
    """`Wish` names them all."""
    assert set(Wish.__args__) == {type(wish) for wish in EVERY}

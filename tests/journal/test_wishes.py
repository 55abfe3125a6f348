"""Wishes are values: equal when they ask the same, and nothing changes them on their way."""

from dataclasses import FrozenInstanceError

import pytest

from gateway.canon.outcomes import Outcome
from gateway.journal.memory import Memory
from gateway.journal.wishes import Claim, Look, Recall, Record, Remember, State, Told, Wish

EVERY: list[Wish] = [
    Claim("k", ("bet",)),
    Look("k"),
    Record("k", State.OPEN, Outcome.BUSY, None),
    Told("k", None),
    Recall("acme", "session", "s"),
    Remember("acme", "session", "s", {}),
]


@pytest.mark.parametrize("wish", EVERY, ids=lambda wish: type(wish).__name__)
def test_immutable_and_performed(wish: Wish) -> None:
    """No wish can be changed, and the memory performs each one."""
    with pytest.raises(FrozenInstanceError):
        setattr(wish, next(iter(wish.__slots__)), "other")  # type: ignore[union-attr]
    Memory().do(wish)


def test_a_record_releases_unless_it_says_otherwise() -> None:
    """The usual end of a call."""
    assert Record("k", State.OPEN, Outcome.BUSY, None).release


def test_every_kind_of_wish_is_listed() -> None:
    """`Wish` names them all."""
    assert set(Wish.__args__) == {type(wish) for wish in EVERY}

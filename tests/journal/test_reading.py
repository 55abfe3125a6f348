"""Names that people have for a row, and which rows have to do with each other."""

import pytest

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.journal.reading import keys_of, related
from gateway.journal.states import Row


def row(key: str, operation: Operation, *references: str, **facts: str) -> Row:
    """A row of player p1."""
    return Row(key, "a", key, operation, call=Call(operation, reference=references or None), player="p1", **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a::1", ("a::1",)),
        ("rev:a::1", ("a::1",)),
        ("rev12:a::1", ("a::1",)),
        ("rev:a::1+rev2:a::2", ("a::1+rev2:a::2", "a::1", "a::2")),
        ("rev:a::1+2", ("a::1+2",)),
        ("reverse:a", ("reverse:a",)),
        ("rev:rev:1", ("rev:1",)),
        ("a::1#win", ("a::1#win", "a::1")),
        ("rev2:a::1#win", ("a::1#win", "a::1")),
    ],
)
def test_keys_that_a_text_may_mean(text: str, keys: tuple[str, ...]) -> None:
    """A reversal's key means what it undoes; one of several, each of them; an id may hold any of these signs itself."""
    assert keys_of(text) == keys


def test_what_has_to_do_with_each_other() -> None:
    """Who names whom, by reference, undoing or payment; a win without a name, and the bets of its player's round."""
    bet, other = row("b", Operation.BET, round="r"), row("c", Operation.BET, round="r")
    pairs = [
        (row("x", Operation.ROLLBACK, "b"), True),
        (row("w", Operation.WIN, "b", round="r"), True),
        (row("w", Operation.WIN, "c", round="r"), False),
        (row("w", Operation.WIN, round="r"), True),
        (row("w", Operation.WIN, round="s"), False),
        (row("e", Operation.END_ROUND, round="r"), True),
        (row("x", Operation.ROLLBACK, round="r"), False),
        (other, False),
        (row("y", Operation.ROLLBACK, undo_by="b"), True),
    ]
    for one, expected in pairs:
        assert related(bet, one) == related(one, bet) == expected, one
    assert related(row("b", Operation.BET, settled_by="w"), row("w", Operation.WIN))
    assert related(row("b", Operation.BET, undo_by="x"), row("x", Operation.ROLLBACK))
    assert not related(row("b", Operation.BET), row("w", Operation.WIN))

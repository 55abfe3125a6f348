"""No shipped dialect, operation, fault or history is left out of what `make test` plays of the matrices."""

from gateway.canon.operations import Operation
from tests.exchange.shipped import BETTING, DIALECTS, dialect
from tests.matrix import test_states, test_story
from tests.matrix.columns import GAMES, columns, share
from tests.matrix.faults import HISTORIES, faults
from tests.matrix.states import STATES


def test_every_dialect_of_bets_has_its_columns() -> None:
    """Each that the shelf has, with each operation of a game that it knows."""
    assert {name for name, _ in columns()} == set(BETTING)
    assert all((name, Operation.BET) in columns() for name in BETTING)
    played = {operation for name in BETTING for operation in dialect(name).operations()}
    assert set(GAMES) <= played


def test_together_the_others_play_every_cell() -> None:
    """Every fault in every history, and in every state of the bet; none of them plays nothing."""
    others = [name for name in BETTING if name not in DIALECTS]
    cells = [
        (history, fault.name) for history in HISTORIES for fault in faults(Operation.BET, money=True, currency=True)
    ]
    shares = [share(name, cells) for name in others]
    assert {cell for each in shares for cell in each} == set(cells)
    assert all(shares)
    found = {
        (state, fault.name)
        for name in others
        for operation in test_states.TARGET
        for state in STATES
        for fault in test_states.chosen(name, operation, state)
    }
    whole = {
        (state, fault.name)
        for state in STATES
        for operation in test_states.TARGET
        for fault in test_states.chosen(DIALECTS[0], operation, state)
    }
    assert found == whole


def test_the_columns_of_the_story_are_those_of_the_shelf() -> None:
    """By the list itself."""
    assert columns() == test_story.COLUMNS

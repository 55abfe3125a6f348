"""Pure steps of writing down what came of a call, cell by cell."""

from itertools import product

import pytest

from gateway.canon.operations import Operation
from gateway.journal.recording import withdrawn
from gateway.journal.states import State, replace
from tests.journal.calls import made

CERTAIN = {State.OPEN: State.BURIED, State.DECLINED: State.DECLINED, State.BURIED: State.BURIED}


@pytest.mark.parametrize("state", State)
def test_an_undoing_is_withdrawn_only_where_nothing_can_have_been_applied(state: State) -> None:
    """Nor may it be under way, or have left before: then it is the wallet's to say what became of it."""
    for undo, undo_sent, holder in product((True, False), (True, False), (None, "me/1")):
        row = replace(made(Operation.BET, "b1"), state=state, undo=undo, undo_sent=undo_sent, holder=holder)
        after = withdrawn(row)
        if undo and not undo_sent and holder is None and state in {*CERTAIN, State.REVERSED}:
            assert (after.undo, after.state) == (False, CERTAIN.get(state, state))
        else:
            assert after == row

"""Messages that cross each other on the way: what the wallet hears must not depend on which of them came first."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import State
from tests.exchange.driving import DIALECTS, World
from tests.exchange.endings import silent, silent_after_booking

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
every_dialect = pytest.mark.parametrize("name", DIALECTS)


@every_dialect
@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_a_rollback_is_repeated_in_its_own_words_after_its_bet_has_come(name: str, hop: object) -> None:
    """The bet was never seen, its rollback's answer was lost, the bet comes late: the same key has the same content.

    A wallet that counts a key once refuses another content under it, and the rollback would never be answered.
    """
    world = World(name)
    world.tell(world.request(ROLLBACK, "rb1"), hop, hop)  # type: ignore[arg-type]
    assert not world.tell(world.request(BET)).money_sends
    again = world.tell(world.request(ROLLBACK, "rb1"))
    assert again.outcome in (Outcome.NOTHING_TO_DO, Outcome.TRANSACTION_NOT_FOUND)
    row = world.row("t1")
    assert row is not None
    assert row.state is State.BURIED
    assert world.balance == Decimal("100.00")

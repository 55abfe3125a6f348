"""On whose behalf the wallet is asked, and how dear that is: what the gate sheds first goes by nothing else."""

import pytest

from gateway.canon.operations import Operation
from gateway.exchange.asking import lane
from gateway.exchange.wishes import Lane, Priority, Send
from gateway.wire.message import Ending
from tests.exchange.driving import World
from tests.exchange.endings import Hop, honest, not_sent, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
DEAR = {
    Priority.REVERSAL: {
        Operation.ROLLBACK, Operation.ROLLBACK_WIN, Operation.RELEASE, Operation.WITHDRAW_CANCEL,
    },
    Priority.CREDIT: {Operation.WIN, Operation.PROMO_WIN, Operation.END_ROUND, Operation.DEPOSIT, Operation.STATUS},
    Priority.DEBIT: {
        Operation.BET, Operation.BET_WIN, Operation.RESERVE, Operation.WITHDRAW_REQUEST, Operation.AUTHENTICATE,
    },
    Priority.READ: {Operation.BALANCE, Operation.PLAYER},
}  # fmt: skip


@pytest.mark.parametrize(
    ("priority", "operation"), [(each, one) for each, some in DEAR.items() for one in sorted(some)]
)
def test_how_dear_a_call_is(priority: Priority, operation: Operation) -> None:
    """A reversal is dearest; what asks on behalf of money is as dear as money; a balance can wait."""
    assert lane("acme", operation) == Lane("acme", priority, outbox=False)
    assert lane("acme", operation, outbox=True) == Lane("acme", priority, outbox=True)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_callback_asks_on_behalf_of_its_provider(name: str) -> None:
    """Its money and its questions, each in a lane of its own, and none of them in the outbox's."""
    world = World(name)
    for operation, transaction, priority in (
        (BET, "t1", Priority.DEBIT),
        (WIN, "w1", Priority.CREDIT),
        (Operation.BALANCE, "", Priority.READ),
        (BET, "t2", Priority.DEBIT),
        (ROLLBACK, "rb1", Priority.REVERSAL),
    ):
        facts = {"reference": ("t2",)} if operation is ROLLBACK else {}
        sends = world.tell(world.request(operation, transaction, **facts)).sends
        assert sends[0].lane == Lane("acme", priority, outbox=False), operation


@pytest.mark.parametrize("name", DIALECTS)
def test_our_outbox_asks_in_its_own_lane(name: str) -> None:
    """What became of a bet, a win that is owed, an undoing: each as dear as for its provider, but apart."""
    world = World(name)
    seen: list[tuple[str, Lane]] = []

    def noting(inner: World, wish: Send) -> Ending:
        seen.append((wish.request.path, wish.lane))
        return honest(inner, wish)

    def owed(operation: Operation, transaction: str, *hops: Hop, **facts: object) -> None:
        world.tell(world.request(operation, transaction, **facts), *hops)

    owed(BET, "t1", silent_after_booking, silent)
    world.recover(noting)
    owed(WIN, "w1", not_sent, not_sent)
    world.recover(noting, seconds=1)
    owed(BET, "t2")
    owed(ROLLBACK, "rb1", not_sent, not_sent, reference=("t2",))
    world.recover(noting, seconds=1)
    assert seen == [
        ("/status", Lane("acme", Priority.CREDIT, outbox=True)),
        ("/win", Lane("acme", Priority.CREDIT, outbox=True)),
        ("/rollback", Lane("acme", Priority.REVERSAL, outbox=True)),
    ]

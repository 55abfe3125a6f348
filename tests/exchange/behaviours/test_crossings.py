"""Messages that cross each other on the way: what the wallet hears must not depend on which of them came first."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Send
from gateway.journal.states import State
from gateway.journal.wishes import Wait
from gateway.wire.message import Ending, Heard
from tests.exchange.driving import PROMISES, World, dialect
from tests.exchange.endings import hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

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


@pytest.mark.parametrize("hop", [honest, silent_after_booking, not_sent])
def test_a_win_of_the_round_does_not_settle_a_bet_that_is_to_be_undone(hop: object) -> None:
    """Scorpio's win names its round alone: the wallet is told which of two bets it pays, and undoes the other one."""
    world = World("scorpio")
    world.tell(world.request(BET, "t1"), silent_after_booking)
    world.tell(world.request(BET, "t2"))
    world.tell(world.request(WIN, "w1"), hop)  # type: ignore[arg-type]
    undone = world.tell(world.request(ROLLBACK, "rb1", reference=("t1",)))
    world.recover(seconds=20_000)
    assert [call.reference for call in world.booked if call.operation is WIN][-1] == ("acme::t2",)
    assert undone.outcome is Outcome.OK
    assert world.balance == Decimal("95.00")
    rows = [world.row(name) for name in ("t1", "t2", "w1")]
    assert [row and row.parked for row in rows] == [None] * 3


def test_a_win_names_its_bet_in_the_same_words_at_every_try() -> None:
    """One key, one content: a second bet that is confirmed between two tries is not added to what the wallet heard."""
    world = World("scorpio")
    world.tell(world.request(BET, "t1"))
    world.tell(world.request(WIN, "w1"), silent)
    world.tell(world.request(BET, "t2"))
    assert world.tell(world.request(WIN, "w1")).outcome is Outcome.OK
    assert [call.reference for call in world.booked if call.operation is WIN] == [("acme::t1",)]


def test_a_win_says_its_round_alone_where_the_wallet_promises_no_references() -> None:
    """What such a wallet makes of a reference is not promised either."""
    world = World("scorpio", promises=PROMISES - {"references"})
    world.tell(world.request(BET, "t1"))
    world.tell(world.request(WIN, "w1"))
    assert [call.reference for call in world.booked if call.operation is WIN] == [None]


@pytest.mark.parametrize("name", ["155io", "scorpio", "evenbet"])
@pytest.mark.parametrize("hop", [silent, not_sent])
def test_a_win_that_ends_its_round_comes_after_those_that_are_not_paid_yet(name: str, hop: object) -> None:
    """The first win's line broke, and its provider goes on: a wallet refuses what comes after the end of a round."""
    world = World(name)
    world.tell(world.request(BET, "t1"))
    world.tell(world.request(BET, "t2"))
    world.tell(world.request(WIN, "w1", round_end=False), hop, hop)  # type: ignore[arg-type]
    last = world.request(WIN, "w2", reference=("t2",), round_end=True)
    held = world.tell(last)
    assert not held.money_sends
    assert held.effect == {"retries"}
    world.recover(seconds=20_000)
    assert [call.transaction for call in world.booked if call.operation is WIN][-2:] == ["acme::w1", "acme::w2"]
    assert world.tell(last).outcome is Outcome.OK
    assert world.balance == Decimal("90.00")
    assert [row.parked for row in world.memory.rows.values()] == [None] * 4


@pytest.mark.parametrize("name", [each for each in DIALECTS if "round_end" in dialect(each).variants["win"].given])
def test_a_win_that_ends_its_round_waits_for_one_on_its_way(name: str) -> None:
    """Inside its deadline: when the other one has landed, it is paid too."""
    world = World(name)
    world.tell(world.request(BET, "t1"))
    world.tell(world.request(WIN, "w1", round_end=False), hangs)
    world.meanwhile = [lambda: world.finish(honest)]
    last = world.tell(world.request(WIN, "w2", round_end=True))
    assert [wish.key for wish in last.wishes if isinstance(wish, Wait)] == ["acme::w1"]
    assert last.outcome is Outcome.OK
    assert world.balance == Decimal("100.00")


NOTHING = refuses(Outcome.TRANSACTION_NOT_FOUND)


@every_dialect
@pytest.mark.parametrize("hops", [[(silent_after_booking, NOTHING)], [(silent_after_booking, silent), (NOTHING,)]])
def test_nothing_to_undo_after_an_undoing_that_was_not_answered_means_that_it_took(name: str, hops: list[Any]) -> None:
    """Two attempts, inside one callback or in two: the first undid the bet and was lost, the second finds nothing.

    The provider was told that its bet stands: it must not hear that there never was one.
    """
    world = World(name)
    world.tell(world.request(BET))
    told = [world.tell(world.request(ROLLBACK, "rb1"), *each) for each in hops]
    assert told[-1].outcome is Outcome.OK
    row = world.row("t1")
    assert row is not None
    assert (row.parked, row.state, row.step) == (None, State.REVERSED, None)
    assert world.balance == Decimal("100.00")


@every_dialect
def test_a_status_in_another_currency_resolves_nothing(name: str) -> None:
    """What it says was booked is not what we sent; kept, it would be told to the provider as its balance."""
    world = World(name)
    world.tell(world.request(BET), silent_after_booking, silent)

    def elsewhere(world: World, wish: Send) -> Ending:
        return Heard(world.says(wish.request, currency="JPY"))

    world.recover(elsewhere)
    doubtful = world.row("t1")
    assert doubtful is not None
    assert (doubtful.state, doubtful.reply) == (State.UNKNOWN, None)
    world.recover(seconds=5.0)
    booked = world.row("t1")
    assert booked is not None
    assert (booked.state, booked.reply and booked.reply.currency) == (State.APPLIED, "EUR")

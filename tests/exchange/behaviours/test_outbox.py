"""What our outbox does of its own accord: asks, repeats, undoes, waits its turn, and hands over to a human."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Send
from gateway.journal.states import Policy, State, Step
from gateway.journal.wishes import Reap
from gateway.wire.message import Ending
from tests.exchange.driving import PROMISES, World
from tests.exchange.endings import answers, hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
every_dialect = pytest.mark.parametrize("name", DIALECTS)
NOTHING = frozenset[str]()


def less(world: World, promises: frozenset[str]) -> World:
    """The same world, in which we believe no more than these promises; the wallet itself stays honest."""
    world.policy = Policy(promises, chance=lambda: 1.0)
    world.memory.policy = world.policy
    world.wallet = type(world.wallet)(**{**world.wallet.__dict__, "promises": promises})
    return world


@every_dialect
@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_a_doubt_is_asked_about_at_once(name: str, hop: object) -> None:
    """`status` answers: applied. "Never seen" is believed only once nothing can be on its way any more."""
    world = World(name)
    world.tell(world.request(BET), hop)  # type: ignore[arg-type]
    errands = world.recover(seconds=1)
    assert errands[0].step is Step.ASK
    row = world.row("t1")
    assert row is not None
    assert row.state is (State.APPLIED if hop is silent_after_booking else State.UNKNOWN)
    world.recover(seconds=61 + 60)
    row = world.row("t1")
    assert row is not None
    assert row.state is (State.APPLIED if hop is silent_after_booking else State.OPEN)
    assert world.tell(world.request(BET)).outcome is Outcome.OK
    assert world.balance == Decimal("90.00")


@every_dialect
def test_nothing_is_sent_to_be_found_out_that_might_move_money(name: str) -> None:
    """Asking about a bet is a read: the outbox never repeats a bet that no win has named."""
    world = World(name)
    world.tell(world.request(BET), silent)
    world.booked.clear()
    world.recover(seconds=500)
    assert not world.booked


@every_dialect
def test_a_doubt_that_nobody_can_end_is_parked_and_itemised(name: str) -> None:
    """A wallet without promises: the bet is not sent twice, not undone blindly; a human decides."""
    world = less(World(name), NOTHING)
    world.tell(world.request(BET), silent_after_booking)
    again = world.tell(world.request(BET))
    assert again.outcome is Outcome.UNKNOWN
    assert not again.money_sends
    undo = world.tell(world.request(ROLLBACK, "rb1"))
    assert undo.outcome is Outcome.UNKNOWN
    assert not undo.money_sends
    world.recover(seconds=50_000)
    row = world.row("t1")
    assert row is not None
    assert row.parked is not None
    assert world.balance == Decimal("90.00")
    win = world.tell(world.request(WIN, "w1"))
    assert not win.money_sends


@every_dialect
def test_a_win_in_doubt_that_nobody_can_end_is_parked(name: str) -> None:
    """Never sent twice to a wallet that may pay it twice."""
    world = less(World(name), NOTHING)
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), silent_after_booking)
    row = world.row("w1")
    assert row is not None
    assert row.parked is not None
    assert not world.tell(world.request(WIN, "w1")).money_sends
    assert not world.recover(seconds=5000)
    assert world.balance == Decimal("95.00")


@every_dialect
def test_a_reversal_in_doubt_is_not_sent_twice_to_a_wallet_that_counts_it_twice(name: str) -> None:
    """Without `idempotent` a second try of a rollback asks first, whoever makes it."""
    world = less(World(name), PROMISES - {"idempotent"})
    world.tell(world.request(BET))
    world.tell(world.request(ROLLBACK, "rb1"), silent_after_booking)
    again = world.tell(world.request(ROLLBACK, "rb1"))
    assert not again.money_sends
    world.recover(seconds=100)
    assert sum(call.operation is ROLLBACK for call in world.booked) == 1
    assert world.tell(world.request(ROLLBACK, "rb1")).outcome is Outcome.OK
    assert world.balance == Decimal("100.00")


@every_dialect
def test_a_bet_in_doubt_is_not_undone_blindly(name: str) -> None:
    """Without `references` undoing what was never booked would be a gift: it is asked first, after it can land."""
    world = less(World(name), PROMISES - {"references"})
    world.tell(world.request(BET), silent)
    undo = world.tell(world.request(ROLLBACK, "rb1"))
    assert not undo.money_sends
    world.recover(seconds=30)
    assert not [call for call in world.booked if call.operation is ROLLBACK]
    world.recover(seconds=200)
    assert not [call for call in world.booked if call.operation is ROLLBACK]
    row = world.row("t1")
    assert row is not None
    assert row.state is State.BURIED
    assert world.tell(world.request(ROLLBACK, "rb1")).outcome is Outcome.NOTHING_TO_DO


@every_dialect
def test_a_poisoned_row_delays_only_its_own_chain(name: str) -> None:
    """One win is refused by a wallet that is in doubt of it, for a day; another player's round is paid at once."""
    world = World(name)
    for number in (1, 2):
        world.tell(world.request(BET, f"t{number}", round=f"g{number}"))

    def poison(inner: World, wish: Send) -> Ending:
        bad = b"acme::w1" in wish.request.body or any("acme::w1" in value for _, value in wish.request.headers)
        return (answers(500) if bad else honest)(inner, wish)

    for number in (1, 2):
        facts = {"reference": (f"t{number}",), "round": f"g{number}"}
        world.tell(world.request(WIN, f"w{number}", **facts), silent, silent)
    world.recover(poison, seconds=300)
    assert world.balance == Decimal("85.00")
    world.recover(poison, seconds=200_000, most=60_000)
    row = world.row("w1")
    assert row is not None
    assert row.parked == "tried for a day without a definite answer"
    assert world.tell(world.request(WIN, "w1", round="g1")).outcome is Outcome.OK
    assert world.balance == Decimal("90.00")


@every_dialect
def test_what_must_happen_in_order_does(name: str) -> None:
    """A bet in doubt and its win: the win waits for its bet however often the bet's own step comes to nothing."""
    world = World(name)
    world.tell(world.request(BET), silent, silent)
    world.tell(world.request(WIN, "w1"))
    world.recover(answers(500), seconds=100)
    assert not [call for call in world.booked if call.operation is WIN]
    world.recover(seconds=400)
    assert [call.operation for call in world.booked][-1] is WIN
    assert world.balance == Decimal("95.00")


@every_dialect
@pytest.mark.parametrize("flight", ["bet", "win", "rollback"])
@pytest.mark.parametrize("wakes", [True, False])
def test_a_dead_instance_leaves_its_calls_in_doubt(name: str, flight: str, wakes: bool) -> None:
    """Its heartbeat stopped with a call on its way: in doubt, resolved; and if it wakes, it does no harm."""
    world = World(name)
    if flight != "bet":
        world.tell(world.request(BET))
    operation = Operation(flight)
    target = {"bet": "t1", "win": "w1", "rollback": "rb1"}[flight]
    world.tell(world.request(operation, target), hangs)
    assert world.memory.do(Reap(frozenset({"memory"}))) >= 1
    assert not world.in_flight
    if not wakes:
        world.running.pop()
    world.recover(seconds=1)
    if wakes:
        world.finish(honest)
    world.recover(seconds=300)
    again = world.tell(world.request(operation, target))
    assert again.outcome is Outcome.OK
    assert world.balance == {"bet": Decimal(90), "win": Decimal(95), "rollback": Decimal(100)}[flight]


@every_dialect
def test_our_own_errand_dies_on_its_way(name: str) -> None:
    """The outbox's call hangs and its instance is reaped; another does the step, and the late word changes nothing."""
    world = World(name)
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), silent, silent)
    world.clock.now += 5

    def deliver_hangs(inner: World, wish: Send) -> Ending:
        return (hangs if wish.request.path == "/win" else honest)(inner, wish)

    world.recover(deliver_hangs, seconds=70)
    assert world.in_flight == {"acme::w1"}
    world.memory.do(Reap(frozenset({"memory"})))
    world.recover(seconds=200)
    assert world.balance == Decimal("95.00")
    world.finish(silent_after_booking)
    world.recover(seconds=200)
    assert world.balance == Decimal("95.00")


@every_dialect
def test_a_breaker_that_is_open_does_not_age_a_row_and_is_not_hammered(name: str) -> None:
    """Nothing leaves for an hour: no try is counted, and the row is taken a few times a minute, not a few a second."""
    world = World(name)
    world.tell(world.request(BET), silent, silent)
    errands = world.recover(not_sent, seconds=500)
    row = world.row("t1")
    assert row is not None
    assert row.tries == 0
    assert len(errands) < 80
    assert world.recover(seconds=130)


@every_dialect
def test_a_demanded_balance_on_an_error(name: str) -> None:
    """Scorpio demands a balance in refusals too: asked, else remembered, else its literal, never a second doubt."""
    world = World(name, balance="3.00")
    refused = world.tell(world.request(BET))
    assert refused.outcome is Outcome.INSUFFICIENT_FUNDS
    if name == "scorpio":
        assert b'"balance":3.00' in refused.response.body
    world.forget()
    late = world.tell(world.request(BET, "t2"), refuses(Outcome.SESSION_INVALID), silent)
    if name == "scorpio":
        assert b'"balance":0' in late.response.body
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.step) == (State.DECLINED, None)

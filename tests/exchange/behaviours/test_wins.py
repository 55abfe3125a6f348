"""A win is never refused for silence, never reversed by us, and paid only where its bet holds."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import DONE, State, Step
from tests.exchange.answered import check_answer
from tests.exchange.behaviours.made import acme, final
from tests.exchange.driving import Story, World
from tests.exchange.endings import answers, hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
every_dialect = pytest.mark.parametrize("name", DIALECTS)


def win(world: World, *hops: object, **facts: object) -> Story:
    """One win of t1, of 5.00."""
    story = world.tell(world.request(WIN, "w1", **facts), *hops)  # type: ignore[arg-type]
    check_answer(world, story)
    return story


@every_dialect
@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_on_an_unknown_bet(name: str, hop: object) -> None:
    """It proves that the provider holds its bet: the bet is driven to applied, then the win is paid, in this order."""
    world = World(name)
    world.tell(world.request(BET), hop)  # type: ignore[arg-type]
    story = win(world)
    assert story.effect == {"retries"}
    assert not story.money_sends
    row = world.row("t1")
    assert row is not None
    assert row.proved
    world.recover(seconds=300)
    assert world.balance == Decimal("95.00")
    keys = [call.transaction for call in world.booked]
    assert keys.index("acme::t1") < keys.index("acme::w1")
    assert win(world).outcome is Outcome.OK
    assert world.balance == Decimal("95.00")


@every_dialect
@pytest.mark.parametrize("hop", [silent, silent_after_booking, hangs])
def test_on_a_bet_that_we_would_undo(name: str, hop: object) -> None:
    """Our own reversal is armed and has not begun: the win calls it off, and both are booked."""
    world = World(final())
    world.tell(world.request(BET), hop)  # type: ignore[arg-type]
    row = world.row("t1")
    assert row is not None
    assert row.undo
    win(world)
    if world.running:
        world.finish(silent_after_booking)
    row = world.row("t1")
    assert row is not None
    assert (row.undo, row.proved) == (False, True)
    world.recover(seconds=300)
    assert world.balance == Decimal("95.00")


@every_dialect
def test_on_a_bet_in_flight(name: str) -> None:
    """The bet's call still hangs: the win waits for it, and is paid after it."""
    world = World(name)
    world.tell(world.request(BET), hangs)
    assert win(world).effect == {"retries"}
    world.finish(honest)
    world.recover(seconds=60)
    assert world.balance == Decimal("95.00")


def no_bet(world: World, story: Story, word: set[Outcome]) -> None:
    """Not forwarded, the dialect's word for it, people are told, parked; it stays so."""
    check_answer(world, story)
    assert story.outcome in word
    assert DONE not in story.effect
    assert "win_without_bet" in story.journey.alerts
    assert not story.money_sends
    row = world.row("w1")
    assert row is not None
    assert row.parked == "a win names a bet that was declined or undone"
    before = world.balance
    assert not world.recover(seconds=2000)
    assert world.balance == before


@every_dialect
def test_on_a_reversed_bet(name: str) -> None:
    """Rolled back, and then won: not paid."""
    world = World(name)
    world.tell(world.request(BET))
    world.tell(world.request(ROLLBACK, "rb1"))
    no_bet(world, win(world), {Outcome.ALREADY_ROLLED_BACK})
    assert world.balance == Decimal("100.00")


@every_dialect
def test_on_a_bet_that_we_reversed(name: str) -> None:
    """Undone at the horizon, and then won: not paid, a human sees it."""
    world = World(name)
    world.tell(world.request(BET), silent_after_booking)
    world.recover(seconds=50_000)
    assert world.balance == Decimal("100.00")
    no_bet(world, win(world), {Outcome.ALREADY_ROLLED_BACK})


@every_dialect
def test_on_a_declined_bet(name: str) -> None:
    """Declined, and then won: not paid."""
    world = World(name, balance="3.00")
    world.tell(world.request(BET))
    no_bet(world, win(world), {Outcome.TRANSACTION_NOT_FOUND})
    assert world.balance == Decimal("3.00")


@every_dialect
def test_on_a_tombstone(name: str) -> None:
    """Rolled back before it came, and then won; the late bet is not booked either."""
    world = World(name)
    world.tell(world.request(ROLLBACK, "rb1"))
    world.tell(world.request(BET))
    no_bet(world, win(world), {Outcome.ALREADY_ROLLED_BACK})
    assert world.balance == Decimal("100.00")


def test_on_a_tombstone_that_its_bet_never_reached() -> None:
    """155.io's win names its bet, of which only the tombstone is known."""
    world = World("155io")
    world.tell(world.request(ROLLBACK, "rb1"))
    no_bet(world, win(world), {Outcome.ALREADY_ROLLED_BACK})


@every_dialect
def test_on_a_bet_that_only_the_wallet_knows(name: str) -> None:
    """Older than our memory: forwarded, and the wallet decides."""
    world = World(name)
    world.tell(world.request(BET))
    world.forget(rows=True)
    if name == "evenbet":
        world.tell(world.request(Operation.BALANCE))
    assert win(world).outcome is Outcome.OK
    assert world.balance == Decimal("95.00")


@every_dialect
@pytest.mark.parametrize("hop", [silent, silent_after_booking, not_sent, answers(503), answers(500), hangs])
def test_that_does_not_get_through_is_delivered_by_us(name: str, hop: object) -> None:
    """Told to come back, and paid by our outbox, once; the repeat hears that it was paid."""
    world = World(name)
    world.tell(world.request(BET))
    assert win(world, hop).effect == {"retries"}
    if world.running:
        world.finish(silent)
    world.recover(seconds=300)
    assert world.balance == Decimal("95.00")
    last = win(world)
    assert last.outcome is Outcome.OK
    assert not last.money_sends


@every_dialect
def test_is_delivered_after_a_day_without_a_wallet(name: str) -> None:
    """A wallet that cannot be reached does not age a win: after a day it is still due, and is paid at once."""
    world = World(name)
    world.tell(world.request(BET))
    win(world, silent)
    world.recover(not_sent, seconds=100_000, most=20_000)
    row = world.row("w1")
    assert row is not None
    assert (row.step, row.parked, row.tries) == (Step.DELIVER, None, 0)
    world.recover(seconds=1000)
    assert world.balance == Decimal("95.00")


@every_dialect
def test_that_the_wallet_refuses_for_good_in_the_outbox_is_parked(name: str) -> None:
    """No machine can pay it: an alert, a row for a human, and no further call."""
    world = World(name)
    world.tell(world.request(BET))
    win(world, answers(503))
    errands = world.recover(refuses(Outcome.PLAYER_BLOCKED), seconds=100)
    assert any("credit_refused" in errand.alerts for errand in errands)
    row = world.row("w1")
    assert row is not None
    assert row.parked is not None
    assert not world.recover(seconds=1000)


@every_dialect
def test_with_a_dead_session(name: str) -> None:
    """The player has left: the prize is still paid."""
    world = World(name)
    world.tell(world.request(BET))
    world.sandbox.open_player("1001", "EUR", Decimal("90.00"), session="s1", life=0)
    assert win(world).outcome is Outcome.OK
    assert world.balance == Decimal("95.00")


@every_dialect
def test_of_zero_is_a_message_like_any_other(name: str) -> None:
    """A lost round: forwarded, booked with nothing, its bet is settled, and a repeat is done already."""
    world = World(name)
    world.tell(world.request(BET))
    assert win(world, amount=Decimal(0), round_end=True).outcome is Outcome.OK
    assert world.balance == Decimal("90.00")
    assert win(world, amount=Decimal(0), round_end=True).outcome is Outcome.ALREADY_DONE
    story = world.tell(world.request(ROLLBACK, "rb1"))
    assert story.outcome is Outcome.ALREADY_SETTLED


def test_the_end_of_a_round_proves_and_settles_its_bet() -> None:
    """Forwarded; on a bet in doubt it waits, the bet is driven to applied, and it is delivered after it."""
    world = World(acme())
    world.tell(world.request(BET), silent)
    end = world.request(Operation.END_ROUND, "e1", reference=("t1",), amount=None)
    assert world.tell(end).effect == {"retries"}
    row = world.row("t1")
    assert row is not None
    assert row.proved
    world.recover(seconds=60)
    assert world.balance == Decimal("90.00")
    last = world.tell(end)
    assert last.outcome is Outcome.OK
    assert world.tell(world.request(ROLLBACK, "rb1")).outcome is Outcome.ALREADY_SETTLED


def test_the_end_of_a_round_whose_bet_was_declined() -> None:
    """Nothing to end: refused, and parked."""
    world = World(acme(), balance="3.00")
    world.tell(world.request(BET))
    story = world.tell(world.request(Operation.END_ROUND, "e1", reference=("t1",), amount=None))
    assert story.outcome is Outcome.NO_OPEN_BET
    assert "win_without_bet" in story.journey.alerts


def test_a_win_of_another_bet_says_nothing_of_a_doubt_in_its_round() -> None:
    """A win names a bet that we do not know; the doubtful bet of the same round is not driven to applied for it."""
    world = World(final())
    world.tell(world.request(BET), silent)
    win(world, reference=("t9",))
    row = world.row("t1")
    assert row is not None
    assert (row.proved, row.undo) == (False, True)
    world.recover(seconds=300)
    assert world.balance in (Decimal("100.00"), Decimal("105.00"))  # the win's own bet is the wallet's to judge


def test_a_win_of_the_round_settles_only_the_bets_that_the_provider_holds() -> None:
    """Scorpio's win names its round: of two bets, the one that was never confirmed may still be cancelled."""
    world = World("scorpio")
    world.tell(world.request(BET, "t1"), silent_after_booking)
    world.tell(world.request(BET, "t2"))
    world.recover(seconds=1)
    assert world.balance == Decimal("80.00")
    assert win(world).outcome is Outcome.OK
    rows = world.row("t1"), world.row("t2")
    assert [row and row.proved for row in rows] == [False, True]
    assert [row and row.settled_by for row in rows] == [None, "acme::w1"]


def test_a_bonus_needs_no_bet() -> None:
    """A promotion's prize: forwarded without a round, and delivered by us where its line breaks."""
    world = World(acme())
    facts = {"round": None, "amount": Decimal(7), "promotion": "spring"}
    assert world.tell(world.request(Operation.PROMO_WIN, "p1", **facts), silent).effect == {"retries"}
    world.recover(seconds=100)
    assert world.balance == Decimal("107.00")


@every_dialect
def test_is_never_reversed_by_us(name: str) -> None:
    """Paid, and nobody heard of it for a month: it stays paid."""
    world = World(name)
    world.tell(world.request(BET))
    world.gone = True
    win(world)
    world.recover(seconds=2_600_000)
    assert world.balance == Decimal("95.00")
    row = world.row("w1")
    assert row is not None
    assert (row.state, row.step) == (State.APPLIED, None)


@every_dialect
def test_a_bet_that_its_win_proves_and_the_wallet_refuses_is_parked_with_its_win(name: str) -> None:
    """In doubt, proved, and then declined for good: neither is booked, and a human sees both."""
    world = World(name)
    world.tell(world.request(BET), silent)
    win(world)
    world.sandbox.open_player("1001", "EUR", Decimal("1.00"))
    world.clock.now += 70
    world.recover(seconds=200)
    rows = [world.row("t1"), world.row("w1")]
    assert all(row is not None and row.parked for row in rows)
    assert world.balance == Decimal("1.00")


def test_a_row_parked_by_hand_stays_parked() -> None:
    """A human has taken a win out of our hands: the provider's repeats do not put it back."""
    from gateway.journal.leasing import parked
    from gateway.journal.page import Page

    world = World("155io")
    world.tell(world.request(BET))
    win(world, answers(503))
    row = world.row("w1")
    assert row is not None
    page = Page(world.memory, world.clock.now, world.clock.wall(), "memory")
    world.memory.rows[row.key] = replace(parked(page, row, "fraud desk"))
    win(world, answers(503))
    assert not world.recover(seconds=1000)
    row = world.row("w1")
    assert row is not None
    assert row.parked == "by hand: fraud desk"

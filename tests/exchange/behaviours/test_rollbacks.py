"""A rollback of everything that there is: what it finds, what the wallet hears, and what must never be paid back."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import DONE, State
from tests.exchange.answered import check_answer
from tests.exchange.behaviours.made import acme
from tests.exchange.driving import PROMISES, Story, World
from tests.exchange.endings import answers, hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
every_dialect = pytest.mark.parametrize("name", DIALECTS)


def undo(world: World, transaction: str = "rb1", *hops: object, **facts: object) -> Story:
    """One rollback of t1."""
    story = world.tell(world.request(ROLLBACK, transaction, **facts), *hops)  # type: ignore[arg-type]
    check_answer(world, story)
    return story


@every_dialect
def test_of_a_declined_bet(name: str) -> None:
    """Nothing was taken: the wallet is not asked, and the provider hears that there is nothing to undo."""
    world = World(name, balance="3.00")
    world.tell(world.request(BET))
    story = undo(world)
    assert story.outcome is Outcome.NOTHING_TO_DO
    assert not story.money_sends
    assert world.balance == Decimal("3.00")
    assert world.tell(world.request(BET)).outcome is Outcome.INSUFFICIENT_FUNDS


@every_dialect
def test_of_a_bet_that_never_left(name: str) -> None:
    """Proved not sent: buried, the wallet is not asked, and a late copy is not forwarded."""
    world = World(name)
    world.tell(world.request(BET), not_sent)
    story = undo(world)
    assert story.outcome is Outcome.NOTHING_TO_DO
    assert not story.money_sends
    late = world.tell(world.request(BET))
    assert late.outcome is Outcome.ALREADY_ROLLED_BACK
    assert not late.money_sends
    assert world.balance == Decimal("100.00")


@every_dialect
@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_of_an_unknown_bet(name: str, hop: object) -> None:
    """In doubt: undone under the bet's own reversal key; whether or not it was booked, nothing is lost."""
    world = World(name)
    world.tell(world.request(BET), hop)  # type: ignore[arg-type]
    story = undo(world)
    assert [call.transaction for call in world.booked][-1] == "rev:acme::t1"
    assert story.outcome is (Outcome.OK if hop is silent_after_booking else Outcome.NOTHING_TO_DO)
    assert world.balance == Decimal("100.00")
    assert not world.recover(seconds=20_000)
    assert not world.tell(world.request(BET)).money_sends


@every_dialect
def test_of_a_reversed_bet_by_its_own_repeat_and_by_another_id(name: str) -> None:
    """The same rollback again is done already; a second id for the bet hears that, the wallet hears nothing."""
    world = World(name)
    world.tell(world.request(BET))
    assert undo(world).outcome is Outcome.OK
    again, second = undo(world), undo(world, "rb2")
    assert again.outcome is Outcome.ALREADY_DONE
    assert second.outcome is Outcome.ALREADY_ROLLED_BACK
    assert not again.money_sends
    assert not second.money_sends
    assert world.balance == Decimal("100.00")


@every_dialect
def test_whose_own_first_answer_was_lost(name: str) -> None:
    """Undone, and nobody heard: its repeat gets the result itself."""
    world = World(name)
    world.tell(world.request(BET))
    world.gone = True
    undo(world)
    world.gone = False
    again = undo(world)
    assert again.outcome is Outcome.OK
    assert not again.money_sends
    assert world.balance == Decimal("100.00")


@every_dialect
def test_of_a_settled_bet(name: str) -> None:
    """A win was paid: not forwarded, never a success, and people are told."""
    world = World(name)
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"))
    story = undo(world)
    assert story.outcome is Outcome.ALREADY_SETTLED
    assert DONE not in story.effect
    assert "rollback_after_win" in story.journey.alerts
    assert not story.money_sends
    assert world.balance == Decimal("95.00")


@every_dialect
def test_of_a_bet_whose_win_our_outbox_paid(name: str) -> None:
    """The win's line broke and our outbox paid it: the bet is settled as by any other win."""
    world = World(name)
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), silent)
    world.recover(seconds=100)
    assert world.balance == Decimal("95.00")
    story = undo(world)
    assert story.outcome is Outcome.ALREADY_SETTLED
    assert not story.money_sends


@every_dialect
@pytest.mark.parametrize("late", [honest, silent, silent_after_booking, refuses(Outcome.INSUFFICIENT_FUNDS)])
def test_of_a_bet_in_flight(name: str, late: object) -> None:
    """The bet's call hangs: the wish is durable, the provider must come back, and whatever lands is undone."""
    world = World(name)
    world.tell(world.request(BET), hangs)
    story = undo(world)
    assert story.outcome is Outcome.IN_PROGRESS
    assert "retries" in story.effect
    assert not story.money_sends
    row = world.row("t1")
    assert row is not None
    assert (row.undo, row.in_flight) == (True, True)
    world.finish(late)  # type: ignore[arg-type]
    world.recover(seconds=300)
    assert world.balance == Decimal("100.00")
    last = undo(world)
    assert last.outcome in (Outcome.OK, Outcome.NOTHING_TO_DO)
    assert not last.money_sends
    assert not world.tell(world.request(BET)).money_sends


@every_dialect
def test_of_a_bet_in_flight_that_lands_while_it_is_waited_for(name: str) -> None:
    """The bet lands inside the rollback's deadline: undone at once, in one callback."""
    world = World(name)
    world.tell(world.request(BET), hangs)
    world.meanwhile = [lambda: world.finish(honest)]
    story = undo(world)
    assert story.outcome is Outcome.OK
    assert world.balance == Decimal("100.00")


@every_dialect
def test_that_overtakes_its_bet_inside_one_call(name: str) -> None:
    """The rollback comes while the bet's first callback still waits for the wallet: the bet is not told as done."""
    world = World(name)
    seen: list[Story] = []

    def overtaken(inner: World, wish: object) -> object:
        ending = honest(inner, wish)  # type: ignore[arg-type]
        seen.append(undo(inner))
        return ending

    bet = world.tell(world.request(BET), overtaken)  # type: ignore[arg-type]
    assert seen[0].outcome is Outcome.IN_PROGRESS
    assert DONE not in bet.effect
    world.recover(seconds=300)
    assert world.balance == Decimal("100.00")
    assert undo(world).outcome is Outcome.OK


@every_dialect
def test_of_a_bet_never_seen(name: str) -> None:
    """A tombstone, and the wallet is asked, which finds nothing; the late bet is not forwarded."""
    world = World(name)
    story = undo(world)
    assert story.outcome is Outcome.TRANSACTION_NOT_FOUND
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.operation) == (State.BURIED, None)
    assert (world.booked[-1].provider, world.booked[-1].transaction) == ("acme", "rev:acme::t1")
    late = world.tell(world.request(BET))
    check_answer(world, late)
    assert late.outcome is Outcome.ALREADY_ROLLED_BACK
    assert DONE not in late.effect
    assert not late.money_sends
    assert world.balance == Decimal("100.00")
    assert undo(world, "rb2").outcome is Outcome.NOTHING_TO_DO  # known by now, and nothing of it was applied


@every_dialect
def test_of_a_bet_never_seen_where_the_wallet_might_credit_blindly(name: str) -> None:
    """Without `references` it is not forwarded: a tombstone, and "never seen"."""
    world = World(name)
    world.wallet = type(world.wallet)(**{**world.wallet.__dict__, "promises": PROMISES - {"references"}})
    story = undo(world)
    assert story.outcome is Outcome.TRANSACTION_NOT_FOUND
    assert not story.money_sends
    assert not world.tell(world.request(BET)).money_sends


@every_dialect
def test_of_a_bet_that_only_the_wallet_knows(name: str) -> None:
    """Booked before our memory begins: found by its reference, undone, and remembered as undone."""
    world = World(name)
    world.tell(world.request(BET))
    world.forget(rows=True)
    story = undo(world)
    assert story.outcome is Outcome.OK
    assert world.balance == Decimal("100.00")
    assert not world.tell(world.request(BET)).money_sends


@pytest.mark.parametrize("hop", [answers(503), not_sent, silent, silent_after_booking, hangs])
@every_dialect
def test_that_does_not_get_through_is_finished_by_us(name: str, hop: object) -> None:
    """The wallet fails the rollback: the provider must come back, and our outbox has undone it before that."""
    world = World(name)
    world.tell(world.request(BET))
    story = undo(world, "rb1", hop)
    assert "retries" in story.effect
    if world.running:
        world.finish(silent)
    world.recover(seconds=100)
    assert world.balance == Decimal("100.00")
    last = undo(world)
    assert last.outcome is Outcome.OK
    assert not last.money_sends


@every_dialect
@pytest.mark.parametrize("late", [honest, silent_after_booking])
def test_three_cancels_while_the_bet_hangs_and_then_it_lands(name: str, late: object) -> None:
    """Each cancel is told to come back, the wallet hears nothing of them; the bet lands, and is undone once."""
    world = World(name)
    world.tell(world.request(BET), hangs)
    for _ in range(3):
        story = undo(world)
        assert DONE not in story.effect
        assert not story.money_sends
    world.finish(late)  # type: ignore[arg-type]
    world.recover(seconds=300)
    assert world.balance == Decimal("100.00")
    assert undo(world).outcome is Outcome.OK
    reversals = [call for call in world.booked if call.operation is ROLLBACK]
    assert len(reversals) == 1


def test_of_a_win() -> None:
    """Where the table allows it, a win is undone as a win; its bet is open again, and may be rolled back."""
    world = World("evenbet")
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"))
    assert undo(world, "rb1", reference=("w1",), amount=Decimal("5.00")).outcome is Outcome.OK
    assert world.balance == Decimal("90.00")
    late = world.tell(world.request(WIN, "w1"))
    assert DONE not in late.effect
    assert not late.money_sends
    assert undo(world, "rb2").outcome is Outcome.OK
    assert world.balance == Decimal("100.00")


@pytest.mark.parametrize("name", ["155io", "scorpio"])
def test_of_a_win_where_only_bets_may_be_undone(name: str) -> None:
    """Not forwarded: a win is never taken back because somebody took it for a bet."""
    world = World(name)
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"))
    story = undo(world, reference=("w1",))
    assert DONE not in story.effect or name == "155io"  # which has no other word that ends it
    assert not story.money_sends
    assert world.balance == Decimal("95.00")


def test_of_a_bet_and_its_win_in_one() -> None:
    """Undoing takes both legs."""
    world = World(acme())
    spin = {"bet_amount": Decimal(10), "win_amount": Decimal(25), "amount": None}
    assert world.tell(world.request(Operation.BET_WIN, "t1", **spin)).outcome is Outcome.OK
    assert world.balance == Decimal("115.00")
    assert undo(world).outcome is Outcome.OK
    assert world.balance == Decimal("100.00")


@every_dialect
def test_with_a_dead_session(name: str) -> None:
    """The player has left: the stake still comes back."""
    world = World(name)
    world.tell(world.request(BET))
    world.sandbox.open_player("1001", "EUR", Decimal("90.00"), session="s1", life=0)
    world.forget()
    assert undo(world, session="gone").outcome is Outcome.OK
    assert world.balance == Decimal("100.00")


@every_dialect
def test_that_the_wallet_refuses_is_parked_and_told_to_people(name: str) -> None:
    """A definite refusal that does not speak of the bet: nobody can undo it but a human."""
    world = World(name)
    world.tell(world.request(BET))
    story = undo(world, "rb1", refuses(Outcome.PLAYER_BLOCKED))
    assert "reversal_refused" in story.journey.alerts
    row = world.row("t1")
    assert row is not None
    assert row.parked
    assert not world.recover(seconds=1000)


@every_dialect
@pytest.mark.parametrize("word", [Outcome.NOTHING_TO_DO, Outcome.TRANSACTION_NOT_FOUND])
def test_of_a_bet_that_the_wallet_booked_and_does_not_know_any_more(name: str, word: Outcome) -> None:
    """It said yes, and now that there is nothing to undo: both cannot be true, so a human looks at it."""
    world = World(name)
    world.tell(world.request(BET))
    undo(world, "rb1", refuses(word))
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.parked) == (
        State.APPLIED,
        "the wallet booked it, and now says that there is nothing to undo",
    )


@every_dialect
def test_of_a_bet_that_failed_while_it_was_wished_for_needs_no_human(name: str) -> None:
    """The rollback came while the bet was in flight, which was refused: nothing is parked, whatever the wallet is."""
    for promises in (PROMISES, frozenset[str]()):
        world = World(name)
        world.policy = type(world.policy)(promises, chance=lambda: 1.0)
        world.memory.policy = world.policy
        world.tell(world.request(BET), hangs)
        undo(world)
        world.finish(refuses(Outcome.INSUFFICIENT_FUNDS))
        row = world.row("t1")
        assert row is not None
        assert (row.parked, row.step, row.undo) == (None, None, False)
        assert undo(world).outcome is Outcome.NOTHING_TO_DO


@every_dialect
@pytest.mark.parametrize("hop", [silent, silent_after_booking])
def test_of_a_bet_that_comes_while_its_undoing_is_in_doubt(name: str, hop: object) -> None:
    """Undone unseen, without an answer; then the bet comes and is kept out. The undoing goes again as it went first.

    With what the tombstone has learned of the bet it would be other content under its key, refused for ever.
    """
    world = World(name)
    undo(world, "rb1", hop)
    late = world.tell(world.request(BET))
    assert late.outcome is Outcome.ALREADY_ROLLED_BACK
    assert not late.money_sends
    again = undo(world)
    assert again.journey.heard == "transaction_not_found"
    assert again.outcome is Outcome.NOTHING_TO_DO
    assert world.balance == Decimal("100.00")

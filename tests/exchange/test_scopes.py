"""Ids that are unique within something: the same id elsewhere is another transaction, in every part of the story."""

from dataclasses import replace
from decimal import Decimal

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import State
from gateway.journal.wishes import Look
from tests.exchange.behaviours.made import acme
from tests.exchange.driving import World, dialect
from tests.exchange.endings import silent_after_booking
from tests.exchange.test_callback import signed

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK


def scoped(*words: str) -> World:
    """EvenBet, as if its ids were unique within these."""
    return World(replace(dialect("evenbet"), scope=words))


def test_the_same_id_in_another_game_is_another_bet() -> None:
    """Two rows, two debits; each is undone by itself, its player found by its own reference."""
    world = scoped("game")
    for game in ("marbles", "dice:50%"):
        assert world.tell(world.request(BET, game=game)).outcome is Outcome.OK
    assert world.balance == Decimal("80.00")
    assert set(world.memory.rows) == {"acme:marbles:t1", "acme:dice%3A50%25:t1"}
    story = world.tell(world.request(ROLLBACK, "rb1", game="dice:50%", player=None))
    assert story.outcome is Outcome.OK
    assert Look("acme:dice%3A50%25:t1") in story.wishes
    states = {key: row.state for key, row in world.memory.rows.items()}
    assert (states["acme:marbles:t1"], states["acme:dice%3A50%25:t1"]) == (State.APPLIED, State.REVERSED)
    assert world.booked[-1].reference == ("acme:dice%3A50%25:t1",)
    assert world.balance == Decimal("90.00")


def test_what_a_scope_lacks_is_empty() -> None:
    """A message without the field has a key all the same, and no other message has it."""
    world = scoped("promotion", "round")
    assert world.tell(world.request(BET, round="g,1")).outcome is Outcome.OK
    assert set(world.memory.rows) == {"acme:,g%2C1:t1"}


def test_a_win_may_have_its_bets_own_id() -> None:
    """Where ids are unique within an operation: the bet is in its key, and in what a rollback refers to."""
    world = scoped("operation")
    assert world.tell(world.request(BET)).outcome is Outcome.OK
    assert world.tell(world.request(WIN, "t1")).outcome is Outcome.OK
    assert set(world.memory.rows) == {"acme:bet:t1", "acme:win:t1"}
    assert world.tell(world.request(WIN, "t1")).outcome is Outcome.ALREADY_DONE
    assert world.balance == Decimal("95.00")


def test_a_win_names_its_bet_by_the_bets_own_key() -> None:
    """Where ids are unique within an operation: the wallet hears of the bet, and the bet is settled by the win."""
    world = World(replace(acme(), scope=("operation",)))
    world.tell(world.request(BET))
    world.tell(world.request(BET, "t2"))
    assert world.tell(world.request(WIN, "t1", reference=("t1",))).outcome is Outcome.OK
    settled = {key: row.settled_by for key, row in world.memory.rows.items()}
    assert settled == {"acme:bet:t1": "acme:win:t1", "acme:bet:t2": None, "acme:win:t1": None}
    assert world.booked[-1].reference == ("acme:bet:t1",)


def test_a_rollback_recalls_the_bet_of_that_id() -> None:
    """Whose player and currency it needs; there is a rollback of the same id, and of that nothing is known."""
    world = scoped("operation")
    world.tell(world.request(BET))
    story = world.tell(world.request(ROLLBACK, "t1", player=None))
    assert Look("acme:bet:t1") in story.wishes
    assert story.outcome is Outcome.OK
    assert (world.booked[-1].player, world.booked[-1].reference) == ("1001", ("acme:bet:t1",))


def test_a_refusal_before_the_claim_looks_for_the_row_of_its_own_operation() -> None:
    """The repeat has an amount that cannot be, the first attempt is in doubt: so is the answer."""
    world = scoped("operation")
    call, variant, request = world.request(BET)
    world.tell((call, variant, request), silent_after_booking)
    body = request.body.replace(b'"amount":', b'"amount":-')
    assert body != request.body
    story = world.tell((call, variant, signed(world, request, body)))
    assert Look("acme:bet:t1") in story.wishes
    assert story.outcome is Outcome.UNKNOWN

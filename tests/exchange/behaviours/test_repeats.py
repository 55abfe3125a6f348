"""The same id again: one effect, one answer, whatever happens between two copies."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Send
from gateway.journal.states import DONE, State
from gateway.journal.wishes import Record, Told
from gateway.wire.message import Ending
from tests.exchange.answered import check_answer
from tests.exchange.driving import Story, World
from tests.exchange.endings import hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
every_dialect = pytest.mark.parametrize("name", DIALECTS)


@every_dialect
@pytest.mark.parametrize("operation", [BET, WIN, ROLLBACK])
def test_an_identical_replay_has_no_second_effect(name: str, operation: Operation) -> None:
    """Said, heard, said again twice: one booking, the wallet is asked once, and every answer is a yes."""
    world = World(name)
    if operation is not BET:
        world.tell(world.request(BET))
    message = world.request(operation, "x1")
    stories = [world.tell(message) for _ in range(3)]
    for story in stories:
        check_answer(world, story)
    assert [story.outcome for story in stories] == [Outcome.OK, Outcome.ALREADY_DONE, Outcome.ALREADY_DONE]
    assert all(story.effect == {DONE} for story in stories)
    assert [len(story.money_sends) for story in stories] == [1, 0, 0]
    assert world.balance == {BET: Decimal(90), WIN: Decimal(95), ROLLBACK: Decimal(100)}[operation]


@every_dialect
def test_the_same_id_with_other_content_is_refused_and_alerted(name: str) -> None:
    """Another amount under a known id: not forwarded, people are told, and the first bet stands."""
    world = World(name)
    world.tell(world.request(BET))
    story = world.tell(world.request(BET, amount=Decimal("11.00")))
    check_answer(world, story)
    assert story.outcome is Outcome.TRANSACTION_CONFLICT
    assert DONE not in story.effect
    assert "conflict" in story.journey.alerts
    assert not story.money_sends
    row = world.row("t1")
    assert row is not None
    assert row.heard_done
    world.recover(seconds=20_000)
    assert world.balance == Decimal("90.00")


@every_dialect
def test_a_conflict_while_a_yes_is_on_its_way(name: str) -> None:
    """We die before we note that the yes was heard; other content under its id says nothing of it: the bet stands."""
    world = World(name)
    world.tell(world.request(BET), throw=lambda step, wish: RuntimeError("killed") if isinstance(wish, Told) else None)
    story = world.tell(world.request(BET, amount=Decimal("11.00")))
    check_answer(world, story)
    assert DONE not in story.effect
    assert not story.money_sends
    row = world.row("t1")
    assert row is not None
    assert (row.told, row.telling) == (None, {DONE})
    world.recover(seconds=400_000)
    assert world.balance == Decimal("90.00")


@every_dialect
def test_two_copies_in_flight_have_one_effect_and_one_answer(name: str) -> None:
    """The second copy waits for the first one's call, inside its deadline, and is answered from what was written."""
    world = World(name)
    world.tell(world.request(BET), hangs)
    world.meanwhile = [lambda: world.finish(honest)]
    second = world.tell(world.request(BET))
    check_answer(world, second)
    assert "Wait" in second.kinds
    assert second.outcome is Outcome.OK
    assert not second.money_sends
    assert len(world.booked) == 1
    assert world.balance == Decimal("90.00")


@every_dialect
def test_a_copy_whose_time_runs_out_hears_in_progress(name: str) -> None:
    """The first call is still on its way when the second must be answered: nobody knows, and it is not forwarded."""
    world = World(name)
    world.tell(world.request(BET), hangs)
    second = world.tell(world.request(BET))
    check_answer(world, second)
    assert second.outcome is Outcome.IN_PROGRESS
    assert second.effect <= {"retries", "rolls_back"}
    assert not second.sends
    assert second.answered_at is not None
    assert second.answered_at <= second.journey.received + world.dialect.deadline_s("bet")


@every_dialect
def test_two_copies_one_answer_each_and_the_slower_line_is_lost(name: str) -> None:
    """The first copy's yes arrived; the second's was lost, and its note came first: the provider still holds the bet.

    A yes that was heard is heard, whatever came of a later answer: without it the bet would be undone at the horizon.
    """
    world = World(name)
    first = world.tell(world.request(BET))
    row = world.row("t1")
    assert row is not None
    note = Told(row.key, row.answers, first.effect)
    world.memory.rows[row.key] = replace(row, told=None, telling=first.effect)  # that note is still on its way
    world.gone = True
    world.tell(world.request(BET))
    world.memory.do(note)
    world.gone = False
    world.recover(seconds=50_000)
    assert world.balance == Decimal("90.00")
    assert world.tell(world.request(BET)).outcome is Outcome.ALREADY_DONE


@every_dialect
def test_a_declined_bet_stays_declined_though_the_balance_rises(name: str) -> None:
    """Refused for want of money, then a deposit, then the same bet again: refused, and the wallet is not asked."""
    world = World(name, balance="3.00")
    first = world.tell(world.request(BET))
    world.sandbox.open_player("1001", "EUR", Decimal(500))
    again = world.tell(world.request(BET))
    check_answer(world, again)
    assert (first.outcome, again.outcome) == (Outcome.INSUFFICIENT_FUNDS, Outcome.INSUFFICIENT_FUNDS)
    assert again.response.body == first.response.body or name in (
        "155io",
        "hub88",
        "scorpio",
    )  # which echo ids or balances
    assert not again.money_sends
    assert world.balance == Decimal(500)


@every_dialect
@pytest.mark.parametrize("first", [silent, silent_after_booking])
@pytest.mark.parametrize("no", [Outcome.INSUFFICIENT_FUNDS, Outcome.BET_NOT_ALLOWED, Outcome.TRANSACTION_CONFLICT])
def test_a_refusal_of_a_repeat_after_an_unknown_attempt_resolves_nothing(name: str, first: object, no: Outcome) -> None:
    """In doubt, repeated, refused: still in doubt; the outbox asks, and then both sides agree."""
    world = World(name)
    world.tell(world.request(BET), first)  # type: ignore[arg-type]
    again = world.tell(world.request(BET), refuses(no))
    check_answer(world, again)
    assert again.outcome is Outcome.UNKNOWN
    row = world.row("t1")
    assert row is not None
    assert row.state is State.UNKNOWN
    world.recover(seconds=120)
    last = world.tell(world.request(BET))
    assert last.outcome is Outcome.OK
    assert world.balance == Decimal("90.00")


@every_dialect
@pytest.mark.parametrize("lost", ["late", "closed"])
def test_an_answer_that_is_late_or_finds_nobody_is_no_answer(name: str, lost: str) -> None:
    """A yes after the deadline, or into a closed connection: the row stays open, and the repeat gets the yes itself."""
    world = World(name)
    world.delay, world.gone = (10.0, False) if lost == "late" else (0.0, True)
    story = world.tell(world.request(BET))
    assert story.effect == {DONE}
    row = world.row("t1")
    assert row is not None
    assert (row.told, row.telling, row.heard_done) == (None, None, False)
    assert row.step is not None
    world.delay, world.gone = 0.0, False
    assert world.tell(world.request(BET)).outcome is Outcome.OK
    row = world.row("t1")
    assert row is not None
    assert row.heard_done
    assert row.step is None


@every_dialect
def test_an_answer_that_was_lost_and_never_asked_for_again_is_undone(name: str) -> None:
    """Nobody heard our yes, and nobody came back: at the horizon the bet is undone, and nobody has lost anything."""
    world = World(name)
    world.gone = True
    world.tell(world.request(BET))
    row = world.row("t1")
    assert row is not None
    world.recover(seconds=row.horizon - world.clock.now - 1)
    assert world.balance == Decimal("90.00")
    world.recover(seconds=10)
    row = world.row("t1")
    assert row is not None
    assert row.state is State.REVERSED
    assert world.balance == Decimal("100.00")


@every_dialect
def test_a_bet_that_never_left_and_was_called_final_is_not_a_bet_later(name: str) -> None:
    """Proved not sent is open: but where our word for it ends it, a copy hears it again."""
    world = World(name)
    first = world.tell(world.request(BET), not_sent)
    again = world.tell(world.request(BET))
    if first.effect <= {"final", "silent"}:
        assert again.outcome is first.outcome
        assert not again.sends
    else:
        assert again.outcome is Outcome.OK


@every_dialect
def test_three_copies_and_one_wallet_call(name: str) -> None:
    """Two more copies come while the first is at the wallet: neither is forwarded, no answer contradicts another."""
    world = World(name)
    seen: list[Story] = []

    def crowd(inner: World, wish: Send) -> Ending:
        seen.extend(inner.tell(inner.request(BET)) for _ in range(2))
        return honest(inner, wish)

    first = world.tell(world.request(BET), crowd)
    assert [story.outcome for story in seen] == [Outcome.IN_PROGRESS] * 2
    assert first.outcome is Outcome.OK
    assert len(world.booked) == 1
    assert any(isinstance(wish, Record) for wish in first.wishes)

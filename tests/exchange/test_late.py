"""A wallet call that ends after we stopped waiting: what it says goes to the row, in its own story."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Send
from gateway.journal.states import State
from gateway.journal.wishes import Record
from gateway.wire.message import Ending
from tests.exchange.answered import check_answer
from tests.exchange.driving import Story, World, dialect
from tests.exchange.endings import Hop, hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

every_dialect = pytest.mark.parametrize("name", DIALECTS)


@every_dialect
@pytest.mark.parametrize("hop", [honest, silent_after_booking])
def test_late_yes_after_unknown(name: str, hop: Hop) -> None:
    """We answered unknown, and the call ends after all: the row hears it, and the repeat gets the result."""
    world = World(name)
    story = world.tell(world.request(Operation.BET), hangs)
    assert story.outcome is Outcome.UNKNOWN
    assert "acme::t1" in world.in_flight
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.IN_PROGRESS
    late = world.finish(hop)
    assert set(late.kinds) <= {"Remember", "Record"}
    row = world.row("t1")
    assert row is not None
    assert row.state is (State.APPLIED if hop is honest else State.UNKNOWN)
    assert not world.in_flight
    again = world.tell(world.request(Operation.BET))
    assert again.outcome is Outcome.OK
    assert world.balance == Decimal("90.00")


@every_dialect
def test_late_no_after_unknown(name: str) -> None:
    """The only attempt ends late with a definite no: the row is declined."""
    world = World(name, balance="3.00")
    world.tell(world.request(Operation.BET), hangs)
    world.finish(honest)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.outcome) == (State.DECLINED, Outcome.INSUFFICIENT_FUNDS)


@every_dialect
@pytest.mark.parametrize("first", [silent, silent_after_booking])
def test_late_no_after_an_open_row(name: str, first: Hop) -> None:
    """A late no to a repeat proves nothing of the attempt before it. (What was applied is not sent again at all.)"""
    world = World(name)
    world.gone = True
    world.tell(world.request(Operation.BET), first)
    world.gone = False
    world.tell(world.request(Operation.BET), hangs)
    world.finish(refuses(Outcome.INSUFFICIENT_FUNDS))
    row = world.row("t1")
    assert row is not None
    assert row.state is State.UNKNOWN
    assert not row.unapplied


@every_dialect
def test_the_late_end_overtakes_our_record(name: str) -> None:
    """The call ends between our giving up and our Record: the later word of the wallet stands, and is what we say.

    A copy that waited for the row may have heard that yes already; two copies must not hear two answers.
    """
    world = World(name)

    def overtakes(inner: World, wish: Send) -> Ending:
        ending = hangs(inner, wish)
        inner.finish(honest)
        return ending

    story = world.tell(world.request(Operation.BET), overtakes)
    check_answer(world, story)
    assert story.outcome is Outcome.OK
    row = world.row("t1")
    assert row is not None
    assert row.state is State.APPLIED
    assert not world.in_flight


@every_dialect
@pytest.mark.parametrize("end", [silent, silent_after_booking])
def test_a_silence_that_overtakes_our_record_is_a_doubt(name: str, end: Hop) -> None:
    """The call ends in silence between our giving up and our Record: a copy that waited must not take it for unsent."""
    world = World(name)
    seen: list[Story] = []

    def overtakes(inner: World, wish: Send) -> Ending:
        ending = hangs(inner, wish)
        inner.finish(end)
        seen.append(inner.tell(inner.request(Operation.BET), not_sent, waited=1.5))
        return ending

    world.tell(world.request(Operation.BET), overtakes)
    check_answer(world, seen[0])
    assert seen[0].outcome is Outcome.UNKNOWN
    row = world.row("t1")
    assert row is not None
    assert row.state is State.UNKNOWN


@every_dialect
def test_a_late_story_that_dies_gives_its_row_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours in a late story: the row stays in doubt, and is not held for ever; the bug is not swallowed."""
    world = World(name)
    world.tell(world.request(Operation.BET), hangs)

    def broken(*given: object) -> object:
        raise LookupError("a bug of ours")

    with monkeypatch.context() as patch:
        patch.setattr(type(dialect("canonical")), "read_reply", broken)
        with pytest.raises(LookupError):
            world.finish(honest)
    row = world.row("t1")
    assert row is not None
    assert row.state is State.UNKNOWN
    assert not world.in_flight
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.OK
    assert world.balance == Decimal("90.00")


@every_dialect
def test_what_a_late_end_writes(name: str) -> None:
    """Under the claim that sent it: that it left, what was heard, and what later calls will not say again."""
    for hop, state, outcome in (
        (honest, State.APPLIED, Outcome.OK),
        (refuses(Outcome.INSUFFICIENT_FUNDS), State.DECLINED, Outcome.INSUFFICIENT_FUNDS),
        (silent, State.UNKNOWN, Outcome.UNKNOWN),
    ):
        world = World(name)
        world.tell(world.request(Operation.BET), hangs)
        row = world.row("t1")
        assert row is not None
        (record,) = [wish for wish in world.finish(hop).wishes if isinstance(wish, Record)]
        assert (record.key, record.holder, record.state, record.outcome) == (row.key, row.holder, state, outcome)
        assert (record.telling, record.sent, record.release, record.heard) == (None, True, True, str(outcome))
        assert (record.reply is not None, bool(record.memories)) == (state is State.APPLIED,) * 2


@every_dialect
def test_a_late_undoing_writes_to_its_target(name: str) -> None:
    """The bet is undone when the rollback's call ends, whenever that is."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.ROLLBACK, "rb1"), hangs)
    (record,) = [wish for wish in world.finish(honest).wishes if isinstance(wish, Record)]
    assert record.related == ("acme::t1",)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.in_flight) == (State.REVERSED, False)


@every_dialect
def test_nothing_left_to_undo_after_an_undoing_that_nobody_answered(name: str) -> None:
    """The first attempt took it, the second hangs and ends before our own word on it is written.

    Who did not know of the first would call a human: the wallet booked it, and says that there is nothing to undo.
    """
    world = World(name)
    world.tell(world.request(Operation.BET))

    def overtakes(inner: World, wish: Send) -> Ending:
        ending = hangs(inner, wish)
        inner.finish(refuses(Outcome.NOTHING_TO_DO))
        return ending

    world.tell(world.request(Operation.ROLLBACK, "rb1"), silent_after_booking, overtakes)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.parked, row.step) == (State.REVERSED, None, None)
    assert world.balance == Decimal("100.00")

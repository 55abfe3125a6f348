"""When we undo a bet of our own accord: before the decline, at the horizon, and against everything that comes late."""

from decimal import Decimal

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.wishes import Answer, Send
from gateway.journal.arming import UNHEARD
from gateway.journal.states import DONE, State, Step
from gateway.journal.wishes import Reap, Record, Told
from gateway.wire.message import Ending, Heard
from tests.exchange.answered import check_answer
from tests.exchange.behaviours.made import final
from tests.exchange.driving import PROMISES, Story, World
from tests.exchange.endings import hangs, honest, not_sent, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS, SILENT

BET, WIN, ROLLBACK = Operation.BET, Operation.WIN, Operation.ROLLBACK
every_dialect = pytest.mark.parametrize("name", DIALECTS)
DOUBTS = pytest.mark.parametrize("hop", [silent, silent_after_booking, hangs])


@DOUBTS
@pytest.mark.parametrize("name", [None, *SILENT])
def test_a_doubt_that_ends_it_for_the_provider_is_undone_first(name: str | None, hop: object) -> None:
    """Where every word but a yes is the end: our reversal is durable before the decline leaves, and takes."""
    world = World(name or final())
    story = world.tell(world.request(BET), hop)  # type: ignore[arg-type]
    check_answer(world, story)
    assert story.effect <= {"silent", "final"}
    kinds = story.kinds
    assert kinds.index("Record") < kinds.index("Answer")
    row = world.row("t1")
    assert row is not None
    assert row.undo
    if world.running:
        world.finish(silent_after_booking)
    world.recover(seconds=300)
    assert world.balance == Decimal("100.00")
    again = world.tell(world.request(BET))
    assert DONE not in again.effect
    assert not again.money_sends


@pytest.mark.parametrize("name", SILENT)
def test_nobody_rolls_back_a_yes_whose_answer_was_lost(name: str) -> None:
    """The provider tries three times, takes it for failed and sends nothing: undone at the least horizon."""
    world = World(name)
    world.gone = True
    world.tell(world.request(BET))
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.span, row.heard_done) == (State.APPLIED, 0.0, False)
    world.recover(seconds=700)
    assert world.balance == Decimal("100.00")
    assert DONE not in world.tell(world.request(BET)).effect


@pytest.mark.parametrize("name", SILENT)
def test_a_yes_of_which_nobody_noted_whether_it_was_heard_is_a_humans(name: str) -> None:
    """Who falls silent does not come back either way: that it did not proves nothing, and nothing is undone."""
    world = World(name)
    world.tell(world.request(BET), throw=lambda step, wish: RuntimeError("killed") if isinstance(wish, Told) else None)
    world.recover(seconds=50_000)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.parked, row.heard_done) == (State.APPLIED, UNHEARD, False)


@pytest.mark.parametrize("name", SILENT)
def test_a_rollback_after_our_own_reversal_is_answered_ok(name: str) -> None:
    """Should the provider send one after all, nothing is given back twice."""
    world = World(name)
    world.tell(world.request(BET), silent_after_booking)
    world.recover(seconds=300)
    story = world.tell(world.request(ROLLBACK, "t2"))
    check_answer(world, story)
    assert story.effect == {DONE}
    assert world.balance == Decimal("100.00")


def test_a_copy_of_a_bet_in_flight_that_is_told_the_end_undoes_it() -> None:
    """The copy hears a word that ends it: the first one's yes must not stand, and is not told either.

    Whether that word was heard is not noted yet when the first one's answer is made: what we are telling decides.
    """
    world = World(final())
    seen: list[Story] = []

    def unnoted(step: int, wish: object) -> BaseException | None:
        return RuntimeError("not noted yet") if isinstance(wish, Told) else None

    def second(inner: World, wish: Send) -> Ending:
        ending = Heard(inner.says(wish.request))
        seen.append(inner.tell(inner.request(BET), throw=unnoted))
        return ending

    first = world.tell(world.request(BET), second)
    assert seen[0].effect <= {"silent", "final"}
    assert first.outcome is Outcome.ALREADY_ROLLED_BACK
    world.recover(seconds=300)
    assert world.balance == Decimal("100.00")


def test_a_yes_that_cannot_be_said_and_ends_it_is_undone() -> None:
    """The yes came, and the answer's making failed after it was recorded: the word that ends it leaves an undoing."""
    world = World(final())

    def throw(step: int, wish: object) -> BaseException | None:
        return RuntimeError("a bug") if isinstance(wish, Record) else None

    story = world.tell(world.request(BET), throw=throw)
    assert story.effect <= {"silent", "final"}
    world.memory.do(Reap(frozenset({"memory"})))
    world.recover(seconds=50_000)
    assert world.balance == Decimal("100.00")


@DOUBTS
def test_a_yes_that_arrives_after_we_said_failed(hop: object) -> None:
    """The doubt was told as the end, and the bet lands after all: undone, under one key."""
    world = World(final())
    world.tell(world.request(BET), hangs)
    world.finish(honest)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.step) == (State.APPLIED, Step.REVERSE)
    world.recover(seconds=5)
    assert world.balance == Decimal("100.00")
    assert [call.transaction for call in world.booked] == ["acme::t1", "rev:acme::t1"]


@every_dialect
def test_a_yes_that_lands_after_its_tombstone(name: str) -> None:
    """Our instance was held for dead, the bet was rolled back and found to be nothing, and then the yes comes.

    The wallet breaks its promise of tombstones here: another reversal goes out, under a key that it has not answered.
    """
    world = World(name)
    world.tell(world.request(BET), hangs)
    world.memory.do(Reap(frozenset({"memory"})))
    world.tell(world.request(ROLLBACK, "rb1"))
    row = world.row("t1")
    assert row is not None
    assert row.state is State.BURIED

    def lands(inner: World, wish: Send) -> Ending:
        inner.sandbox.records = type(inner.sandbox.records)(inner.sandbox.ledger.connection)
        form = inner.wallet.dialect.recognise(inner.wallet.dialect.open(wish.request))
        call = inner.wallet.dialect.read_call(form, inner.wallet.dialect.open(wish.request))
        return Heard(inner.worded(form.name, call, type(inner.sandbox.apply(call))(Outcome.OK, player="1001")))

    world.finish(lands)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.step, row.reversal_key) == (State.APPLIED, Step.REVERSE, "rev2:acme::t1")


@every_dialect
def test_at_the_horizon_a_bet_that_nobody_came_back_for(name: str) -> None:
    """In doubt, told to come back, and the provider never did: undone at the horizon, not before."""
    world = World(name)
    world.tell(world.request(BET), silent_after_booking)
    row = world.row("t1")
    assert row is not None
    span = max(world.dialect.span_s("bet"), world.dialect.span_s("rollback"))
    assert row.horizon == row.created + max(600.0, 3 * span)
    world.recover(seconds=row.horizon - world.clock.now - 1)
    assert world.balance == Decimal("90.00")
    world.recover(seconds=5)
    assert world.balance == Decimal("100.00")


@every_dialect
def test_against_the_providers_retry(name: str) -> None:
    """The reversal is done or on its way, and the bet comes again: never sent, never a yes."""
    for began in (False, True):
        world = World(name)
        world.tell(world.request(BET), silent_after_booking)
        row = world.row("t1")
        assert row is not None
        world.recover(not_sent if began else None, seconds=row.horizon - world.clock.now + (30 if began else 10))
        again = world.tell(world.request(BET))
        check_answer(world, again)
        assert again.outcome is Outcome.ALREADY_ROLLED_BACK
        assert not again.money_sends
        world.recover(seconds=2000)
        assert world.balance == Decimal("100.00")


@every_dialect
def test_is_adopted_by_the_providers_first_rollback(name: str) -> None:
    """We undid it; the provider's own rollback takes it for its own, hears ok; a second one hears that it is done."""
    world = World(name)
    world.tell(world.request(BET), silent_after_booking)
    world.recover(seconds=50_000)
    assert world.balance == Decimal("100.00")
    first = world.tell(world.request(ROLLBACK, "rb1"))
    check_answer(world, first)
    assert first.outcome is Outcome.OK
    assert not first.money_sends
    assert world.tell(world.request(ROLLBACK, "rb1")).outcome is Outcome.ALREADY_DONE
    assert world.tell(world.request(ROLLBACK, "rb2")).outcome is Outcome.ALREADY_ROLLED_BACK
    assert world.balance == Decimal("100.00")


@pytest.mark.parametrize("name", ["scorpio", "155io"])
def test_is_adopted_after_a_restart_too(name: str) -> None:
    """The adoption's answer may demand a balance that nobody remembers: it is asked for."""
    world = World(name)
    world.tell(world.request(BET), silent_after_booking)
    world.recover(seconds=50_000)
    world.forget()
    first = world.tell(world.request(ROLLBACK, "rb1"))
    check_answer(world, first)
    assert first.outcome is Outcome.OK
    assert b"100" in first.response.body


@every_dialect
def test_that_is_on_its_way_meets_the_providers_own(name: str) -> None:
    """Our reversal hangs at the wallet: the provider's rollback waits, is not forwarded, and adopts it."""
    world = World(name)
    world.tell(world.request(BET), silent_after_booking)
    row = world.row("t1")
    assert row is not None
    world.recover(seconds=row.horizon - world.clock.now - 1)
    world.clock.now += 2

    def undoing_hangs(inner: World, wish: Send) -> Ending:
        return (hangs if wish.request.path == "/rollback" else honest)(inner, wish)

    world.recover(undoing_hangs, seconds=0)
    assert world.in_flight == {"acme::t1"}
    story = world.tell(world.request(ROLLBACK, "rb1"))
    assert story.outcome is Outcome.IN_PROGRESS
    assert not story.money_sends
    world.finish(honest)
    assert world.tell(world.request(ROLLBACK, "rb1")).outcome is Outcome.OK
    assert world.balance == Decimal("100.00")
    assert sum(call.operation is ROLLBACK for call in world.booked) == 1


@every_dialect
def test_consent_at_the_horizon(name: str) -> None:
    """Our yes left and its delivery was never confirmed; the provider could come back, and did not: it heard us."""
    world = World(name)

    def crash(step: int, wish: object) -> BaseException | None:
        return RuntimeError("killed before it was noted") if type(wish).__name__ == "Told" else None

    world.tell(world.request(BET), throw=crash)
    row = world.row("t1")
    assert row is not None
    assert (row.telling, row.told) == ({DONE}, None)
    world.recover(seconds=50_000)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.told, row.step) == (State.APPLIED, {DONE}, None)
    assert world.balance == Decimal("90.00")


@every_dialect
def test_no_consent_where_nobody_served(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No gateway served while the provider might have come back: whether it heard our yes a human must find out."""
    world = World(name)

    def crash(step: int, wish: object) -> BaseException | None:
        return RuntimeError("killed") if isinstance(wish, Answer) or type(wish).__name__ == "Told" else None

    world.tell(world.request(BET), throw=lambda step, wish: crash(step, wish) if not isinstance(wish, Answer) else None)
    monkeypatch.setattr(type(world.memory), "witnessed", lambda *given: False)
    world.recover(seconds=50_000)
    row = world.row("t1")
    assert row is not None
    assert row.parked is not None
    assert world.balance == Decimal("90.00")
    again = world.tell(world.request(BET))  # and the provider itself may end it
    assert again.outcome is Outcome.OK
    row = world.row("t1")
    assert row is not None
    assert row.parked is None


@every_dialect
@pytest.mark.parametrize("promises", [PROMISES - {"tombstones"}, frozenset({"idempotent", "references"})])
def test_waits_for_the_quarantine_where_the_wallet_keeps_no_tombstones(name: str, promises: frozenset[str]) -> None:
    """A doubtful bet might still land: its undoing, the provider's too, goes out after the quarantine only."""
    world = World(name)
    world.policy = type(world.policy)(promises, chance=lambda: 1.0)
    world.memory.policy = world.policy
    world.wallet = type(world.wallet)(**{**world.wallet.__dict__, "promises": promises})
    world.tell(world.request(BET), silent_after_booking)
    at = world.clock.now
    if "status" in promises:
        world.memory.rows["acme::t1"] = row = world.memory.rows["acme::t1"]
        assert row.step is Step.ASK
    story = world.tell(world.request(ROLLBACK, "rb1"))
    assert DONE not in story.effect
    assert not story.money_sends
    world.recover(seconds=at + 59 - world.clock.now)
    assert not [call for call in world.booked if call.operation is ROLLBACK and world.clock.now < at + 60]
    world.recover(seconds=20)
    assert world.balance == Decimal("100.00")
    assert world.tell(world.request(ROLLBACK, "rb1")).outcome is Outcome.OK


@pytest.mark.parametrize("prize", ["5.00", "10.00", "25.00"])
@pytest.mark.parametrize("whose", ["the provider's", "ours"])
def test_both_legs_are_undone_where_the_wallet_moves_what_a_reversal_states(prize: str, whose: str) -> None:
    """Without `references` it looks nothing up: stated is what stake and prize moved together, either way."""
    world = World("groove", promises=PROMISES - {"references"})
    facts = {"bet_amount": Decimal("10.00"), "win_amount": Decimal(prize)}
    world.tell(world.request(Operation.BET_WIN, **facts), silent_after_booking if whose == "ours" else honest)
    assert world.balance == Decimal("90.00") + Decimal(prize)
    if whose == "ours":
        world.recover(seconds=500_000)
    else:
        assert world.tell(world.request(ROLLBACK)).effect == {DONE}
    assert world.balance == Decimal("100.00")
    again = world.tell(world.request(ROLLBACK))
    assert again.effect == {DONE}
    world.recover(seconds=500_000)
    assert world.balance == Decimal("100.00")

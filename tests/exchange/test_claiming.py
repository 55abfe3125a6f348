"""One row per id and content: what is a repeat, what is a conflict, and what memory's gaps may not turn into one."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.asking import RESERVE
from gateway.exchange.wishes import Send
from gateway.journal.states import State
from gateway.journal.wishes import Claim, JournalUnavailable, Look, Reap, Record, Wait
from gateway.wire.message import Ending
from tests.exchange.answered import check_answer
from tests.exchange.driving import World
from tests.exchange.endings import Hop, hangs, honest, not_sent, refuses, silent, silent_after_booking
from tests.exchange.shipped import DIALECTS

every_dialect = pytest.mark.parametrize("name", DIALECTS)


@every_dialect
def test_conflict_with_a_settled_row(name: str) -> None:
    """Same id, other amount, and the first attempt is settled: a conflict, an alert, and no wallet call."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    story = world.tell(world.request(Operation.BET, amount=Decimal("11.00")))
    check_answer(world, story)
    assert story.outcome is Outcome.TRANSACTION_CONFLICT
    assert "conflict" in story.journey.alerts
    assert not story.sends
    assert world.balance == Decimal("90.00")


@every_dialect
@pytest.mark.parametrize("first", [silent, hangs])
def test_conflict_with_an_open_row(name: str, first: Hop) -> None:
    """Same id, other amount, while nobody knows of the first attempt: unknown, never a final word."""
    world = World(name)
    world.tell(world.request(Operation.BET), first)
    story = world.tell(world.request(Operation.BET, amount=Decimal("11.00")))
    check_answer(world, story)
    assert story.outcome is Outcome.UNKNOWN
    assert "conflict" in story.journey.alerts
    assert not story.sends


@every_dialect
def test_conflict_with_a_success_that_was_told_as_a_doubt(name: str) -> None:
    """The bet is booked, and the provider was only told to come back: other content is no final word either."""
    world = World(name)
    world.tell(world.request(Operation.BET), hangs)
    world.finish(honest)
    story = world.tell(world.request(Operation.BET, amount=Decimal("11.00")))
    check_answer(world, story)
    assert story.outcome is Outcome.UNKNOWN
    assert "conflict" in story.journey.alerts
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.OK
    again = world.tell(world.request(Operation.BET, amount=Decimal("11.00")))
    assert again.outcome is Outcome.TRANSACTION_CONFLICT


@every_dialect
@pytest.mark.parametrize("changed", [{"round": "g2"}, {"amount": Decimal("10.01")}])
def test_every_money_field_counts(name: str, changed: dict[str, object]) -> None:
    """One money field changed is other content."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    assert world.tell(world.request(Operation.BET, **changed)).outcome is Outcome.TRANSACTION_CONFLICT


@every_dialect
def test_one_id_for_two_operations(name: str) -> None:
    """A win under a bet's id is other content."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    assert world.tell(world.request(Operation.WIN, "t1")).outcome is Outcome.TRANSACTION_CONFLICT


@every_dialect
def test_a_claim_states_the_content(name: str) -> None:
    """The fingerprint names what a repeat must share; a reversal's own amount is not part of it."""
    world = World(name)
    claim = next(wish for wish in world.tell(world.request(Operation.BET)).wishes if isinstance(wish, Claim))
    assert claim.row.key == "acme::t1"
    assert {"operation=bet", "round=g1", "amount=10"} <= set(claim.row.fingerprint)
    undo = next(wish for wish in world.tell(world.request(Operation.ROLLBACK, "rb1")).wishes if isinstance(wish, Claim))
    assert not any(part.startswith("amount=") for part in undo.row.fingerprint)
    assert undo.targets == ("acme::t1",)


@pytest.mark.parametrize("name", ["evenbet", "155io"])
def test_what_memory_lost_is_no_other_content(name: str) -> None:
    """Between two tries of a rollback its bet is forgotten: still the same rollback, and it goes out."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.ROLLBACK, "rb1"), silent)
    world.forget()
    again = world.tell(world.request(Operation.ROLLBACK, "rb1"))
    check_answer(world, again)
    assert len(again.money_sends) == 1
    assert "conflict" not in again.journey.alerts
    assert again.outcome is Outcome.OK
    assert world.balance == Decimal("100.00")


def test_a_lost_session_between_attempts_stays_unknown() -> None:
    """The first try is in doubt and the session is forgotten, also by the wallet: unknown, never "invalid token"."""
    world = World("evenbet")
    world.tell(world.request(Operation.BET), silent)
    world.forget()
    for hop in (silent, refuses(Outcome.SESSION_EXPIRED), not_sent):
        again = world.tell(world.request(Operation.BET), hop)
        check_answer(world, again)
        assert again.outcome is Outcome.UNKNOWN
        assert not again.money_sends
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.OK


def test_a_lost_session_after_a_success_that_nobody_heard() -> None:
    """The bet is booked, the answer was lost, the session is forgotten: the repeat is not declined."""
    world = World("evenbet")
    world.gone = True
    world.tell(world.request(Operation.BET))
    world.gone = False
    world.forget()
    assert world.tell(world.request(Operation.BET), refuses(Outcome.SESSION_EXPIRED)).outcome is Outcome.UNKNOWN
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.OK
    assert world.balance == Decimal("90.00")


def test_a_player_that_memory_learns_later_is_held_against() -> None:
    """A row without its player takes the player of the next claim; another one after that is a conflict."""
    world = World("evenbet")
    first = next(wish for wish in world.tell(world.request(Operation.BET), silent).wishes if isinstance(wish, Claim))
    fingerprint = first.row.fingerprint
    assert "player=1001" in fingerprint

    def claim(player: str | None) -> str:
        named = () if player is None else (f"player={player}",)
        row = replace(first.row, key="acme::t2", fingerprint=(*(set(fingerprint) - {"player=1001"}), *named))
        return str(world.memory.do(Claim(row)).verdict)

    assert [claim(None), claim("1001")] == ["ours", "in_flight"]
    assert world.memory.do(Reap(frozenset({"memory"}))) == 1
    assert [claim("1001"), claim("1002")] == ["ours", "conflict"]


@pytest.mark.parametrize("name", ["155io", "scorpio"])
def test_only_what_memory_gives_may_be_unknown(name: str) -> None:
    """A field that the message itself states or leaves out is content: absent is not the same as present."""
    world = World(name)
    claim = next(wish for wish in world.tell(world.request(Operation.BET), silent).wishes if isinstance(wish, Claim))
    named = {part.partition("=")[0] for part in claim.row.fingerprint}
    assert named == {"operation", *world.dialect.fingerprint("bet")}


@pytest.mark.parametrize("name", DIALECTS)
def test_the_longest_id_reaches_the_wallet(name: str) -> None:
    """An id of 255 characters is a longer key, and the wallet still takes it: no win is lost for its name."""
    world = World(name)
    bet = world.tell(world.request(Operation.BET, "b" * 255))
    win = world.tell(world.request(Operation.WIN, "w" * 255, reference=("b" * 255,)))
    assert [bet.outcome, win.outcome] == [Outcome.OK, Outcome.OK]
    assert world.tell(world.request(Operation.ROLLBACK, "r", reference=("w" * 255,))).outcome is not Outcome.UNKNOWN


@every_dialect
def test_a_claim_names_what_it_is_about(name: str) -> None:
    """A rollback its targets, a win its bets where it names them, a bet nothing; each as keys."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    claims = {}
    for operation, transaction in ((Operation.BET, "t2"), (Operation.WIN, "w1"), (Operation.ROLLBACK, "rb1")):
        told = world.tell(world.request(operation, transaction))
        (claims[operation],) = [wish for wish in told.wishes if isinstance(wish, Claim)]
        assert claims[operation].row.key == f"acme::{transaction}"
        assert claims[operation].undoable == world.dialect.variants[told.name or ""].targets
    bet, win, rollback = claims.values()
    assert (bet.targets, bet.bets, win.targets) == ((), (), ())
    named = win.row.call.reference
    assert win.bets == (() if named is None else ("acme::t1",))
    assert (rollback.targets, rollback.bets) == (("acme::t1",), ())


@every_dialect
def test_a_journal_that_cannot_write_is_said_and_alerted(name: str) -> None:
    """Before the call nothing is sent; after it nobody knows. Its words are in the log, and it is no bug of ours."""
    for kind, sends in ((Claim, 0), (Record, 1)):
        world = World(name)

        def full(step: int, wish: object, kind: type = kind) -> BaseException | None:
            return JournalUnavailable("the disk is full") if isinstance(wish, kind | Look) else None

        story = world.tell(world.request(Operation.BET), throw=full)
        check_answer(world, story)
        assert story.journey.alerts == ["journal_unavailable"]
        assert (story.journey.why, story.journey.bug, len(story.money_sends)) == ("the disk is full", None, sends)
        assert story.outcome is Outcome.UNKNOWN


@every_dialect
def test_a_claim_that_cannot_be_written_is_said_as_busy(name: str) -> None:
    """The journal could still be read: nothing of it is there and nothing left us, and it is no error of ours."""
    world = World(name)

    def full(step: int, wish: object) -> BaseException | None:
        return JournalUnavailable("the disk is full") if isinstance(wish, Claim) else None

    story = world.tell(world.request(Operation.BET), throw=full)
    check_answer(world, story)
    assert (story.outcome, story.sends, story.journey.bug) == (Outcome.BUSY, [], None)


@every_dialect
def test_a_refusal_of_a_call_that_was_held_for_dead_is_a_doubt(name: str) -> None:
    """The row went on without us and is in doubt: neither the no is said, nor a yes that nobody heard."""
    world = World(name)

    def refused_late(inner: World, wish: Send) -> Ending:
        inner.memory.do(Reap(frozenset({inner.memory.me})))
        return refuses(Outcome.INSUFFICIENT_FUNDS)(inner, wish)

    story = world.tell(world.request(Operation.BET), refused_late)
    check_answer(world, story)
    row = world.row("t1")
    assert row is not None
    assert (story.outcome, row.state) == (Outcome.UNKNOWN, State.UNKNOWN)


@every_dialect
def test_a_new_row_knows_its_order_and_its_span(name: str) -> None:
    """What must happen in order shares a chain: a player's round; without one, what it refers to, else itself."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.WIN, "w1"))
    bet, win = world.row("t1"), world.row("w1")
    assert bet is not None
    assert win is not None
    assert bet.chain == win.chain == "acme|1001|g1"
    spans = {form.name: world.dialect.span_s(form.name) for form in world.dialect.variants.values()}
    assert bet.span == max(spans["bet"], spans["rollback"])
    assert win.span == spans["win"]
    world.tell(world.request(Operation.ROLLBACK, "rb1", reference=("unseen",)))
    rollback = world.row("rb1")
    assert rollback is not None
    assert rollback.chain in ("acme|1001|g1", "acme::unseen", "acme||g1")


@every_dialect
def test_what_is_recorded_for_people(name: str) -> None:
    """The wallet's word, or how it ended without one, and our own word in the dialect; of a copy's answer too."""
    for hop, heard in (
        (honest, "ok"),
        (refuses(Outcome.INSUFFICIENT_FUNDS), "insufficient_funds"),
        (silent, "silence"),
    ):
        world = World(name)
        told = world.tell(world.request(Operation.BET), hop, hop)
        (record,) = [wish for wish in told.wishes if isinstance(wish, Record)]
        assert (record.heard, record.code) == (heard, told.journey.code)
    world.gone = True
    world.tell(world.request(Operation.BET), honest)
    world.gone = False
    copy = world.tell(world.request(Operation.BET))
    assert [wish.code for wish in copy.wishes if isinstance(wish, Record)] == [copy.journey.code]


@every_dialect
def test_a_silence_and_then_no_connection_is_a_doubt(name: str) -> None:
    """That the second attempt never left says nothing of the first."""
    world = World(name)
    story = world.tell(world.request(Operation.BET), silent_after_booking, not_sent)
    assert story.outcome is Outcome.UNKNOWN
    (record,) = [wish for wish in story.wishes if isinstance(wish, Record)]
    assert (record.state, record.sent) == (State.UNKNOWN, True)


@every_dialect
def test_a_copy_waits_as_long_as_there_is_time_to_answer(name: str) -> None:
    """Up to what the answer itself needs; for the row that is held."""
    world = World(name)
    world.tell(world.request(Operation.BET), hangs)
    story = world.tell(world.request(Operation.BET))
    (wait,) = [wish for wish in story.wishes if isinstance(wish, Wait)]
    assert (wait.key, wait.until) == ("acme::t1", story.journey.answer_by - RESERVE)


def test_a_player_is_remembered_as_last_seen() -> None:
    """With the session, the balance and the currency."""
    world = World("155io")
    world.tell(world.request(Operation.BET))
    seen = {"player": "1001", "currency": "EUR", "session": world.session, "balance": Decimal("90.00")}
    assert world.memories["acme", "player", "1001"] == seen


@every_dialect
def test_a_win_that_waits_says_why(name: str) -> None:
    """Its bet is in doubt: the provider comes back, and the log says so."""
    world = World(name)
    world.tell(world.request(Operation.BET), silent, silent)
    story = world.tell(world.request(Operation.WIN, "w1"))
    assert (story.outcome, story.journey.why) == (Outcome.BUSY, "its bet is in doubt: it is paid after it")


@every_dialect
def test_a_session_goes_along_only_where_it_is_checked(name: str) -> None:
    """With a bet; a win must not be refused because a session has ended."""
    world = World(name)
    world.tell(world.request(Operation.BET))
    world.tell(world.request(Operation.WIN, "w1"))
    bet, win = world.booked
    checked = world.dialect.session_checked
    assert (bet.session is not None) == (Operation.BET in checked)
    assert (win.session is not None) == (Operation.WIN in checked)

"""One errand of our outbox: what it makes of the wallet's word, and what it says of itself afterwards."""

from decimal import Decimal

import pytest

from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.exchange.asking import Asking
from gateway.exchange.recovery import REFUSED_BET, REFUSED_UNDOING, REFUSED_WIN, UNWRITABLE
from gateway.exchange.wishes import Send
from gateway.journal.recording import LOST
from gateway.journal.states import State, Step
from gateway.wire.message import Ending, Heard
from tests.exchange.behaviours.made import final
from tests.exchange.driving import PROMISES, World
from tests.exchange.endings import Hop, hangs, honest, not_sent, refuses, silent, silent_after_booking

BET, WIN = Operation.BET, Operation.WIN


def landed_late(promises: frozenset[str]) -> World:
    """A bet whose doubt was told as the end, and whose yes came then: its reversal is due."""
    world = World(final(), promises=promises)
    world.policy = world.memory.policy = type(world.policy)(promises, chance=lambda: 1.0)
    world.tell(world.request(BET), hangs)
    world.finish(honest)
    return world


def test_not_found_proves_nothing_while_a_reversal_may_still_land() -> None:
    """Of a wallet without tombstones, which cannot be asked: the reversal is sent again, and the bet is not buried."""
    world = landed_late(frozenset({"idempotent", "references"}))
    (first,) = world.recover(silent, seconds=60)
    assert (first.step, first.state, first.next) == (Step.REVERSE, "applied", "reverse")
    row = world.row("t1")
    assert row is not None
    assert row.undo_sent is True
    (again,) = world.recover(refuses(Outcome.TRANSACTION_NOT_FOUND), seconds=1)
    assert (again.state, again.next, again.parked, again.finished) == ("applied", "reverse", "", False)
    world.recover(seconds=120)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.step, row.parked) == (State.REVERSED, None, None)
    assert world.balance == Decimal("100.00")


def test_nothing_to_undo_of_what_was_booked_is_a_humans_matter() -> None:
    """The wallet contradicts itself; the errand is not finished by it."""
    world = landed_late(PROMISES)
    (errand,) = world.recover(refuses(Outcome.NOTHING_TO_DO))
    assert errand.parked == LOST
    assert (errand.next, errand.finished, errand.alerts) == ("", False, ["parked"])


def test_a_refused_undoing_is_parked_with_the_wallets_word() -> None:
    """And alerted."""
    world = landed_late(PROMISES)
    (errand,) = world.recover(refuses(Outcome.PLAYER_BLOCKED))
    assert errand.parked == f"{REFUSED_UNDOING}: player_blocked"
    assert (errand.heard, errand.alerts, errand.finished) == ("player_blocked", ["reversal_refused", "parked"], False)


def test_an_errand_that_did_it_is_finished() -> None:
    """Nothing is left to do, and nobody is called."""
    world = landed_late(PROMISES)
    (errand,) = world.recover()
    assert (errand.state, errand.next, errand.parked, errand.alerts) == ("reversed", "", "", [])
    assert (errand.finished, errand.heard, errand.asked) == (True, "ok", 1)


def test_an_errand_that_never_left_says_so() -> None:
    """It is not finished, and counts as not tried."""
    world = landed_late(PROMISES)
    (errand,) = world.recover(not_sent)
    assert (errand.ending, errand.finished, errand.next) == ("not_sent", False, "reverse")
    row = world.row("t1")
    assert row is not None
    assert (row.tries, row.undo_sent) == (0, False)


def test_what_the_wallet_says_of_a_doubt_is_kept_for_the_repeat() -> None:
    """The answer to `status` is the bet's own reply from then on: a repeat is answered without asking again."""
    world = World("155io")
    world.tell(world.request(BET), silent_after_booking)
    world.recover(seconds=1)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.outcome) == (State.APPLIED, Outcome.OK)
    assert row.reply is not None
    assert row.reply.outcome is Outcome.OK


def test_a_refused_win_is_parked_as_a_win() -> None:
    """The provider believes that it was paid: its reason, and the wallet's word."""
    world = World("155io")
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), not_sent, not_sent)
    (errand,) = world.recover(refuses(Outcome.PLAYER_BLOCKED), seconds=1)
    assert (errand.step, errand.parked) == (Step.DELIVER, f"{REFUSED_WIN}: player_blocked")
    assert errand.alerts == ["credit_refused", "parked"]
    row = world.row("w1")
    assert row is not None
    assert (row.state, row.outcome) == (State.DECLINED, Outcome.PLAYER_BLOCKED)


def test_a_refused_bet_that_a_win_has_named_is_parked_as_a_bet() -> None:
    """The win proves that the provider holds it, and the wallet does not take it: no machine can mend that."""
    world = World("155io")
    world.tell(world.request(BET), not_sent, not_sent)
    world.tell(world.request(WIN, "w1"))
    (errand,) = world.recover(refuses(Outcome.INSUFFICIENT_FUNDS))
    assert (errand.step, errand.alerts) == (Step.DELIVER, ["credit_refused", "parked"])
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.parked) == (State.DECLINED, f"{REFUSED_BET}: insufficient_funds")


def test_what_is_found_of_a_win_before_it_is_sent_again_is_kept() -> None:
    """Its reply answers the provider's repeat."""
    world = World("155io")
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), silent_after_booking, silent_after_booking)
    (errand,) = world.recover(seconds=1)
    assert (errand.step, errand.asked) == (Step.DELIVER, 1)
    row = world.row("w1")
    assert row is not None
    assert (row.state, row.step, row.outcome) == (State.APPLIED, None, Outcome.OK)
    assert row.reply is not None


@pytest.mark.parametrize(
    ("promises", "asked"), [(PROMISES, 2), (PROMISES - {"references"}, 1), (PROMISES - {"tombstones"}, 1)]
)
def test_what_was_never_seen_is_undone_only_where_that_keeps_it_out(promises: frozenset[str], asked: int) -> None:
    """A wallet that remembers tombstones and looks up what is undone; any other might credit it: it is asked again."""
    world = World(final(), promises=promises)
    world.policy = world.memory.policy = type(world.policy)(promises, quarantine_s=60.0, chance=lambda: 1.0)
    world.tell(world.request(BET), silent)
    row = world.row("t1")
    assert row is not None
    (errand,) = world.recover(seconds=max(0.0, row.due - world.clock.now))[:1]
    assert (errand.step, errand.heard) == (Step.REVERSE, "transaction_not_found")
    if "tombstones" in promises:
        assert errand.asked == asked
    world.recover(seconds=200)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.step, row.parked) == (State.BURIED, None, None)
    assert world.balance == Decimal("100.00")


def test_a_bet_in_doubt_that_is_refused_is_parked_as_a_bet_too() -> None:
    """A refusal of its repeat proves nothing; who reads why it is parked must not look for a win."""
    world = World("155io")
    world.tell(world.request(BET), silent, silent)
    world.tell(world.request(WIN, "w1"))
    assert world.balance == Decimal("100.00")

    def refused(inner: World, wish: Send) -> Ending:
        asked = wish.request.path == "/status"
        return (honest if asked else refuses(Outcome.INSUFFICIENT_FUNDS))(inner, wish)

    (errand,) = world.recover(refused)
    assert errand.alerts == ["credit_refused", "parked"]
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.parked) == (State.UNKNOWN, f"{REFUSED_BET}: insufficient_funds")


def test_a_message_that_cannot_be_written_is_parked_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """No repeat will write it; nothing left us."""
    world = landed_late(PROMISES)

    def unwritable(self: Asking, call: object) -> None:
        raise Fault(Outcome.WALLET_FAILED, "round: the message must have it")

    monkeypatch.setattr(Asking, "request", unwritable)
    (errand,) = world.recover()
    assert errand.parked == f"{UNWRITABLE}: round: the message must have it"
    assert (errand.alerts, errand.finished, errand.bug) == (["parked"], False, None)


def test_a_bug_in_an_errand_is_said_and_gives_the_row_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing left us: it is tried again."""
    world = landed_late(PROMISES)

    def broken(self: Asking, call: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Asking, "request", broken)
    (errand,) = world.recover()
    assert (errand.alerts, str(errand.bug), errand.next, errand.heard) == (["bug"], "a bug", "reverse", "")
    assert not world.in_flight


def test_a_question_that_nobody_answered_has_heard_nothing() -> None:
    """And leaves the row as it was."""
    world = World("155io")
    world.tell(world.request(BET), silent, silent)
    (errand,) = world.recover(silent)
    assert (errand.step, errand.heard, errand.state, errand.next) == (Step.ASK, "", "unknown", "ask")


def test_a_delivery_that_never_left_leaves_no_doubt() -> None:
    """The win stays open: proved not applied."""
    world = World("155io")
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), not_sent, not_sent)
    world.recover(not_sent)
    row = world.row("w1")
    assert row is not None
    assert (row.state, row.sent, row.step) == (State.OPEN, 0, Step.DELIVER)


def test_a_win_that_was_declined_and_cannot_be_sent_again_yet_is_in_no_doubt() -> None:
    """The wallet says that nothing of it is there, and then takes no connection: it is open, not unknown."""
    world = World("155io")
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), silent, silent)

    def declined(inner: World, wish: Send) -> Ending:
        asked = wish.request.path == "/status"
        return (refuses(Outcome.NOTHING_TO_DO) if asked else not_sent)(inner, wish)

    (errand,) = world.recover(declined)
    assert (errand.step, errand.asked, errand.state) == (Step.DELIVER, 2, "open")


def test_a_delivery_that_nobody_answered_is_in_doubt_whatever_was_said_before() -> None:
    """The word of an earlier try does not stand beside the doubt, and the doubt begins now."""
    world = World("155io")
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), not_sent, not_sent)
    before = world.row("w1")
    assert before is not None
    assert (before.state, before.outcome) == (State.OPEN, Outcome.WALLET_FAILED)
    world.clock.now += 30
    world.recover(silent)
    row = world.row("w1")
    assert row is not None
    assert (row.state, row.outcome, row.sent, row.since) == (State.UNKNOWN, None, 1, row.updated)


def test_a_reply_that_is_kept_says_what_its_row_says() -> None:
    """The wallet calls a first delivery a repeat: for the provider it is none."""
    world = World("155io")
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), not_sent, not_sent)
    world.recover(lambda inner, wish: Heard(inner.says(wish.request, Outcome.ALREADY_DONE)))
    row = world.row("w1")
    assert row is not None
    assert row.reply is not None
    assert (row.state, row.outcome, row.reply.outcome) == (State.APPLIED, Outcome.OK, Outcome.OK)


def test_an_undoing_that_may_still_land_is_not_sent_twice_to_a_wallet_that_counts_twice() -> None:
    """It says that the bet is there: so it is until the first undoing lands, and another would pay it back again."""
    promises = frozenset({"status", "tombstones"})
    world = World("155io", promises=promises)
    world.policy = world.memory.policy = type(world.policy)(promises, quarantine_s=60.0, chance=lambda: 1.0)
    world.tell(world.request(BET))
    world.tell(world.request(Operation.ROLLBACK, "rb1"), silent, silent)
    row = world.row("t1")
    assert row is not None
    assert (row.undo_sent, row.step) == (True, Step.REVERSE)
    (early,) = world.recover(seconds=0.0)
    assert (early.step, early.heard, early.asked, early.next) == (Step.REVERSE, "ok", 1, "reverse")
    world.recover(seconds=120)
    row = world.row("t1")
    assert row is not None
    assert (row.state, row.step, row.parked) == (State.REVERSED, None, None)
    assert world.balance == Decimal("100.00")


@pytest.mark.parametrize("word", [Outcome.UNKNOWN, Outcome.IN_PROGRESS])
def test_a_delivery_of_which_the_wallet_does_not_know_yet_is_in_doubt(word: Outcome) -> None:
    """It left, and what will come of it nobody has said: as a silence, but for the wallet's word in the log."""
    world = World("155io")
    world.tell(world.request(BET))
    world.tell(world.request(WIN, "w1"), not_sent, not_sent)
    (errand,) = world.recover(lambda inner, wish: Heard(inner.says(wish.request, word)))[:1]
    assert (errand.step, errand.heard, errand.bug) == (Step.DELIVER, str(word), None)
    row = world.row("w1")
    assert row is not None
    assert (row.state, row.sent) == (State.UNKNOWN, 1)


@pytest.mark.parametrize(
    ("hop", "told"),
    [
        (honest, {"heard": "ok", "outcome": Outcome.OK, "undone": True}),
        (refuses(Outcome.NOTHING_TO_DO), {"heard": "nothing_to_do", "outcome": Outcome.NOTHING_TO_DO}),
        (silent, {"sent": True}),
    ],
)
def test_what_is_written_of_an_undoing_for_people(hop: Hop, told: dict[str, object]) -> None:
    """The wallet's own word, what it means, and whether it took."""
    world = landed_late(PROMISES)
    world.memory.notes = []
    world.recover(hop)
    assert [note.facts for note in world.memory.notes if note.what == "settle"] == [told]


def test_our_undoing_says_what_was_played() -> None:
    """As the bet did: a wallet may keep its books by game."""
    world = World("155io")
    world.tell(world.request(BET))
    world.tell(world.request(Operation.ROLLBACK, "rb1"))
    bet, undoing = world.booked
    assert (bet.game, bet.round, bet.player) == ("marbles", "g1", "1001")
    assert (undoing.game, undoing.round, undoing.player) == (bet.game, bet.round, bet.player)

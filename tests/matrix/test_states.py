"""The safe-answer matrix over the journal: every operation x every fault x every state of the bet x every dialect.

What may be said is written in `states`, apart from the code; afterwards everything is let come to rest, and the
wallet's books are compared with what the provider was told. GATEWAY_ALL_FAULTS takes the faults of the other matrix,
of which this one has one or more of each kind.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from gateway.canon.operations import DEBITS, Operation
from gateway.canon.outcomes import Moved, Outcome
from tests.exchange.answered import check_answer
from tests.exchange.driving import DIALECTS, Story, World
from tests.exchange.endings import silent
from tests.matrix.faults import SILENCE, Fault, faults
from tests.matrix.states import BET, ROLLBACK, STATES, WIN, Left, Teller

TARGET = {BET: "t1", WIN: "w1", ROLLBACK: "rb1"}
#: Refusals that hold whatever became of earlier attempts.
ABOUT = {
    BET: {"already_rolled_back"},
    WIN: set[str](),
    ROLLBACK: {"already_rolled_back", "nothing_to_do", "transaction_not_found", "already_settled"},
}
KINDS = {
    "honest", "connection refused", "could not leave in time", "hangs", *(fault.name for fault in SILENCE),
    "HTTP 401", "HTTP 429", "HTTP 503", "HTTP 500", "HTTP 404 around an honest body", "HTTP 302", "HTML 200",
    "truncated JSON", "garbage", "an outcome nobody knows", "another call's id", "another player",
    *(f"says {word}" for word in (
        "ok", "already_done", "insufficient_funds", "session_expired", "player_blocked", "transaction_conflict",
        "already_rolled_back", "nothing_to_do", "transaction_not_found", "already_settled", "round_closed",
        "maintenance", "in_progress", "unknown", "signature_invalid",
    )),
    "says withdrawal_declined, which cannot be",
}  # fmt: skip
CELLS: dict[str, int] = {}


def chosen(name: str, operation: Operation, state: str) -> Iterator[Fault]:
    """The faults of this matrix. EvenBet's rollback of what we never saw names no player that could be another's."""
    nobody = name == "evenbet" and operation is ROLLBACK and state in ("never seen", "buried unseen")
    stated = name != "evenbet" or operation is not ROLLBACK
    everything = bool(os.environ.get("GATEWAY_ALL_FAULTS"))
    for fault in faults(operation, money=True, currency=stated):
        if (everything or fault.name in KINDS) and not (nobody and fault.name == "another player"):
            yield fault


def left_of(name: str, state: str, operation: Operation) -> Left:
    """What is left for *operation*; a tombstone has no round, by which some name a win's bet, and not by its id."""
    if state == "buried unseen" and operation is WIN and name not in ("155io", "hub88"):
        return Left(True, "clean")
    return {BET: STATES[state].bet, WIN: STATES[state].win, ROLLBACK: STATES[state].rollback}[operation]


def check_said(operation: Operation, left: Left, story: Story, fault: Fault) -> None:
    """Nothing is said that is not known, and the effect never parts the provider's belief from the money."""
    effect, outcome = story.effect, story.outcome
    final = bool(effect & {"final", "silent"})
    heard = fault.proves if isinstance(fault.proves, Outcome) and left.forwarded else None
    if heard is not None and fault.name == "honest":
        heard = Outcome(story.journey.heard)  # an honest wallet refuses what it must
    about = heard is not None and str(heard) in ABOUT[operation]
    if outcome.moved is Moved.UNKNOWN:
        assert effect <= ({"retries", "rolls_back"} if operation in DEBITS else {"retries"})
        assert effect
    if left.knows == "yes":
        assert outcome.moved is Moved.YES
        assert effect == {"done"}
    elif left.knows == "no":
        assert "done" not in effect
    elif left.knows == "waits":
        assert not final
        assert "done" not in effect
    elif left.knows == "nothing":
        assert outcome in (Outcome.NOTHING_TO_DO, Outcome.ALREADY_ROLLED_BACK)
    else:
        certain_no = heard is not None and heard.moved is Moved.NO
        if "done" in effect:
            vain = operation is ROLLBACK and about
            assert vain or heard is Outcome.NOTHING_TO_DO or (heard is not None and heard.moved is Moved.YES)
        if final:
            assert certain_no or fault.proves == "not_sent"
            assert about or left.knows != "doubt"


def at_rest(teller: Teller, fault: Fault) -> None:
    """What still hangs ends, and our outbox has all the time there is."""
    world = teller.world
    while world.running:
        world.finish(fault.late or silent)
    world.recover(seconds=60_000)


def check_books(teller: Teller, operation: Operation, story: Story) -> None:
    """What the provider heard, against the books; a parked row is a human's."""
    world, told = teller.world, teller.heard
    parked = [row.key for row in world.memory.rows.values() if row.parked]
    records = world.sandbox.records

    def live(transaction: str) -> bool:
        record = records.find(f"acme::{transaction}")
        return record is not None and record.state not in ("declined", "reversed")

    def heard(of: Operation, word: str) -> bool:
        return any(each is of and word in effect for each, effect in told)

    named = any(each is WIN for each, _ in told)
    undone = any(each is ROLLBACK for each, _ in told)
    if not parked:
        if undone:
            assert not live("t1") or named
        elif heard(BET, "done"):
            assert live("t1")
        elif not named:
            assert not live("t1"), "nobody heard a yes, nobody came back, and it is booked"
        if heard(BET, "done") and not undone:
            assert not heard(BET, "final")
    if operation is WIN and "done" in story.effect:
        assert live("w1")
    if operation is WIN and story.effect & {"final", "silent"}:
        assert not live("w1")
    if operation is ROLLBACK and "done" in story.effect:
        assert not live("t1")
    assert not world.sandbox.audit()
    assert not world.in_flight


def cell(name: str, operation: Operation, state: str, fault: Fault) -> None:
    """One cell: the bet's past, then the fault, then what was said, and what is in the books in the end."""
    world = World(name)
    teller = Teller(world)
    STATES[state].make(teller)
    world.clock.now += 1.0
    left = left_of(name, state, operation)
    before = len(world.booked)
    story = teller.tell(operation, TARGET[operation], fault.hop)
    check_answer(world, story)
    assert not story.journey.bug, story.journey.bug
    assert story.answered_at is not None
    assert story.answered_at <= story.journey.received + world.dialect.deadline_s(story.name)
    assert [send.again for send in story.money_sends] in ([[False], [False, True]] if left.forwarded else [[]])
    assert left.forwarded or len(world.booked) == before
    check_said(operation, left, story, fault)
    lies = isinstance(fault.proves, Outcome) and fault.name != "honest" and left.forwarded
    if not lies or fault.proves in (Outcome.WALLET_FAILED, Outcome.MAINTENANCE):
        at_rest(teller, fault)
        check_books(teller, operation, story)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", [BET, WIN, ROLLBACK])
@pytest.mark.parametrize("name", DIALECTS)
def test_every_fault_in_every_state(name: str, operation: Operation, state: str) -> None:
    """Whatever the journal holds of the bet and whatever the wallet does now: no forbidden answer, and sound books."""
    cells = list(chosen(name, operation, state))
    assert len({fault.name for fault in cells}) >= 25
    for fault in cells:
        try:
            cell(name, operation, state, fault)
        except Exception as error:
            error.add_note(f"cell: {name} {operation}, {state}, {fault.name}")
            raise
    CELLS[f"{name} {operation} {state}"] = len(cells)


def test_how_many_cells(note: Callable[[str], None]) -> None:
    """The matrix is whole: every column was generated, and its cells are counted from the axes themselves."""
    count = 0
    for name in DIALECTS:
        for operation in (BET, WIN, ROLLBACK):
            count += sum(1 for state in STATES for _ in chosen(name, operation, state))
    assert set(CELLS) <= {f"{name} {op} {state}" for name in DIALECTS for op in TARGET for state in STATES}
    columns = 3 * len(DIALECTS) * len(STATES)
    note(f"the safe-answer matrix over the journal: {count} cells in {columns} columns, a test each")

"""The safe-answer matrix over the journal: every operation x every fault x every state of the bet x every dialect.

What may be said is written in `states`, apart from the code; afterwards everything is let come to rest, and the
wallet's books are compared with what the provider was told. GATEWAY_ALL_FAULTS takes the faults of the other matrix,
of which this one has one or more of each kind.
"""

from collections.abc import Callable, Iterator

import pytest

from gateway.canon.operations import DEBITS, Operation
from gateway.canon.outcomes import Moved, Outcome
from tests.exchange.answered import check_answer
from tests.exchange.driving import Story, World
from tests.exchange.endings import silent
from tests.exchange.shipped import BETTING
from tests.matrix.columns import EVERYTHING, plays, plays_whole
from tests.matrix.faults import SILENCE, Fault, faults, unstated
from tests.matrix.states import BET, ROLLBACK, STATES, WAITS, WIN, Left, Teller, ever, left_of

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


def listed(operation: Operation) -> list[Fault]:
    """The faults of this matrix that a call of *operation* can meet."""
    return [each for each in faults(operation, money=True, currency=True) if EVERYTHING or each.name in KINDS]


NAMES = {operation: [fault.name for fault in listed(operation)] for operation in TARGET}
EVERY = [*dict.fromkeys(name for names in NAMES.values() for name in names)]


def chosen(name: str, operation: Operation, state: str) -> Iterator[Fault]:
    """The faults that *name* plays here: all, or of its share each for one of the operations that can meet it."""
    for fault in listed(operation):
        at = [*STATES].index(state) * len(EVERY) + EVERY.index(fault.name)
        meet = [each for each in TARGET if fault.name in NAMES[each]]
        if plays_whole(name) or (meet[at % len(meet)] is operation and plays(name, at)):
            yield fault


def check_said(operation: Operation, left: Left, story: Story, fault: Fault, *, ours: bool) -> None:
    """Nothing is said that is not known, and the effect never parts the provider's belief from the money.

    *ours*: what may have been booked is ours to take back, or was proved by its win.
    """
    effect, outcome = story.effect, story.outcome
    final = bool(effect & {"final", "silent"})
    heard = fault.proves if isinstance(fault.proves, Outcome) and left.forwarded else None
    if left.forwarded and (unstated(story, fault) or fault.name == "honest"):
        heard = Outcome(story.journey.heard)  # an honest wallet refuses what it must
    about = heard is not None and str(heard) in ABOUT[operation]
    if outcome.moved is Moved.UNKNOWN and not ours:
        assert effect <= {"retries", "rolls_back"}
        assert effect
        assert operation in DEBITS or "retries" in effect
    if left.knows == "yes":
        assert outcome.moved is Moved.YES
        # A repeated debit may be an error, after which it is rolled back.
        assert effect == {"done"} or (operation in DEBITS and effect <= {"retries", "rolls_back"})
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
        if final and not ours:
            assert certain_no or fault.proves == "not_sent"
            assert about or left.knows != "doubt"


def at_rest(teller: Teller, fault: Fault) -> None:
    """What still hangs ends, and our outbox has all the time there is."""
    world = teller.world
    while world.running:
        world.finish(fault.late or silent)
    world.recover(seconds=ever(world))


def check_books(teller: Teller, operation: Operation, story: Story) -> None:
    """What the provider heard, against the books; a parked row is a human's."""
    world, told = teller.world, teller.heard
    parked = [row.key for row in world.memory.rows.values() if row.parked]
    records = world.sandbox.records

    def live(transaction: str) -> bool:
        record = records.find(world.key(BET, "t1") if transaction == "t1" else teller.keys[transaction])
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
    left = left_of(teller, state, operation)
    before = len(world.booked)
    story = teller.tell(operation, TARGET[operation], fault.hop)
    if operation is WIN and state == "never seen" and not story.money_sends and "reference" in story.recalls:
        left = WAITS  # nobody could be asked whose bet that was
    check_answer(world, story)
    assert not story.journey.bug, story.journey.bug
    assert story.answered_at is not None
    assert story.answered_at <= story.journey.received + world.dialect.deadline_s(story.name)
    assert [send.again for send in story.money_sends] in ([[False], [False, True]] if left.forwarded else [[]])
    assert left.forwarded or len(world.booked) == before
    bet = world.memory.rows.get(world.key(BET, "t1"))
    check_said(operation, left, story, fault, ours=operation is BET and bet is not None and (bet.undo or bet.proved))
    lies = isinstance(fault.proves, Outcome) and fault.name != "honest" and left.forwarded
    if not lies or fault.proves in (Outcome.WALLET_FAILED, Outcome.MAINTENANCE):
        at_rest(teller, fault)
        check_books(teller, operation, story)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", [BET, WIN, ROLLBACK])
@pytest.mark.parametrize("name", BETTING)
def test_every_fault_in_every_state(name: str, operation: Operation, state: str) -> None:
    """Whatever the journal holds of the bet and whatever the wallet does now: no forbidden answer, and sound books."""
    cells = list(chosen(name, operation, state))
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
    for name in BETTING:
        for operation in (BET, WIN, ROLLBACK):
            count += sum(1 for state in STATES for _ in chosen(name, operation, state))
    assert set(CELLS) <= {f"{name} {op} {state}" for name in BETTING for op in TARGET for state in STATES}
    columns = 3 * len(BETTING) * len(STATES)
    note(f"the safe-answer matrix over the journal: {count} cells in {columns} columns, a test each")

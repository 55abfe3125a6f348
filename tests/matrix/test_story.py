"""The safe-answer matrix: every operation of every dialect x every fault of the wallet x every history, virtual time.

What may be said is written here a second time, in other words than in the story: it is the oracle of this test.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.canon.operations import DEBITS, MONEY, REVERSALS, Operation
from gateway.canon.outcomes import OUR_FAULT, Moved, Outcome
from gateway.journal.states import State
from tests.exchange.answered import check_answer
from tests.exchange.driving import Story, World
from tests.exchange.endings import Hop, silent_after_booking
from tests.exchange.shipped import dialect
from tests.matrix.columns import columns, share
from tests.matrix.faults import HISTORIES, Fault, ends, faults, owes, unstated

CELLS: dict[str, int] = {}
COLUMNS = columns()
TARGET = {
    Operation.BET: "t1", Operation.WIN: "w1", Operation.PROMO_WIN: "p1", Operation.ROLLBACK: "rb1",
    Operation.BET_WIN: "bw1", Operation.ROLLBACK_WIN: "rw1",
}  # fmt: skip
NEVER_THERE = {"nothing_to_do", "transaction_not_found"}
#: A refusal that is about the very id holds, whatever happened before.
ABOUT_THE_ID: dict[Operation, set[str]] = {
    **{each: {"already_rolled_back"} for each in DEBITS},
    **{each: NEVER_THERE | {"already_rolled_back", "already_settled"} for each in REVERSALS},
}


def prepared(name: str, operation: Operation) -> World:
    """A world in which *operation* makes sense: a win and a rollback have their bet."""
    world = World(name)
    if operation in (Operation.WIN, Operation.ROLLBACK, Operation.ROLLBACK_WIN):
        assert world.tell(world.request(Operation.BET, "t1")).outcome is Outcome.OK
        if operation is Operation.ROLLBACK_WIN:
            assert world.tell(world.request(Operation.WIN, "w1")).outcome is Outcome.OK
        world.booked.clear()
    return world


def named(name: str, operation: Operation) -> str:
    """What the table calls it."""
    return dialect(name).operations()[operation][0]


def attempt(world: World, operation: Operation, *hops: Hop, waited: float = 0.0) -> Story:
    """One try of the operation; a repeat has a new request_id where the dialect knows one."""
    facts: dict[str, Any] = {"session": "L1"} if operation is Operation.AUTHENTICATE else {}
    if operation is Operation.ROLLBACK_WIN:
        facts = {"reference": ("w1",), "amount": Decimal("5.00")}
    return world.tell(world.request(operation, TARGET.get(operation, ""), **facts), *hops, waited=waited)


def expected(
    operation: Operation, history: str, proves: Outcome | str, told: Story | None = None
) -> tuple[Outcome | None, State]:
    """What must be said (None: one of the two that say "nobody knows"), and the row's state then.

    *told*: what was said before. A debit that was answered as failed for good, though it was only not sent, stays so;
    of one in doubt that was so answered we take back what there may be, and it is never sent again.
    """
    applied = "success" in history
    if told is not None and operation in DEBITS and ends(told.effect) and not applied:
        if "silence" in history:
            return Outcome.ALREADY_ROLLED_BACK, State.UNKNOWN
        return told.outcome, State.OPEN
    if applied:  # the journal has the yes, and nobody is asked again
        return (Outcome.ALREADY_DONE if history == "after success" else Outcome.OK), State.APPLIED
    doubt = "silence" in history
    if operation in REVERSALS and doubt and proves in NEVER_THERE:
        return Outcome.OK, State.APPLIED  # its bet was there: the undoing that nobody answered took it
    if operation in REVERSALS and proves is Outcome.TRANSACTION_NOT_FOUND:
        return Outcome.NOTHING_TO_DO, State.DECLINED  # we know its bet, so it is not the dialect's "never seen"
    if proves == "not_sent":
        proves = Outcome.WALLET_FAILED
    if not isinstance(proves, Outcome):
        return Outcome.UNKNOWN, State.UNKNOWN
    if proves.moved is Moved.YES:
        return Outcome.OK, State.APPLIED
    if proves.moved is Moved.UNKNOWN:
        return proves, State.UNKNOWN
    if doubt and proves not in ABOUT_THE_ID.get(operation, set()):
        return Outcome.UNKNOWN, State.UNKNOWN
    if operation in DEBITS and proves in ABOUT_THE_ID[operation]:
        return proves, State.BURIED
    return proves, State.DECLINED if proves.lasting else State.OPEN


def check_safety(
    operation: Operation, story: Story, proves: Outcome | str, *, doubt: bool, known: bool, ours: bool = False
) -> None:
    """The effect of what was said can never part the provider's belief from the money.

    *known*: it was applied; *ours*: our own reversal of it is written down.
    """
    outcome = story.outcome
    effect, heard = story.effect, proves if isinstance(proves, Outcome) else None
    if outcome.moved is Moved.UNKNOWN and operation in DEBITS:
        assert effect
        assert effect <= {"retries", "rolls_back"} or ours
    elif outcome.moved is Moved.UNKNOWN and operation in MONEY:
        assert "retries" in effect
    if effect & {"final", "silent"} and operation in MONEY and not ours:
        about = heard is not None and heard in ABOUT_THE_ID.get(operation, set())
        assert not known, "a refusal of what was applied"
        assert heard is not None or proves == "not_sent", "a decline that nobody spoke"
        assert heard is None or heard.moved is Moved.NO
        assert about or not doubt, "a final refusal after an attempt that may have moved money"
    if "done" in effect:
        assert heard is not None or known, "done, although nobody said anything"
        vain = heard is Outcome.NOTHING_TO_DO or (operation in REVERSALS and heard in ABOUT_THE_ID[operation])
        assert known or vain or (heard is not None and heard.moved is Moved.YES), "done, although nobody said it is"


def cell(name: str, operation: Operation, history: str, fault: Fault) -> None:
    """One cell: the history, then the fault, then what was said and remembered."""
    world, before, told = prepared(name, operation), HISTORIES[history], None
    if before is not None:
        world.gone = before[1]
        told = attempt(world, operation, before[0])
        world.gone = False
        world.clock.now += 1.0
    story = attempt(world, operation, fault.hop)
    ours, ended = owes(world, story), told is not None and operation in DEBITS and ends(told.effect)
    check_answer(world, story)
    assert not story.journey.bug, story.journey.bug
    deadline = story.journey.received + world.dialect.deadline_s(story.name)
    assert story.answered_at is not None
    assert story.answered_at <= deadline
    asked = [send.again for send in (story.money_sends if operation in MONEY else story.sends[:1])]
    assert asked in ([[]] if "success" in history or ended else [[False], [False, True]])
    assert asked != [False, True] or fault.proves in ("not_sent", "nothing")
    assert all(send.until <= story.journey.answer_by for send in story.sends)

    outcome, state = expected(operation, history, fault.proves, told)
    if operation not in MONEY and (outcome is Outcome.ALREADY_DONE or unstated(story, fault)):
        outcome = Outcome.OK
    unheard = unstated(story, fault) and story.outcome is Outcome.UNKNOWN  # what it said could not be used further
    assert story.outcome is outcome or unheard
    proves = told.outcome if ended and told is not None else Outcome.OK if unstated(story, fault) else fault.proves
    check_safety(operation, story, proves, doubt="silence" in history, known="success" in history, ours=ours)
    if operation not in MONEY:
        assert not world.memory.rows
        return
    assert story.request is not None
    row = world.memory.rows[world.key_of(story.request)]
    assert row.state is state
    assert row.told == (story.effect if story.answers[0] is not None else None) or row.heard_done
    assert (row.key in world.in_flight) == (fault.hop.__name__ == "hangs" and bool(asked))
    if not ended and not ours:
        check_books(world, operation, story, fault)
    if fault.late is not None and asked:
        check_late(world, history, fault, state, ours=ours)
    if ours:
        check_undone(world, row.key)


def check_books(world: World, operation: Operation, story: Story, fault: Fault) -> None:
    """Where the wallet told the truth, provider and books agree on everything that was said definitely."""
    assert story.request is not None
    key = world.key_of(story.request)
    if operation in REVERSALS:
        win = operation is Operation.ROLLBACK_WIN
        key = f"rev:{world.key(Operation.WIN if win else Operation.BET, 'w1' if win else 't1')}"
    record = world.sandbox.records.find(key)
    live = record is not None and record.state != "declined"
    if fault.name == "honest":
        assert live
    lie = isinstance(fault.proves, Outcome) and fault.proves in ABOUT_THE_ID.get(operation, set())
    if "done" in story.effect and story.outcome in (Outcome.OK, Outcome.ALREADY_DONE) and not lie:
        assert live
    if story.effect & {"final", "silent"} and not lie:
        assert not live
    assert not world.sandbox.audit()


def check_undone(world: World, key: str) -> None:
    """What we owe, we do: nothing of it is left in the books."""
    while world.running:
        world.finish(silent_after_booking)
    world.recover(seconds=60_000)
    record = world.sandbox.records.find(key)
    assert record is None or record.state in ("declined", "reversed")
    assert not world.memory.rows[key].parked
    assert not world.sandbox.audit()


def check_late(world: World, history: str, fault: Fault, state: State, *, ours: bool) -> None:
    """The call that was carried on ends: what it says goes to the row, and to nobody else."""
    assert fault.late is not None
    assert world.story.request is not None
    key = world.key_of(world.story.request)
    told = world.memory.rows[key].told
    late = world.finish(fault.late)
    assert not late.answers
    row = world.memory.rows[key]
    assert not world.in_flight
    assert row.told == told
    doubt = "silence" in history
    wanted = {"hangs, a late yes": State.APPLIED}.get(fault.name, state)
    if not doubt:
        never = State.BURIED if ours else State.OPEN  # what is to be undone is never sent again
        wanted = {"hangs, a late no": State.DECLINED, "hangs, a late 503": never}.get(fault.name, wanted)
    assert row.state is wanted


@pytest.mark.parametrize(("name", "operation"), COLUMNS)
def test_every_fault_in_every_history(name: str, operation: Operation, note: Callable[[str], None]) -> None:
    """No fault of the wallet, whatever happened before, makes us say what is not known, or say nothing."""
    money = operation in MONEY
    histories = HISTORIES if money else {"first attempt": None}
    cells = [(history, fault) for history in histories for fault in faults(operation, money=money, currency=money)]
    assert len({fault.name for _, fault in cells}) >= 20
    cells = share(name, cells)
    for history, fault in cells:
        try:
            cell(name, operation, history, fault)
        except Exception as error:
            error.add_note(f"cell: {name} {operation}, {history}, {fault.name}")
            raise
    CELLS[f"{name} {operation}"] = len(cells)
    if len(CELLS) == len(COLUMNS):
        note(f"the safe-answer matrix: {sum(CELLS.values())} cells in {len(CELLS)} columns, of all dialects with bets")


@pytest.mark.parametrize(("name", "operation"), COLUMNS)
@pytest.mark.parametrize("history", HISTORIES)
def test_no_time_left(name: str, operation: Operation, history: str) -> None:
    """With no time left nothing is sent: busy, or unknown where an earlier attempt may have moved money."""
    if operation not in MONEY and history != "first attempt":
        return
    world, before, told = prepared(name, operation), HISTORIES[history], None
    if before is not None:
        world.gone = before[1]
        told = attempt(world, operation, before[0])
        world.gone = False
    story = attempt(world, operation, waited=0.9 * world.dialect.deadline_s(named(name, operation)) - 0.1)
    check_answer(world, story)
    doubt, known = "silence" in history, "success" in history
    outcome, state = expected(operation, history, Outcome.BUSY, told)
    assert story.outcome is (Outcome.OK if operation not in MONEY and known else outcome)
    assert not story.money_sends
    check_safety(operation, story, "not_sent", doubt=doubt, known=known, ours=owes(world, story))
    if operation in MONEY:
        assert story.request is not None
        assert world.memory.rows[world.key_of(story.request)].state is state
        assert not world.in_flight


def test_the_oracle_knows_our_faults() -> None:
    """What the wallet says of our own credentials never reaches the provider under that name."""
    for outcome in OUR_FAULT:
        assert expected(Operation.BET, "first attempt", Outcome.WALLET_FAILED)[0] is not outcome

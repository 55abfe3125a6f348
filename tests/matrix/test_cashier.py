"""The safe-answer matrix of a cashier: gate, completion and deposit x every fault of the wallet x every history.

What may be said is written here a second time: a gate in doubt fails as the transport does, a fact hears 0 or 503.
"""

from collections.abc import Callable

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.journal.states import State
from tests.exchange.behaviours.cashier import COMPLETE, DEPOSIT, GATE, Cashier, Message, error
from tests.exchange.driving import Story
from tests.exchange.endings import honest
from tests.matrix.faults import HISTORIES, Fault, faults

OPERATIONS = (DEPOSIT, GATE, COMPLETE)
IDS = {DEPOSIT: "d1", GATE: "w1", COMPLETE: "w1#complete"}
#: What the books show once the operation counts exactly once, of 100.00; a completion's gate came before.
ONCE = {DEPOSIT: ("112.50", "0.00"), GATE: ("60.00", "40.00"), COMPLETE: ("60.00", "0.00")}
NEVER = {DEPOSIT: ("100.00", "0.00"), GATE: ("100.00", "0.00"), COMPLETE: ("60.00", "40.00")}
CELLS: dict[str, int] = {}


def prepared(operation: Operation) -> Cashier:
    """A world in which *operation* makes sense: a completion has its hold."""
    world = Cashier()
    if operation is COMPLETE:
        assert error(world.tell(world.gate())) == 0
        world.booked.clear()
    return world


def message(world: Cashier, operation: Operation) -> Message:
    """The event, the same at every try."""
    return {DEPOSIT: world.deposit, GATE: world.gate, COMPLETE: world.complete}[operation]()


def begun(operation: Operation, history: str) -> Cashier:
    """A world after what became of an earlier attempt."""
    world, before = prepared(operation), HISTORIES[history]
    if before is not None:
        world.gone = before[1]
        world.tell(message(world, operation), before[0])
        world.gone = False
        world.clock.now += 1.0
    return world


def check_said(operation: Operation, story: Story, proves: Outcome | str, *, doubt: bool, known: bool) -> None:
    """The answer is one that this event may hear, and says no more than is known."""
    said, heard = error(story), proves if isinstance(proves, Outcome) else None
    if operation is not GATE:
        assert said in (0, "HTTP 503")
    else:
        assert said in (0, "HTTP 503", *range(1, 10))
    yes = heard is not None and heard.moved is Moved.YES
    if said == 0:
        assert known or yes, "0, although nobody said that it was done"
    elif isinstance(said, int):
        assert not known, "a code for what is held"
        assert not doubt, "a code after an attempt that may hold money"
        assert proves == "not_sent" or (heard is not None and heard.moved is Moved.NO), "a code that nobody spoke"
    else:
        assert story.effect == {"retries"}
        assert not known, "a doubt about what is done"


def cell(operation: Operation, history: str, fault: Fault) -> None:
    """One cell: the history, then the fault, then what was said, remembered and booked; at last, peace."""
    world = begun(operation, history)
    story = world.tell(message(world, operation), fault.hop)
    assert not story.journey.bug, story.journey.bug
    assert story.answered_at is not None
    assert story.answered_at <= story.journey.received + world.dialect.deadline_s(str(operation))
    if operation is GATE and history == "after a proved miss":  # its 3 was final, and stays so
        assert (error(story), story.sends) == (3, [])
        return
    doubt, known = "silence" in history, "success" in history
    check_said(operation, story, fault.proves, doubt=doubt, known=known)
    row = world.row(IDS[operation])
    assert row is not None
    assert row.told == story.effect
    if known or (isinstance(fault.proves, Outcome) and fault.proves.moved is Moved.YES):
        assert row.state is State.APPLIED
    elif not isinstance(fault.proves, Outcome) and fault.proves != "not_sent":
        assert row.state is State.UNKNOWN
    check_peace(world, operation, story, fault)


def check_peace(world: Cashier, operation: Operation, story: Story, fault: Fault) -> None:
    """The wallet is well again and our outbox has worked: the event counts once, or as often as its answer said."""
    while world.running:
        world.finish(fault.late or honest)
    said = error(story)
    lie = isinstance(fault.proves, Outcome) and fault.name != "honest"
    if said == 0 or operation is not GATE:
        again = world.tell(message(world, operation))
        world.recover(seconds=600)
        row = world.row(IDS[operation])
        assert row is not None
        if row.parked is None and not (lie and said == 0):
            assert world.money == ONCE[operation], error(again)
    else:
        world.recover(seconds=86_000)
        if not lie:
            assert world.money == NEVER[operation]
    assert not world.in_flight
    assert world.sandbox.audit() == ()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_fault_in_every_history(operation: Operation, note: Callable[[str], None]) -> None:
    """No fault of the wallet, whatever happened before, makes us say what is not known."""
    cells = [
        (history, fault)
        for history in HISTORIES
        for fault in faults(operation, money=True, currency=True)
        if fault.name != "another currency" or operation is not COMPLETE
    ]
    for history, fault in cells:
        try:
            cell(operation, history, fault)
        except Exception as failure:
            failure.add_note(f"cell: {operation}, {history}, {fault.name}")
            raise
    CELLS[operation] = len(cells)
    if len(CELLS) == len(OPERATIONS):
        note(f"the cashier's safe-answer matrix: {sum(CELLS.values())} cells in {len(CELLS)} columns")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("history", HISTORIES)
def test_no_time_left(operation: Operation, history: str) -> None:
    """With no time left nothing is sent: it comes again, whatever happened before; what is done is still 0."""
    world = begun(operation, history)
    story = world.tell(message(world, operation), waited=0.9 * world.dialect.deadline_s(operation) - 0.1)
    assert not story.sends
    refused = operation is GATE and history == "after a proved miss"  # its 3 was final
    assert error(story) == (0 if "success" in history else 3 if refused else "HTTP 503")

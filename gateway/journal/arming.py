"""What is to be done next with a row, and when: the one place that decides it, after every change.

Nothing is armed for what is certain on both sides. Everything else has a step, or stands parked before a human.
"""

from msgspec.structs import replace

from gateway.canon.operations import CREDITS, DEBITS, REVERSALS, Operation
from gateway.journal.page import Page
from gateway.journal.states import Flight, Policy, Row, State, Step

#: Backoff of a step that came to nothing: 0.5 s doubled, 60 s at most, a quarter of an hour at most later on.
FIRST_S, CAP_S, LATER_CAP_S = 0.5, 60.0, 900.0
EARLY_TRIES, MOST_TRIES = 20, 145  # about ten minutes, and about a day
UNSENT = 5  # as after so many vain tries: a quarter of a minute
UNKNOWN_CALL = "the wallet promises neither status, nor idempotent with references: what became of it cannot be asked"
UNKNOWN_UNDOING = "the wallet promises too little to undo this without a human"
UNHEARD = "nobody served while the provider might have come back: whether it heard our yes cannot be told"
UNKNOWN_REQUEST = "a request of ours to a provider that nobody answered: asking it again asks what became of it"
BY_HAND = "by hand: "
HOLD_AGED = "a hold that nothing completes: release it at the wallet and resolve it as reversed, or let it wait"
INCOMPLETE = "it does not say how much: book it at the wallet by hand and resolve it as applied, or let it come again"
#: What sets money aside until another message takes it or gives it back.
_HOLDS = frozenset({Operation.WITHDRAW_REQUEST, Operation.RESERVE})
TOO_MANY = "tried for a day without a definite answer"


def backoff(tries: int, policy: Policy) -> float:
    """Seconds to wait after *tries* vain ones, with jitter from half to the whole of it."""
    cap = CAP_S if tries < EARLY_TRIES else LATER_CAP_S
    whole = min(FIRST_S * 2.0 ** min(tries, 30), cap)
    return whole * (0.5 + 0.5 * policy.chance())


def rearmed(row: Row, policy: Policy, now: float) -> Row:
    """*row* after a change, with the step that follows from it."""
    if row.parked is not None and row.parked.startswith(BY_HAND):
        return replace(row, step=None)  # until the human says more
    step, due, why = _next(row, policy, now)
    if why is not None:
        return replace(row, step=None, parked=why)
    parked = row.parked
    if parked is not None and (step is not None or _over(row)):
        parked = None
    tries = row.tries if step is row.step else 0
    if step is row.step and due == row.due and tries == row.tries and parked == row.parked:
        return row
    return replace(row, step=step, due=due, tries=tries, parked=parked)


def _over(row: Row) -> bool:
    """Are both sides certain, and agreed?"""
    if row.undo or not row.settled:
        return False
    if row.state is State.APPLIED:
        return row.operation not in DEBITS or row.heard_done
    if _ours(row):
        return True
    # A refused win, or a refused bet that a win has named: the provider believes what is not so.
    refused = row.state in (State.DECLINED, State.OPEN)
    return not (refused and (row.proved or row.operation not in DEBITS))


def _ours(row: Row) -> bool:
    """Is it a request of ours to a provider?"""
    return row.operation is None and bool(row.name)


def open_hold(row: Row) -> bool:
    """Is it a hold that the provider knows of, a withdrawal's or a stake's, and that nothing has completed?"""
    mine = row.operation in _HOLDS and row.state is State.APPLIED
    return mine and row.heard_done and not (row.undo or row.proved or row.settled_by is not None)


def incomplete(row: Row) -> bool:
    """Is it money that is due, of which nobody said how much? Nothing can be asked of the wallet."""
    return row.operation in CREDITS and row.call is not None and row.call.amount is None


def _next(row: Row, policy: Policy, now: float) -> tuple[Step | None, float, str | None]:
    """(step, due, why it must be parked)."""
    if row.undo:
        return _undoing(row, policy, now)
    operation, state = row.operation, row.state
    if operation is None:
        if _ours(row) and state is State.UNKNOWN and not row.in_flight:
            return None, 0.0, UNKNOWN_REQUEST  # only who knows its content can ask
        return None, 0.0, None
    if operation in _HOLDS and open_hold(row):
        return Step.JUDGE, row.created + policy.hold_s, None
    if operation in REVERSALS:
        return None, 0.0, None  # what it undoes has the step
    if operation not in DEBITS:
        return _delivering(row, policy, now) if state in (State.OPEN, State.UNKNOWN) else (None, 0.0, None)
    if row.proved and state in (State.OPEN, State.UNKNOWN):
        return _delivering(row, policy, now)
    if state is State.UNKNOWN:
        if policy.asks and now < row.horizon and not row.in_parts:
            return Step.ASK, min(_soon(row, Step.ASK, now), row.horizon), None
        return Step.JUDGE, row.horizon, None
    if state is State.APPLIED and not row.heard_done:
        return Step.JUDGE, max(row.horizon, row.due) if row.tells_done else row.horizon, None
    return None, 0.0, None


def _soon(row: Row, step: Step, now: float) -> float:
    return row.due if row.step is step else now


def _delivering(row: Row, policy: Policy, now: float) -> tuple[Step | None, float, str | None]:
    if incomplete(row):
        return None, 0.0, INCOMPLETE
    if row.state is State.UNKNOWN and not policy.resolves and not row.in_flight:
        return None, 0.0, UNKNOWN_CALL
    return Step.DELIVER, _soon(row, Step.DELIVER, now), None


def _undoing(row: Row, policy: Policy, now: float) -> tuple[Step | None, float, str | None]:
    """A reversal goes out when the doubtful call can land no more; at once where the wallet remembers tombstones."""
    certain = row.state is State.APPLIED and not row.undo_sent
    if not policy.resolves and not certain and not row.in_flight:
        return None, 0.0, UNKNOWN_UNDOING
    due = _soon(row, Step.REVERSE, now)
    if row.state is not State.APPLIED:
        due = max(due, row.since + policy.quarantine)
    return Step.REVERSE, due, None


def judged(page: Page, row: Row, policy: Policy) -> Row:
    """At the horizon: the provider, which would have come back by now, has not.

    A yes whose delivery was never confirmed was heard, if somebody served in the second and in the last quarter of the
    time in which the provider comes back: who had not heard it would have come. Everything else it holds for failed, so
    it is undone. A hold that has grown old is a human's to judge: nobody says that a withdrawal was rejected, or that a
    reserved stake is not played any more.
    """
    if open_hold(row):
        page.note(row.key, "parked", why=HOLD_AGED)
        return replace(row, step=None, parked=HOLD_AGED)
    if row.state is State.APPLIED and row.tells_done:
        quarters = [(row.wall + row.span * part, row.wall + row.span * (part + 0.25)) for part in (0.25, 0.75)]
        if row.span and all(page.witnessed(start, end) for start, end in quarters):
            page.note(row.key, "judged", took="the provider heard our yes: it never came back")
            return rearmed(replace(row, told=row.telling, telling=None), policy, page.now)
        page.note(row.key, "parked", why=UNHEARD)
        return replace(row, step=None, parked=UNHEARD)
    if row.state is State.UNKNOWN and not policy.resolves:
        page.note(row.key, "parked", why=UNKNOWN_CALL)
        return replace(row, step=None, parked=UNKNOWN_CALL)
    page.note(row.key, "judged", took="the provider never came back: it is to be undone")
    return rearmed(replace(row, undo=True, undo_by=""), policy, page.now)


def freed(row: Row, policy: Policy, now: float) -> Row:
    """*row* after its holder died: a call that may have left is in doubt."""
    row = replace(row, holder=None, flight=None) if row.flight is Flight.ASK else _doubted(row, now)
    return rearmed(row, policy, now)


def _doubted(row: Row, now: float) -> Row:
    doubtful = row.flight is Flight.CALL and row.state in (State.CLAIMED, State.UNKNOWN)
    undo_sent = row.undo_sent or (row.flight is Flight.UNDO and (row.undo or row.state is State.BURIED))
    state = State.UNKNOWN if doubtful else row.state
    sent = row.sent + (row.flight is Flight.CALL)
    return replace(row, state=state, holder=None, flight=None, sent=sent, undo_sent=undo_sent, since=now)

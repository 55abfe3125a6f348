"""The outbox's side of a row: taking those that are due, settling what came of it, freeing what the dead held."""

from collections.abc import Iterable

from msgspec.structs import replace

from gateway.canon.operations import REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.arming import BY_HAND, MOST_TRIES, TOO_MANY, UNSENT, backoff, freed, judged, rearmed
from gateway.journal.claiming import landed, ready
from gateway.journal.page import Page
from gateway.journal.payments import ready as payment_ready
from gateway.journal.recording import LOST, booked_late, certain, learned, part_of_it, undone, withdrawn
from gateway.journal.settling import SETTLES, paid, unpaid
from gateway.journal.states import Flight, Policy, Row, State, Step
from gateway.journal.wishes import Leased, Recorded, Settle

_FLIGHT = {Step.ASK: Flight.ASK, Step.DELIVER: Flight.CALL, Step.REVERSE: Flight.UNDO}


def due(row: Row, now: float) -> bool:
    """Is there something to do with *row* now, and nobody at it?"""
    return row.step is not None and row.parked is None and not row.in_flight and row.due <= now


def lease(page: Page, keys: Iterable[str], policy: Policy, token: str) -> tuple[Leased, ...]:
    """Take the rows of *keys* that are still due; those at their horizon are judged first."""
    taken = []
    for number, key in enumerate(keys):
        row = page.row(key)
        if row is None or not due(row, page.now):
            continue
        if row.step is Step.JUDGE or (row.step is Step.ASK and page.now >= row.horizon):
            row = page.put(judged(page, row, policy))
            if not due(row, page.now):
                continue
        if row.step is Step.DELIVER and (row.operation in SETTLES or row.operation is Operation.WITHDRAW_COMPLETE):
            if not ready(page, row, policy):
                continue
            row = page.row(key) or row
        reports = row.step is Step.DELIVER and row.operation is Operation.PAYMENT_UPDATE
        if reports and not payment_ready(page, row, policy):
            continue
        flight = _FLIGHT[row.step or Step.ASK]
        # A call that may leave now and of which nothing more is ever heard must be found in doubt.
        state = State.CLAIMED if flight is Flight.CALL and row.state is State.OPEN else row.state
        page.note(key, "lease", step=row.step, tries=row.tries)
        page.put(replace(row, state=state, holder=f"{token}.{number}", flight=flight))
        held = replace(row, holder=f"{token}.{number}", flight=flight)
        taken.append(Leased(held, landed(row, page.now, policy)))
    return tuple(taken)


def settle(page: Page, wish: Settle, policy: Policy) -> Recorded:
    """See `wishes.Settle`."""
    row = page.row(wish.key)
    if row is None:
        return Recorded(False, None)
    heard = {"outcome": wish.outcome, "heard": wish.heard, "undone": wish.undone, "untried": not wish.tried}
    page.note(row.key, "settle", state=wish.state, sent=wish.sent, **heard)
    if row.holder != wish.holder:
        return Recorded(False, _late(page, row, wish, policy))
    row = _freed(page, row, wish)
    if wish.state is not None:
        row = learned(row, wish.state, wish.outcome, wish.reply, page.now)
        if wish.state is State.APPLIED and row.operation in SETTLES:
            paid(page, row)
    park = LOST if wish.undone is False and certain(row) else wish.park
    if wish.undone is not None and park is None:
        took = wish.undone or row.state is State.APPLIED  # an earlier undoing, which nobody answered, took it
        if took:
            unpaid(page, row)
        row = undone(row, took=took)
    row = withdrawn(row)
    if park is not None:
        page.note(row.key, "parked", why=park)
        return Recorded(True, page.put(replace(row, step=None, parked=park)))
    return Recorded(True, page.put(_again(page, row, wish, policy)))


def _late(page: Page, row: Row, wish: Settle, policy: Policy) -> Row:
    if row.in_flight or row.operation in REVERSALS:
        return row
    if wish.state is State.APPLIED:
        return booked_late(page, row, wish.reply, policy)
    return part_of_it(page, row, policy) if wish.state is State.UNKNOWN and wish.undone is None else row


def _freed(page: Page, row: Row, wish: Settle) -> Row:
    """*row* in nobody's hands; what was sent and not answered is in doubt, what was not sent is as it was before."""
    sent = row.sent + (wish.sent and row.flight is Flight.CALL)
    undo_sent = row.undo_sent or (wish.sent and row.flight is Flight.UNDO)
    state = row.state
    if state is State.CLAIMED:
        state = State.UNKNOWN if wish.sent else State.OPEN
    since = page.now if wish.sent else row.since
    return replace(row, holder=None, flight=None, sent=sent, undo_sent=undo_sent, state=state, since=since)


def _again(page: Page, row: Row, wish: Settle, policy: Policy) -> Row:
    """*row* with its next step; a step that came to nothing is backed off, and parked in the end, never dropped."""
    before = row.step
    row = rearmed(row, policy, page.now)
    if row.step is None or row.step is not before:
        return row
    tries = row.tries + wish.tried
    if tries >= MOST_TRIES:
        page.note(row.key, "parked", why=TOO_MANY)
        return replace(row, step=None, parked=TOO_MANY, tries=tries)
    # What never left (a breaker is open) does not count as tried, but must not be leased twice a second either.
    return replace(
        row, tries=tries, due=max(row.due, page.now + backoff(max(tries, 0 if wish.tried else UNSENT), policy))
    )


def reap(page: Page, keys: Iterable[str], dead: frozenset[str], policy: Policy) -> int:
    """Free the rows of *keys* that one of the *dead* instances holds."""
    count = 0
    for key in keys:
        row = page.row(key)
        if row is None or row.holder is None or row.holder.partition("/")[0] not in dead:
            continue
        page.note(key, "reaped", flight=row.flight)
        page.put(freed(row, policy, page.now))
        count += 1
    return count


#: What parks a row for good, and what a human may then say of it.
RESOLVED = {"applied": Outcome.OK, "declined": Outcome.NOTHING_TO_DO, "reversed": Outcome.ALREADY_ROLLED_BACK}


def retried(page: Page, row: Row, policy: Policy, reason: str) -> Row:
    """A parked row, tried again from the start."""
    page.note(row.key, "retried by hand", reason=reason)
    return page.put(rearmed(replace(row, parked=None, tries=0, due=page.now), policy, page.now))


def parked(page: Page, row: Row, reason: str) -> Row:
    """A row, taken out of our own doing until a human says more."""
    page.note(row.key, "parked by hand", reason=reason)
    return page.put(replace(row, step=None, parked=f"{BY_HAND}{reason}"))


def resolved(page: Page, row: Row, policy: Policy, what: str, reason: str) -> Row:
    """A parked row as a human found it: `applied`, `declined` or `reversed`; nothing more is done of our own accord.

    Its bets are settled by a win that was paid, and open again after one that was not, or was taken back.
    """
    page.note(row.key, "resolved by hand", what=what, reason=reason)
    state = {"applied": State.APPLIED, "declined": State.DECLINED, "reversed": State.REVERSED}[what]
    row = replace(row, state=state, outcome=RESOLVED[what], undo=False, undo_sent=False, parked=None)
    if state is not State.APPLIED:
        unpaid(page, row)
    elif row.operation in SETTLES:
        paid(page, row)
    return page.put(rearmed(replace(row, proved=row.proved or what == "applied"), policy, page.now))

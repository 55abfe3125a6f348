"""Writing down what came of a call, and what the provider was told: compare-and-set by the claim's holder.

A claim that was lost meanwhile (its instance was held for dead) changes nothing, with one exception: a YES that comes
late to a row that others have closed is money that moved, and is reversed.
"""

from msgspec.structs import replace

from gateway.canon.calls import Reply
from gateway.canon.operations import CREDITS, DEBITS, REVERSALS
from gateway.canon.outcomes import NEVER_THERE, Outcome
from gateway.journal.arming import rearmed
from gateway.journal.page import Page
from gateway.journal.settling import SETTLES, paid, unpaid
from gateway.journal.states import DONE, ENDS_IT, Effect, Policy, Row, State
from gateway.journal.wishes import Record, Recorded, Told

LOST = "the wallet booked it, and now says that there is nothing to undo"
TOO_LATE = frozenset({Outcome.ALREADY_SETTLED, Outcome.ROUND_CLOSED})


def record(page: Page, wish: Record, policy: Policy) -> Recorded:
    """See `wishes.Record`."""
    row = page.row(wish.key)
    if row is None:
        return Recorded(True, None)
    if wish.holder is None:
        page.note(row.key, "answer", outcome=wish.outcome, code=wish.code, telling=wish.telling)
        return _telling(page, row, wish, policy)
    if page.noting:
        page.note(
            row.key, "record", state=wish.state, late=wish.telling is None, heard=wish.heard, outcome=wish.outcome,
            code=wish.code, telling=wish.telling,
        )  # fmt: skip
    if row.holder != wish.holder:
        return Recorded(False, _lost(page, row, wish, policy))
    if wish.state is not None:
        row = learned(row, wish.state, wish.outcome, wish.reply, page.now)
    if wish.release and row.state is State.CLAIMED:  # in nobody's hands any more, and nothing was learned
        row = learned(row, State.UNKNOWN if wish.sent else State.OPEN, wish.outcome, None, page.now)
    if row.operation in REVERSALS:
        for key in wish.related:
            if (target := page.row(key)) is not None and target.holder == wish.holder:
                page.put(_target(page, target, wish, policy))
    elif row.operation in SETTLES and row.state is State.APPLIED:
        paid(page, row, wish.related)
    # What a late end tells was counted when its story was told.
    sent = row.sent + 1 if wish.sent and wish.telling is not None else row.sent
    if wish.release:
        row = replace(row, sent=sent, holder=None, flight=None)
    elif sent != row.sent:
        row = replace(row, sent=sent)
    if wish.undo and row.state in (State.UNKNOWN, State.CLAIMED):
        row = replace(row, undo=True)
    row = withdrawn(_closed(row))
    return _telling(page, row, wish, policy)


def learned(row: Row, state: State, outcome: Outcome | None, reply: Reply | None, now: float) -> Row:
    """*row* with what is now known of the wallet's side; a YES also says whose it is, if we did not know."""
    since = now if state is State.UNKNOWN else row.since
    told = reply if state is State.APPLIED and reply is not None else row.reply
    player = row.player if row.player is not None or told is None else told.player
    return replace(row, state=state, outcome=outcome, since=since, reply=told, player=player)


def _telling(page: Page, row: Row, wish: Record, policy: Policy) -> Recorded:
    answer = 0
    if wish.telling is not None and not _beside_a_yes(row, wish.telling):
        answer = row.answers + 1
        due = row.due
        if DONE in wish.telling and not row.undo:  # who does not hear it comes back within this time
            due = max(due, page.now + row.span)
        row = replace(row, telling=wish.telling, answers=answer, due=due)
        doubtful = row.state in (State.CLAIMED, State.UNKNOWN, State.APPLIED) and not row.heard_done
        if wish.telling and wish.telling <= ENDS_IT and row.operation in DEBITS and doubtful and not row.undo:
            row = replace(row, undo=True)  # before the word that ends it leaves, also where it is a copy's
    return Recorded(True, page.put(rearmed(row, policy, page.now)), answer)


def _beside_a_yes(row: Row, telling: Effect) -> bool:
    """Is a copy to be told to come back, while a yes is on its way? The yes may be heard: it alone is remembered."""
    return row.tells_done and bool(telling) and DONE not in telling and not telling <= ENDS_IT


def _closed(row: Row) -> Row:
    """A YES to a debit that the provider holds for failed, and will not speak of again, is undone."""
    told = row.told
    if row.state is State.APPLIED and row.operation in DEBITS and told and told <= ENDS_IT and not row.proved:
        return replace(row, undo=True)
    return row


def withdrawn(row: Row) -> Row:
    """What is to be undone and certainly was not applied needs no undoing: it is never sent again, and that is all."""
    if not row.undo or row.undo_sent or row.in_flight or not row.unapplied:
        return row
    return replace(row, undo=False, state=State.BURIED if row.state is State.OPEN else row.state)


def _lost(page: Page, row: Row, wish: Record, policy: Policy) -> Row:
    """The row went on without this claim. What it heard still counts where it says more than is known."""
    if row.operation in REVERSALS or row.in_flight:
        return row  # whoever holds it will hear the same of the same key
    if wish.state is State.APPLIED:
        return booked_late(page, row, wish.reply, policy)
    return part_of_it(page, row, policy) if wish.state is State.UNKNOWN and wish.sent else row


def part_of_it(page: Page, row: Row, policy: Policy) -> Row:
    """*row* after others went on with it, and a call of several that were sent for it ended, whichever way.

    What was closed for want of anything at the wallet may be there in part after all: it is undone once more, under
    keys that the wallet has not answered yet, and undoing what is not there does nothing.
    """
    if not row.in_parts or row.state not in (State.BURIED, State.DECLINED):
        return row
    page.note(row.key, "undo wanted", why="a part of it may have landed")
    again = replace(row, state=State.UNKNOWN, undo=True, undo_sent=False, undos=row.undos + 1, since=page.now)
    return page.put(rearmed(again, policy, page.now))


def booked_late(page: Page, row: Row, reply: Reply | None, policy: Policy) -> Row:
    """*row* with a YES that came after others went on with it; a win that was paid has settled its bets."""
    row = page.put(rearmed(late_yes(row, reply, page.now), policy, page.now))
    if row.operation in SETTLES and row.state is State.APPLIED:
        paid(page, row)
    return row


def late_yes(row: Row, reply: Reply | None, now: float) -> Row:
    """A YES to a call whose row others have moved on meanwhile.

    REVERSED: the wallet undid it, so this YES is older. BURIED or DECLINED: it landed after all, and another reversal
    is due, under a key that the wallet has not answered yet.
    """
    if row.state is State.REVERSED or row.state is State.APPLIED:
        return row
    if row.state is State.BURIED or (row.state is State.DECLINED and row.operation in DEBITS):
        row = learned(row, State.APPLIED, Outcome.OK, reply, now)
        return replace(row, undo=True, undo_sent=False, undos=row.undos + 1)
    return _closed(learned(row, State.APPLIED, Outcome.OK, reply, now))


def _target(page: Page, target: Row, wish: Record, policy: Policy) -> Row:
    """A target after the reversal's call ended; *wish* is the reversal's own record."""
    released = replace(target, holder=None, flight=None) if wish.release else target
    outcome = wish.outcome
    if wish.state is State.APPLIED or outcome is Outcome.ALREADY_ROLLED_BACK:
        after = undone(released, took=True)
        unpaid(page, target)
    elif wish.state is State.DECLINED and outcome in NEVER_THERE and target.undo and certain(target, wish):
        page.note(target.key, "parked", why=LOST)
        return replace(released, step=None, parked=LOST)
    elif wish.state is State.DECLINED and outcome in NEVER_THERE:
        after = undone(released, took=target.state is State.APPLIED)  # an undoing that nobody answered took it
    elif wish.state is State.DECLINED and outcome in TOO_LATE:
        after = replace(released, state=State.APPLIED, undo=False, settled_by=target.settled_by or "?")
    elif wish.state is State.DECLINED and released.undo:
        page.note(target.key, "parked", why=f"the wallet refuses to undo it: {outcome}")
        return replace(released, step=None, parked=f"the wallet refuses to undo it: {outcome}")
    else:
        # A definite no to this attempt, such as "not processed", leaves no doubt behind.
        # One that is still on its way has an end to come, which is no earlier undoing's; if we die, it is found sent.
        over = wish.sent and wish.release and wish.state is State.UNKNOWN
        sent = over and (released.undo or released.state is State.BURIED)
        after = replace(released, undo_sent=released.undo_sent or sent, since=page.now if sent else released.since)
    page.note(target.key, "undoing", outcome=outcome, state=after.state)
    return rearmed(after, policy, page.now)


def certain(row: Row, wish: Record | None = None) -> bool:
    """Does the wallet hold it for sure, so that "nothing to undo" cannot be true? Not after an unanswered undoing."""
    again = wish is not None and wish.again
    return row.state is State.APPLIED and not row.undo_sent and not again


def undone(row: Row, *, took: bool) -> Row:
    """*row* after its reversal *took*, or after the wallet said that there was nothing to undo."""
    state = State.REVERSED if took else State.BURIED
    return replace(row, state=state, undo=False, undo_sent=False, parked=None)


def told(page: Page, wish: Told, policy: Policy) -> None:
    """See `wishes.Told`."""
    row = page.row(wish.key)
    if row is None:
        return
    if row.answers != wish.answer and (wish.told is None or DONE not in wish.told):
        return  # a later answer is on its way; but a yes that was heard is heard, whatever comes of that one
    if page.noting:
        page.note(row.key, "told", effect=wish.told, in_time=wish.told is not None)
    if wish.told is None:
        page.put(rearmed(replace(row, telling=None), policy, page.now))
        return
    kept = row.told if row.told is not None and DONE in row.told and DONE not in wish.told else wish.told
    row = replace(row, told=kept, telling=None if row.answers == wish.answer else row.telling)
    if row.operation not in CREDITS:
        row = _closed(row)
    page.put(rearmed(row, policy, page.now))

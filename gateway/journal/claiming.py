"""Taking a row for one wallet call: who may, and what everybody else hears.

At most one call is in flight per row, whoever makes it. A reversal takes the rows of its targets, so that it can never
run beside the call that it undoes; its intent is written first, whatever is in flight. What is undone is never sent.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from gateway.canon.operations import CREDITS, REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.arming import incomplete, rearmed
from gateway.journal.content import fits
from gateway.journal.holding import capturing
from gateway.journal.page import Page
from gateway.journal.payments import advanced
from gateway.journal.settling import (
    SETTLES,
    addressed,
    ahead_in_its_round,
    follow,
    held,
    in_its_round,
    named,
    nameless,
    names_of,
)
from gateway.journal.states import Flight, Policy, Row, State
from gateway.journal.wishes import Claim, Claimed, Verdict

WIN_WITHOUT_BET = "a win names a bet that was declined or undone"
CONFIRMS_NOTHING = "a confirmation names a reservation that was declined or released"
#: Seconds until a win that was held back looks for its bet again.
LOOK_AGAIN_S = 1.0
#: What a reversal finds, the gravest first: of several targets, this one answers.
_GRAVEST = (
    Verdict.NO_TARGET, Verdict.SETTLED, Verdict.IN_FLIGHT, Verdict.WAITS, Verdict.OURS, Verdict.UNDONE,
    Verdict.ADOPTED, Verdict.NOTHING,
)  # fmt: skip


def claim(page: Page, wish: Claim, policy: Policy, token: str) -> Claimed:
    """See `wishes.Claim`; *token* becomes the holder of what is taken."""
    if wish.nearby:
        wish = _nearest(page, wish)
    before = page.row(wish.row.key)
    if before is not None and not fits(before.fingerprint, wish.row.fingerprint):
        page.note(before.key, "conflict")
        return Claimed(Verdict.CONFLICT, before)
    row = _merged(page, before, wish.row)
    if before is None and (outcome := page.pruned(row.key)) is not None:
        return Claimed(Verdict.PRUNED, replace(row, outcome=outcome))
    if row.operation in REVERSALS:
        return _reversal(page, wish, row, policy, token)
    if row.undone:
        if row.state is State.BURIED and page.row(row.key) != row:
            page.put(row)  # the tombstone learns what it kept out
        page.note(row.key, "repeat", found=row.state)
        return Claimed(Verdict.UNDONE, row)
    if row.in_flight:
        return Claimed(Verdict.IN_FLIGHT, row)
    if row.state is State.APPLIED or row.sticks:
        return Claimed(Verdict.KNOWN, row)
    if row.operation in SETTLES:
        verdict, bets = _bets(page, wish.bets or names_of(row), row, policy)
        if verdict is not Verdict.OURS:
            return Claimed(verdict, _held_back(page, row, verdict, bets, policy), bets)
        if ahead := ahead_in_its_round(page, row):
            # Who has time waits for a call on its way; the outbox keeps the order.
            waits = Verdict.IN_FLIGHT if any(each.in_flight for each in ahead) else Verdict.WAITS
            return Claimed(waits, _held_back(page, row, Verdict.WAITS, bets, policy), ahead)
        row = addressed(row, bets, policy)
    elif row.operation is Operation.WITHDRAW_COMPLETE:
        row, hold = capturing(page, row, wish.bets, policy)
        bets = () if hold is None else (hold,)
        if hold is not None and hold.state is not State.APPLIED:
            waits = Verdict.IN_FLIGHT if hold.in_flight else Verdict.WAITS
            return Claimed(waits, _held_back(page, row, Verdict.WAITS, bets, policy), bets)
    elif row.operation is Operation.PAYMENT_UPDATE:
        verdict, row, bets = advanced(page, row, policy, confirmed=wish.confirmed)
        if verdict is not Verdict.OURS:
            return Claimed(verdict, row, bets)
    else:
        bets = ()
    arrived = landed(row, page.now, policy)
    return Claimed(Verdict.OURS, _taken(page, row, Flight.CALL, token), bets, landed=arrived)


def _nearest(page: Page, wish: Claim) -> Claim:
    """*wish* with the row that it repeats, where the same was first seen a short while ago under a key nearby."""
    for key in wish.nearby:
        known = page.row(key)
        if known is not None and page.now - known.created < wish.within_s:
            return replace(wish, row=replace(wish.row, key=key, transaction=known.transaction, call=known.call))
    return wish


def landed(row: Row, now: float, policy: Policy) -> bool:
    """Has whatever was on its way arrived by now, or will it never?"""
    return now >= row.since + policy.quarantine_s


def _merged(page: Page, row: Row | None, new: Row) -> Row:
    """The *row* as it stands, with what this try adds to it."""
    if row is None:
        follow(page, new)
        return replace(new, created=page.moment)
    if row.operation is None and not row.name:  # a tombstone of something unseen, which comes after all
        about = {name: getattr(new, name) for name in ("operation", "name", "fingerprint", "call", "player", "round")}
        return replace(row, **about)
    if row.state is State.OPEN and incomplete(row) and not incomplete(new):
        row = replace(row, call=new.call)  # now it says how much
    return replace(row, fingerprint=tuple(sorted({*row.fingerprint, *new.fingerprint})))


def _taken(page: Page, row: Row, flight: Flight, token: str) -> Row:
    """Ours for one call. Gives the row as it was before, but for its holder."""
    state = row.state if flight is Flight.UNDO or row.state is State.UNKNOWN else State.CLAIMED
    page.put(replace(row, state=state, holder=token, flight=flight))
    if page.noting:
        page.note(row.key, "claim", flight=flight, sent=row.sent)
    return replace(row, holder=token, flight=flight)


# -- wins


def _bets(page: Page, names: Sequence[str], row: Row, policy: Policy) -> tuple[Verdict, tuple[Row, ...]]:
    """May this win be paid now? Its bets are those that it names, else those of its round."""
    theirs = named(page, names)
    bets = theirs or in_its_round(page, row)
    if not bets:
        return Verdict.OURS, ()
    live = [bet for bet in bets if bet.state is State.APPLIED and not _dead(bet)]
    if live:
        sure = live if theirs else held(live)
        return Verdict.OURS, tuple(_proved(page, bet, policy) for bet in sure)
    waiting = [bet for bet in bets if not _dead(bet)]
    if waiting:
        # A win of a bet that we do not know says nothing of another one in its round.
        proves = bool(theirs) or (not names and len(waiting) == 1)
        return Verdict.WAITS, tuple(_proved(page, bet, policy) if proves else bet for bet in waiting)
    if len(theirs) < len(names):  # of one that we do not know the others of its round say nothing
        return Verdict.OURS, ()
    if not theirs and (unowned := [bet for bet in nameless(page, row) if not _dead(bet)]):
        known = any(bet.state is State.APPLIED for bet in unowned)
        return (Verdict.OURS, ()) if known else (Verdict.WAITS, tuple(unowned))
    return Verdict.NO_BET, tuple(bets)


def ready(page: Page, row: Row, policy: Policy) -> bool:
    """May what was held back be delivered now: a win, or a completion? A win that lost its bet meanwhile is parked."""
    if row.operation is Operation.WITHDRAW_COMPLETE:
        row, hold = capturing(page, row, names_of(row), policy)
        waits = hold is not None and hold.state is not State.APPLIED
        page.put(replace(row, due=page.now + LOOK_AGAIN_S) if waits else row)
        return not waits
    verdict, bets = _bets(page, names_of(row), row, policy)
    if verdict is Verdict.NO_BET:
        _held_back(page, row, verdict, bets, policy)
    elif verdict is Verdict.WAITS:
        page.put(replace(row, due=page.now + LOOK_AGAIN_S))
    elif (named_now := addressed(row, bets, policy)) is not row:
        page.put(named_now)
    return verdict is Verdict.OURS


def _dead(bet: Row) -> bool:
    """Can nothing of it be paid any more? An undoing of ours that has not begun is called off by its win."""
    ours_alone = bet.undo and not bet.undo_by and not bet.undo_sent and bet.flight is not Flight.UNDO
    if bet.undo and not ours_alone:
        return True
    return bet.state in (State.REVERSED, State.BURIED, State.DECLINED) or bet.sticks


def _proved(page: Page, bet: Row, policy: Policy) -> Row:
    """The provider holds it: no reversal of ours, and what is in doubt is driven to applied."""
    if bet.proved and not bet.undo:
        return bet
    page.note(bet.key, "proved")
    return page.put(rearmed(replace(bet, proved=True, undo=False), policy, page.now))


def _held_back(page: Page, row: Row, verdict: Verdict, bets: Iterable[Row], policy: Policy) -> Row:
    """A win that is not sent now: durable, to be delivered after its bet; or parked, where there is no bet."""
    if verdict is Verdict.WAITS:
        page.note(row.key, "waits")
        return page.put(rearmed(replace(row, state=_unsent(row)), policy, page.now))
    why = CONFIRMS_NOTHING if row.operation is Operation.CONFIRM else WIN_WITHOUT_BET
    if row.parked is None:
        page.note(row.key, "parked", why=why)
    if row.state is State.UNKNOWN:  # it may be paid: a dead bet does not tell
        return page.put(replace(row, outcome=Outcome.UNKNOWN, step=None, parked=why))
    if row.operation is Operation.END_ROUND:
        outcome = Outcome.NO_OPEN_BET
    else:
        reversed_ = any(bet.undone for bet in bets)
        outcome = Outcome.ALREADY_ROLLED_BACK if reversed_ else Outcome.TRANSACTION_NOT_FOUND
    declined = replace(row, state=State.DECLINED, outcome=outcome, step=None, parked=why)
    return page.put(declined)


def _unsent(row: Row) -> State:
    return State.UNKNOWN if row.state is State.UNKNOWN else State.OPEN


# -- reversals


def _reversal(page: Page, wish: Claim, row: Row, policy: Policy, token: str) -> Claimed:
    """A rollback takes its targets. Its own row is for replays only."""
    if row.state is State.APPLIED and (row.heard_done or not wish.targets):
        return Claimed(Verdict.KNOWN, row)
    if row.in_flight:  # a copy of it: what it wants is written already
        return Claimed(Verdict.IN_FLIGHT, row, _present(page, wish.targets))
    found = {key: _target(page, wish, key, row, policy) for key in wish.targets}
    verdict = min(found.values(), key=_GRAVEST.index, default=Verdict.OURS)
    if verdict in (Verdict.NO_TARGET, Verdict.SETTLED):
        return Claimed(verdict, _answered(page, row, verdict), _present(page, wish.targets))
    for key, each in found.items():
        _intend(page, key, each, row, policy, token if verdict is Verdict.OURS else None)
    related = _present(page, wish.targets)
    if verdict is Verdict.OURS:
        return Claimed(verdict, _taken(page, row, Flight.CALL, token), related)
    return Claimed(verdict, _answered(page, row, verdict), related)


#: What a rollback hears that needs no wallet; what is not here is not answered for yet.
_ANSWERS = {
    Verdict.NO_TARGET: (State.DECLINED, Outcome.TRANSACTION_NOT_FOUND),
    Verdict.SETTLED: (State.DECLINED, Outcome.ALREADY_SETTLED),
    Verdict.UNDONE: (State.DECLINED, Outcome.ALREADY_ROLLED_BACK),
    Verdict.ADOPTED: (State.APPLIED, Outcome.OK),
    Verdict.NOTHING: (State.DECLINED, Outcome.NOTHING_TO_DO),
}


def _answered(page: Page, row: Row, verdict: Verdict) -> Row:
    """The rollback's own row with the answer that follows from its targets; it has no step of its own."""
    state, outcome = _ANSWERS.get(verdict, (_unsent(row), row.outcome))
    page.note(row.key, "claim", found=verdict)
    return page.put(replace(row, state=state, outcome=outcome))


def _present(page: Page, keys: Iterable[str]) -> tuple[Row, ...]:
    return tuple(row for row in map(page.row, keys) if row is not None)


def _target(page: Page, wish: Claim, key: str, row: Row, policy: Policy) -> Verdict:
    """What one target means for the rollback *row*."""
    target = page.row(key)
    if target is None:
        return Verdict.OURS
    if target.state is State.BURIED and not target.in_flight and (target.operation is None or target.undo_sent):
        # We never saw it, or not before this undoing left; whether something was undone is the wallet's to say.
        once = not target.undo_sent or policy.asks or "idempotent" in policy.promises
        return Verdict.OURS if once else Verdict.WAITS
    if target.operation is not None and target.operation not in wish.undoable:
        return Verdict.NO_TARGET
    if target.state is State.REVERSED:
        return Verdict.ADOPTED if target.undo_by in ("", row.key) else Verdict.UNDONE
    if target.settled_by is not None:
        return Verdict.SETTLED
    if target.in_flight:
        return Verdict.IN_FLIGHT
    if target.state is State.BURIED or (target.unapplied and not target.undo):
        return Verdict.NOTHING
    if target.state is State.APPLIED and not target.undo_sent:
        return Verdict.OURS
    # In doubt, the bet or an earlier undoing: only a wallet that counts a key once, and never undoes what it does not
    # hold, may be told to undo it unasked. Of any other our outbox asks first, or a human.
    certain = target.state is State.APPLIED or page.now >= target.since + policy.quarantine
    return Verdict.OURS if policy.repeats and certain else Verdict.WAITS


def _intend(page: Page, key: str, verdict: Verdict, row: Row, policy: Policy, token: str | None) -> None:
    """Write what the rollback wants of one target, before anything else happens."""
    target = page.row(key)
    if target is None:
        transaction = key.split(":", 2)[-1]  # account:scope:id
        unseen = Row(key, row.account, transaction, chain=key, state=State.BURIED, undo_by=row.key)
        target = page.put(unseen)
        page.note(key, "buried", by=row.transaction)
    refused = target.state is State.DECLINED and target.operation in CREDITS  # a copy of it would be sent once more
    if verdict is Verdict.NOTHING and (refused or target.state is State.OPEN):  # it is not there, and never will be
        page.put(rearmed(replace(target, state=State.BURIED, undo_by=row.key), policy, page.now))
        page.note(key, "buried", by=row.transaction)
    elif verdict is Verdict.ADOPTED and not target.undo_by:
        page.put(replace(target, undo_by=row.key))
        page.note(key, "adopted", by=row.transaction)
    elif verdict in (Verdict.OURS, Verdict.IN_FLIGHT, Verdict.WAITS):
        wanted = target.operation is not None and target.state is not State.BURIED
        if wanted and not target.undo:
            page.note(key, "undo wanted", by=row.transaction)
        target = replace(target, undo=wanted, undo_by=target.undo_by or row.key)
        if token is not None and verdict is Verdict.OURS:
            target = replace(target, holder=token, flight=Flight.UNDO)
        page.put(rearmed(target, policy, page.now))

"""What an update of a payment finds: the rows of the payment's other states, and whether it may be applied now.

Each change of a payment has a row of its own; its id ends with the state, so the ids of the others follow from it. All
of them are of the chain of the request of ours that created the payment, where the journal knows that.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.canon.payments import UNLISTED, Advance, PaymentState, judge
from gateway.journal.arming import rearmed
from gateway.journal.content import apart
from gateway.journal.page import Page
from gateway.journal.states import Policy, Row, State
from gateway.journal.wishes import Verdict

#: Seconds until an update that was held back looks again for those before it.
LOOK_AGAIN_S = 1.0
_HELD: dict[Verdict, tuple[Outcome, str | None]] = {
    Verdict.OVERTAKEN: (Outcome.NOTHING_TO_DO, None),
    Verdict.UNCONFIRMED: (Outcome.UNKNOWN, "it had fallen through, and its success has not been confirmed"),
    Verdict.UNLISTED: (Outcome.UNKNOWN, "its state is not one that the table lists"),
    Verdict.NO_STEP: (Outcome.TRANSACTION_CONFLICT, "no step that a payment takes from what is known of it"),
}
AMOUNT_DIFFERS = "its amount is not the payment's"
CURRENCY_DIFFERS = "its currency is not the payment's"
DISORDERED = "it is older than what is known, and should have come later"
_FOUND = {
    Advance.APPLY: Verdict.OURS,
    Advance.CONFIRM: Verdict.UNCONFIRMED,
    Advance.SAME: Verdict.KNOWN,
    Advance.OLDER: Verdict.OVERTAKEN,
    Advance.REFUSED: Verdict.NO_STEP,
}


def others(row: Row) -> tuple[str, ...]:
    """The keys of the other states of the payment that *row* is an update of; none of other rows."""
    if row.operation is not Operation.PAYMENT_UPDATE or row.call is None or row.call.state is None:
        return ()
    state = row.call.state
    if not row.key.endswith(state):
        return ()
    stem = row.key.removesuffix(state)
    return tuple(f"{stem}{word}" for word in (*PaymentState, UNLISTED) if word != state)


def advanced(page: Page, row: Row, policy: Policy, *, confirmed: bool = False) -> tuple[Verdict, Row, tuple[Row, ...]]:
    """May *row* be sent to the wallet now? The verdict, the row as it stands then, and the payment's other updates.

    What may not be sent is written: an update that waits for one before it is delivered after it, and what can never be
    applied as it is stands parked, but for one that was overtaken. *confirmed*: a status request has said so.
    """
    rows = tuple(found for key in others(row) if (found := page.row(key)) is not None)
    if row.state is State.UNKNOWN:  # it may be with the wallet: only the same call again can tell
        return Verdict.OURS, row, rows
    if any(each.in_flight for each in rows):
        return Verdict.IN_FLIGHT, row, rows
    if (differs := _differs(row, page.row(row.chain), rows)) is not None:
        return Verdict.DIFFERS, _held(page, row, Verdict.DIFFERS, *differs), rows
    if any(_ahead(each, row) for each in rows):
        state = State.OPEN if row.state is State.CLAIMED else row.state
        page.note(row.key, "waits")
        return Verdict.WAITS, page.put(rearmed(replace(row, state=state), policy, page.now)), rows
    verdict, known = _judged(row, rows)
    if verdict is Verdict.UNCONFIRMED and confirmed:
        verdict = Verdict.OURS
    if verdict is Verdict.OURS:
        return verdict, row, rows
    outcome, why = _HELD[verdict]
    if verdict is Verdict.OVERTAKEN and known is not None and _state(row).rank > known.rank:
        why = DISORDERED
    return verdict, _held(page, row, verdict, outcome, why), rows


def ready(page: Page, row: Row, policy: Policy) -> bool:
    """May an update that was held back be delivered now? One that may never be is written so."""
    verdict, _, _ = advanced(page, row, policy)
    if verdict in (Verdict.IN_FLIGHT, Verdict.WAITS):
        page.put(replace(row, due=page.now + LOOK_AGAIN_S))
    return verdict is Verdict.OURS


def _state(row: Row) -> PaymentState:
    if row.call is None or row.call.state is None:
        raise LookupError("an update of a payment without a state")
    return PaymentState(row.call.state)


def _judged(row: Row, rows: Iterable[Row]) -> tuple[Verdict, PaymentState | None]:
    """What the machine says, seen from the last state that was applied."""
    if row.call is not None and row.call.state == UNLISTED:
        return Verdict.UNLISTED, None
    applied = [each for each in rows if _applied(each)]
    last = max(applied, key=lambda each: _state(each).rank, default=None)
    known = None if last is None else _state(last)
    known_at = None if last is None or last.call is None else last.call.time
    new_at = None if row.call is None else row.call.time
    return _FOUND[judge(known, known_at, _state(row), new_at)], known


def _applied(row: Row) -> bool:
    """Has the wallet taken this state? It may also have had nothing to do for it."""
    if row.operation is not Operation.PAYMENT_UPDATE or row.call is None or row.call.state == UNLISTED:
        return False
    taken = row.state is State.DECLINED and row.outcome is Outcome.NOTHING_TO_DO and row.sent > 0
    return row.state is State.APPLIED or taken


def _ahead(other: Row, row: Row) -> bool:
    """Must *other* be with the wallet before *row*? What stands parked holds up nothing."""
    if other.operation is not Operation.PAYMENT_UPDATE or other.parked is not None:
        return False
    created = row.created if row.version else float("inf")
    return other.state in (State.OPEN, State.UNKNOWN) and (other.created, other.key) < (created, row.key)


def _differs(row: Row, create: Row | None, rows: Iterable[Row]) -> tuple[Outcome, str] | None:
    """Is it about another amount or currency than the create; where that is not known, than the first update?"""
    first = create or min(rows, key=lambda each: (each.created, each.key), default=None)
    (amount, currency), (mine, my_currency) = _stated(first or row), _stated(row)
    if None not in (currency, my_currency) and currency != my_currency:
        return Outcome.CURRENCY_MISMATCH, CURRENCY_DIFFERS
    if None not in (amount, mine) and amount != mine:
        return Outcome.AMOUNT_INVALID, AMOUNT_DIFFERS
    return None


def _stated(row: Row) -> tuple[Decimal | None, str | None]:
    """How much, in which currency; of a request of ours only what tells its repeats from another is kept."""
    if row.call is not None:
        return row.call.amount, row.call.currency
    said = apart(row.fingerprint)
    return Decimal(said["amount"]) if "amount" in said else None, said.get("currency")


def _held(page: Page, row: Row, verdict: Verdict, outcome: Outcome, why: str | None) -> Row:
    """Not sent, and not to be sent by ourselves; remembered all the same."""
    if row.outcome is not outcome or row.parked != why:
        page.note(row.key, "parked" if why else "claim", found=verdict, why=why)
    return page.put(replace(row, state=State.DECLINED, outcome=outcome, step=None, parked=why))

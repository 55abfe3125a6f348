"""The rules of payments that a processor carries out: the platform has created each, and webhooks report its states.

A payin credits the player when it has succeeded, once, and takes that back when it is refunded, below zero if it must
be. A payout was set aside when it was created: its states release or capture that, and never debit.
"""

from dataclasses import dataclass
from datetime import datetime

import apsw

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.money import Money
from gateway.canon.outcomes import Outcome
from gateway.canon.payments import FELL_THROUGH, Advance, PaymentState, judge
from gateway.sandbox.records import Record
from gateway.sandbox.schema import Value
from gateway.sandbox.work import CASHIER, Work

PAYIN, PAYOUT = "payin", "payout"
#: States in which money is with the processor's customer, or on its way back.
_PAID = frozenset({PaymentState.SUCCEEDED, PaymentState.REFUNDED})


@dataclass(slots=True)
class Payment:
    """A payment of *units* ledger units. *held*: the key of what is set aside for a payout."""

    kind: str
    reference: str
    player: str
    currency: str
    units: int
    state: PaymentState | None = None
    at: datetime | None = None
    credited: bool = False
    held: str | None = None


class Payments:
    """The payments' table, inside the caller's transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def open(self, payment: Payment) -> None:
        """Remember a payment that the platform has created; ValueError if there is one of that kind and reference."""
        if self.find(payment.kind, payment.reference) is not None:
            raise ValueError(f"there is a {payment.kind} {payment.reference} already")
        self.save(payment)

    def find(self, kind: str, reference: str) -> Payment | None:
        """The payment of that kind and reference, or None."""
        row = self._connection.execute(
            "SELECT player, currency, amount, state, at, credited, held FROM payments WHERE kind = ? AND reference = ?",
            (kind, reference),
        ).fetchone()
        if row is None:
            return None
        player, currency, amount, state, at, credited, held = row
        known = None if state is None else PaymentState(str(state))
        since = None if at is None else datetime.fromisoformat(str(at))
        set_aside = None if held is None else str(held)
        units = int(str(amount))
        return Payment(kind, reference, str(player), str(currency), units, known, since, bool(credited), set_aside)

    def save(self, payment: Payment) -> None:
        """Write a payment as it is now."""
        values: tuple[Value, ...] = (
            payment.kind, payment.reference, payment.player, payment.currency, str(payment.units), payment.state,
            None if payment.at is None else payment.at.isoformat(), int(payment.credited), payment.held,
        )  # fmt: skip
        self._connection.execute("INSERT OR REPLACE INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def whose(call: Call, payments: Payments) -> str | None:
    """The player of the payment that *call* is an update of; None if there is no such payment."""
    found = payments.find(call.kind or "", (call.reference or ("",))[0])
    return None if found is None else found.player


def payment_update(work: Work) -> Outcome:
    """Take note of a payment's state, and move what follows from it.

    An update of a payment that nobody has created is noted while no money goes by it; else Fault
    transaction_not_found: its create may be on its way, and the money is somebody's.
    """
    call, payments = work.call, Payments(work.ledger.connection)
    if call.kind not in (PAYIN, PAYOUT) or call.state is None or not call.reference:
        raise Fault(Outcome.REQUEST_INVALID, "no payment is named, or no state of it")
    if call.state not in set(PaymentState):
        raise Fault(Outcome.REQUEST_INVALID, "there is no such state")
    new = PaymentState(call.state)
    payment = payments.find(call.kind, call.reference[0])
    if payment is None:
        if new in _PAID and call.kind == PAYIN:
            raise Fault(Outcome.TRANSACTION_NOT_FOUND, "no such payment was created")
        return Outcome.OK
    if call.currency is not None and call.currency != payment.currency:
        raise Fault(Outcome.CURRENCY_MISMATCH, "not the payment's currency")
    if call.amount is not None and Money.of(call.amount, payment.currency).units != payment.units:
        raise Fault(Outcome.AMOUNT_INVALID, "not the payment's amount")
    match judge(payment.state, payment.at, new, call.time):
        case Advance.SAME:
            return Outcome.ALREADY_DONE
        case Advance.OLDER:
            return Outcome.NOTHING_TO_DO
        case Advance.REFUSED:
            raise Fault(Outcome.TRANSACTION_CONFLICT, "no step that a payment takes")
    if payment.kind == PAYIN:
        _paid_in(work, payment, new)
    else:
        _paid_out(work, payment, new)
    payment.state, payment.at = new, call.time or payment.at
    payments.save(payment)
    return Outcome.OK


def _paid_in(work: Work, payment: Payment, new: PaymentState) -> None:
    player = work.payee()
    if new is PaymentState.SUCCEEDED and not payment.credited:
        work.give(player, payment.units, CASHIER)
        payment.credited = True
    elif new is PaymentState.REFUNDED and payment.credited:
        work.take(player, payment.units, CASHIER)
        payment.credited = False


def _paid_out(work: Work, payment: Payment, new: PaymentState) -> None:
    held = None if payment.held is None else work.records.find(payment.held)
    if held is None:
        return
    player = work.owner(held)
    if new is PaymentState.SUCCEEDED and held.state == "held":
        work.capture(player, held, held.taken, CASHIER)
    elif new in FELL_THROUGH and held.state == "held":
        work.release(player, held)
    elif new is PaymentState.REFUNDED:
        _given_back(work, held)


def _given_back(work: Work, held: Record) -> None:
    """A payout that was reversed after it had been paid, or that never was: the player has the money again."""
    player = work.owner(held)
    if held.state == "held":
        work.release(player, held)
    elif held.state == "captured":
        work.give(player, held.taken, CASHIER)

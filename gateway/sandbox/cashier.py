"""The rules of money that comes and goes: promotions, adjustments, deposits, holds and what becomes of them."""

from gateway.canon.faults import Fault
from gateway.canon.money import Money
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.sandbox.records import Record
from gateway.sandbox.work import CASHIER, GAMES, Work

RESERVES = frozenset({Operation.RESERVE})
WITHDRAWALS = frozenset({Operation.WITHDRAW_REQUEST})


def promo_win(work: Work) -> Outcome:
    """Credit a prize that no bet stands behind."""
    player = work.payee()
    work.give(player, work.units(work.call.amount), GAMES)
    return Outcome.OK


def deposit(work: Work) -> Outcome:
    """Credit money that has already been paid in."""
    player = work.payee()
    work.give(player, work.units(work.call.amount), CASHIER)
    return Outcome.OK


def adjust(work: Work) -> Outcome:
    """Credit the amount, or debit it where a table's signed form made it negative; never below zero."""
    player = work.payee()
    amount = work.call.amount
    if amount is None or not amount.is_signed():
        work.give(player, work.units(amount), GAMES)
    else:
        work.spend(player, Money.of(amount.copy_abs(), player.currency).units, GAMES)
    return Outcome.OK


def confirm(work: Work) -> Outcome:
    """Turn a reserve into a stake, of the call's amount or of all that is held; what happened may end below zero."""
    held = _held(work, RESERVES)
    if held is None or held.state == "declined":
        raise Fault(Outcome.TRANSACTION_NOT_FOUND, "no such reserve was booked")
    if held.state == "released":
        raise Fault(Outcome.ALREADY_ROLLED_BACK, "the reserve was released")
    if held.state == "captured":
        return Outcome.NOTHING_TO_DO
    player = work.payee()
    work.capture(player, held, _wanted(work, held), GAMES)
    return Outcome.OK


def release(work: Work) -> Outcome:
    """Give a reserve back."""
    return _given_up(work, RESERVES)


def withdraw_request(work: Work) -> Outcome:
    """Hold the money that is about to be paid out."""
    player = work.payer()
    work.hold(player, work.units(work.call.amount))
    work.record.state = "held"
    return Outcome.OK


def withdraw_complete(work: Work) -> Outcome:
    """Capture a withdrawal's hold. Without a reference, or with `forced` true in the details, it is a fact: booked.

    A forced one captures the hold if it is there, else debits the balance, below zero if it must be.
    """
    forced = not work.call.reference or (work.call.details or {}).get("forced") is True
    held = _held(work, WITHDRAWALS)
    if held is not None and held.state == "held":
        work.capture(work.payee(), held, _wanted(work, held), CASHIER)
    elif held is not None and held.state == "captured":
        raise Fault(Outcome.ALREADY_SETTLED, "the withdrawal was completed before")
    elif forced:
        work.take(work.payee(), work.units(work.call.amount), CASHIER)
    elif held is not None and held.state == "released":
        raise Fault(Outcome.ALREADY_SETTLED, "the withdrawal was cancelled")
    else:
        raise Fault(Outcome.TRANSACTION_NOT_FOUND, "no such withdrawal was booked")
    return Outcome.OK


def withdraw_cancel(work: Work) -> Outcome:
    """Give a withdrawal's hold back."""
    return _given_up(work, WITHDRAWALS)


def _held(work: Work, kinds: frozenset[Operation]) -> Record | None:
    return next((record for record in work.named(kinds).values() if record is not None), None)


def _wanted(work: Work, held: Record) -> int:
    return held.taken if work.call.amount is None else work.units(work.call.amount)


def _given_up(work: Work, kinds: frozenset[Operation]) -> Outcome:
    held = _held(work, kinds)
    if held is None:
        work.bury(work.named(kinds))
        return Outcome.TRANSACTION_NOT_FOUND
    if held.state == "captured":
        raise Fault(Outcome.ALREADY_SETTLED, "the hold was captured")
    if held.state != "held":
        return Outcome.NOTHING_TO_DO
    player = work.owner(held)
    work.release(player, held)
    return Outcome.OK

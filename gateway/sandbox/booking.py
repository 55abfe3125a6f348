"""One effect per key: a money call is booked under its key by the rule of its operation, or hears what became of it.

What the key hears depends on the promises that are kept: see `Booking.once`.
"""

from collections import Counter
from collections.abc import Callable

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import REVERSALS, SESSION_CHECKED, Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.sandbox import cashier, payments, reversals, rounds
from gateway.sandbox.ledger import Ledger, Player
from gateway.sandbox.promises import Promise
from gateway.sandbox.records import UNDONE, Record, Records, same, stated, telling
from gateway.sandbox.sessions import Sessions
from gateway.sandbox.work import Rule, Work

RULES: dict[Operation, Rule] = {
    Operation.BET: rounds.bet,
    Operation.WIN: rounds.win,
    Operation.BET_WIN: rounds.bet_win,
    Operation.END_ROUND: rounds.end_round,
    Operation.RESERVE: rounds.reserve,
    Operation.ROLLBACK: reversals.rollback,
    Operation.ROLLBACK_WIN: reversals.rollback_win,
    Operation.PROMO_WIN: cashier.promo_win,
    Operation.ADJUST: cashier.adjust,
    Operation.CONFIRM: cashier.confirm,
    Operation.RELEASE: cashier.release,
    Operation.DEPOSIT: cashier.deposit,
    Operation.WITHDRAW_REQUEST: cashier.withdraw_request,
    Operation.WITHDRAW_COMPLETE: cashier.withdraw_complete,
    Operation.WITHDRAW_CANCEL: cashier.withdraw_cancel,
    Operation.PAYMENT_UPDATE: payments.payment_update,
}

#: What a key hears that was undone, or buried before it came. Other operations can be neither.
UNDONE_WORD = {
    Operation.BET: Outcome.ALREADY_ROLLED_BACK,
    Operation.BET_WIN: Outcome.ALREADY_ROLLED_BACK,
    Operation.WIN: Outcome.ALREADY_ROLLED_BACK,
    Operation.RESERVE: Outcome.ALREADY_ROLLED_BACK,
    Operation.PROMO_WIN: Outcome.BONUS_REJECTED,
    Operation.WITHDRAW_REQUEST: Outcome.WITHDRAWAL_DECLINED,
}


class Booking:
    """Books money calls, inside the caller's transaction. *clock* gives unix seconds and decides when sessions end.

    *underway* counts, by key, the calls that were taken and are not booked yet.
    """

    def __init__(self, ledger: Ledger, records: Records, sessions: Sessions, clock: Callable[[], float]) -> None:
        self.underway: Counter[str] = Counter()
        self._ledger = ledger
        self._records = records
        self._sessions = sessions
        self._clock = clock

    def once(
        self, call: Call, name: str | None, player: Player | None, promises: frozenset[Promise]
    ) -> tuple[Outcome, Record | None]:
        """Book *call*, or say what its key has become. *name* is whom it is about, known or not.

        `idempotent`: a key that was booked or refused hears the same again, another content is a conflict, and a key
        that is underway is in_progress; without it nothing is remembered of a key, and each call is judged anew.
        `tombstones`: what was undone, or rolled back before it came, is refused; without it, an idempotent wallet says
        already_done of what it booked and undid, and a rollback of nothing leaves nothing behind.
        """
        if call.transaction is None:
            raise Fault(Outcome.REQUEST_INVALID, "a money call without a key")
        content = stated(call, name, call.currency or (None if player is None else player.currency))
        copies = self._records.copies(call.transaction)
        first = telling(copies)
        if Promise.IDEMPOTENT in promises and first is not None:
            return _again(first, content, promises), first
        undone = Promise.TOMBSTONES in promises and UNDONE_WORD.get(call.operation)
        if undone and (any(copy.state in UNDONE for copy in copies) or self._records.buried(call.transaction)):
            return undone, None
        if Promise.IDEMPOTENT in promises and self.underway[call.transaction]:
            return Outcome.IN_PROGRESS, None
        record = self._records.open(call, None if player is None else player.id, content, len(copies) + 1)
        return self._judged(Work(call, record, player, self._ledger, self._records, promises))

    def _judged(self, work: Work) -> tuple[Outcome, Record | None]:
        call, record = work.call, work.record
        try:
            with self._ledger.connection:  # a rule that refuses leaves nothing behind
                if call.operation in SESSION_CHECKED and call.session is not None:
                    self._sessions.check(call.session, self._clock(), None if work.player is None else work.player.id)
                outcome = RULES[call.operation](work)
        except Fault as fault:
            outcome = fault.outcome
            record.taken = record.given = 0
            record.state = "declined"
        if not outcome.lasting or _left_nothing(work, outcome):
            self._records.forget(record)
            return outcome, None
        record.outcome = outcome
        if outcome.moved is Moved.YES and record.state == "declined":
            record.state = "applied"
        self._records.save(record)
        return outcome, record


def _left_nothing(work: Work, outcome: Outcome) -> bool:
    """A reversal of what was never seen is remembered by its tombstone, or not at all; a payment's create may come."""
    if work.call.operation is Operation.PAYMENT_UPDATE and outcome is Outcome.TRANSACTION_NOT_FOUND:
        return True
    unseen = work.call.operation in REVERSALS and outcome is Outcome.TRANSACTION_NOT_FOUND
    return unseen and Promise.TOMBSTONES not in work.promises


def _again(record: Record, content: str, promises: frozenset[Promise]) -> Outcome:
    """The answer to a key that was answered before."""
    if not same(record.stated, content):
        return Outcome.TRANSACTION_CONFLICT
    if record.state in UNDONE:
        undone = UNDONE_WORD.get(record.operation, Outcome.ALREADY_DONE)
        return undone if Promise.TOMBSTONES in promises else Outcome.ALREADY_DONE
    return record.outcome if record.state == "declined" else Outcome.ALREADY_DONE

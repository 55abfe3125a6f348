"""The rules of undoing bets and wins. What was booked decides, never the message's amount.

One bet is undone once, whatever keys ask for it; a target that was never seen gets a tombstone, so that it can never
be booked later. A rollback that names several targets is all or nothing where one of them is settled.
"""

from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.sandbox.records import LIVE, UNDONE, Record
from gateway.sandbox.work import GAMES, Work

PRIZES = frozenset({Operation.WIN, Operation.PROMO_WIN})


def rollback(work: Work) -> Outcome:
    """Credit back what the bets took (of a bet_win: what both legs moved); without references, the round's bets.

    A reference that names a win is no target: transaction_not_found, and nothing moves (`rollback_win` is for wins).
    Without references, a round that was never seen is closed: the round's tombstone.
    """
    named = work.named()
    bets = [record for record in named.values() if record is not None] if work.call.reference else work.round_stakes()
    if any(record.settled_by is not None or record.state == "captured" for record in bets):
        raise Fault(Outcome.ALREADY_SETTLED, "a win has settled the bet")
    if not work.call.reference and not bets and work.player is not None:
        work.leave_round(work.player, work.call.round, close=True)
    work.bury(named)
    return _undone(work, bets)


def rollback_win(work: Work) -> Outcome:
    """Debit wins back, below zero if it must be; their bets are open again, and so is a round that they closed."""
    named = work.named(PRIZES)
    wins = [record for record in named.values() if record is not None]
    work.bury(named)
    outcome = _undone(work, wins)
    for record in wins:
        work.records.reopen_round(record.key)
        for settled in work.records.settled(record.key):
            settled.settled_by = None
            work.records.save(settled)
    return outcome


def _undone(work: Work, targets: list[Record]) -> Outcome:
    live = [record for record in targets if record.state in LIVE]
    for record in live:
        player = work.owner(record)
        if record.state == "held":
            work.release(player, record)
            continue
        work.give(player, max(record.taken - record.given, 0), GAMES)
        work.take(player, max(record.given - record.taken, 0), GAMES)
        record.state = "reversed"
        work.records.save(record)
    if live:
        return Outcome.OK
    if any(record.state in UNDONE for record in targets):
        return Outcome.ALREADY_ROLLED_BACK
    return Outcome.NOTHING_TO_DO if targets else Outcome.TRANSACTION_NOT_FOUND

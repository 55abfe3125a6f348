"""The rules of undoing bets and wins. What was booked decides, never the message's amount.

One bet is undone once, whatever keys ask for it; a target that was never seen gets a tombstone, so that it can never
be booked later. A rollback that names several targets is all or nothing where one of them is settled.
A wallet that does not promise `references` does none of this: what the message states is moved, for whatever it names.
"""

from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.sandbox.ledger import Player
from gateway.sandbox.promises import Promise
from gateway.sandbox.records import LIVE, STAKES, UNDONE, Record
from gateway.sandbox.work import GAMES, Work

PRIZES = frozenset({Operation.WIN, Operation.PROMO_WIN})


def rollback(work: Work) -> Outcome:
    """Credit back what the bets took (of a bet_win: what both legs moved); without references, the round's bets.

    A reference that names a win is no target: transaction_not_found, and nothing moves (`rollback_win` is for wins).
    Without references, a round that was never seen is closed: the round's tombstone.
    """
    if Promise.REFERENCES not in work.promises:
        work.give(*_blindly(work, STAKES), GAMES)
        return Outcome.OK
    named = work.named()
    bets = [record for record in named.values() if record is not None] if work.call.reference else work.round_stakes()
    if any(record.settled_by is not None or record.state == "captured" for record in bets):
        raise Fault(Outcome.ALREADY_SETTLED, "a win has settled the bet")
    unseen = not work.call.reference and not bets
    if unseen and work.player is not None and Promise.TOMBSTONES in work.promises:
        work.leave_round(work.player, work.call.round, close=True)
    work.bury(named)
    return _undone(work, bets)


def rollback_win(work: Work) -> Outcome:
    """Debit wins back, below zero if it must be; their bets are open again, and so is a round that they closed."""
    if Promise.REFERENCES not in work.promises:
        # A bet_win that paid more than it took is undone by taking the rest.
        work.take(*_blindly(work, PRIZES | {Operation.BET_WIN}), GAMES)
        return Outcome.OK
    named = work.named(PRIZES)
    wins = [record for record in named.values() if record is not None]
    work.bury(named)
    outcome = _undone(work, wins)
    for record in wins:
        work.records.reopen_round(record.key)
        for settled in work.records.settled(record.key):
            work.records.place(settled, settled.round, None)
    return outcome


def _blindly(work: Work, kinds: frozenset[Operation]) -> tuple[Player, int]:
    """Whom and how much the message states; what it names is marked as undone, or buried, and not asked about.

    Fault request_invalid when player, currency or amount are not stated. Holds are left alone: they stay held.
    """
    if work.call.player is None or work.call.currency is None:
        raise Fault(Outcome.REQUEST_INVALID, "player and currency are not stated, and nothing is found by reference")
    player, units = work.payee(), work.units(work.call.amount)
    named = work.named(kinds)
    work.bury(named)
    for record in named.values():
        if record is not None and record.state == "applied":
            record.state = "reversed"
            work.records.save(record)
    return player, units


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

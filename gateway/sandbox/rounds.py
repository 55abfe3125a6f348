"""The rules of play: bets, wins, the end of a round."""

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.sandbox.ledger import Player
from gateway.sandbox.records import LIVE, UNDONE, Record
from gateway.sandbox.work import GAMES, Work


def bet(work: Work) -> Outcome:
    """Debit a stake. A free bet moves nothing, whatever its amount; a zero bet is a bet."""
    player = work.payer()
    stake = _stake(work, player, work.units(work.call.amount))
    work.enter_round(player)
    work.spend(player, stake, GAMES)
    work.leave_round(player, work.call.round, bool(work.call.round_end))
    return Outcome.OK


def bet_win(work: Work) -> Outcome:
    """Debit the stake and credit the prize as one operation; *required_balance* may ask for more than the stake."""
    player = work.payer()
    stake = _stake(work, player, work.units(work.call.bet_amount))
    prize = work.units(work.call.win_amount)
    work.enter_round(player)
    if work.call.required_balance is not None and work.units(work.call.required_balance) > work.ledger.balance(player):
        raise Fault(Outcome.INSUFFICIENT_FUNDS, "the balance is smaller than the required one")
    work.spend(player, stake, GAMES)
    work.give(player, prize, GAMES)
    work.leave_round(player, work.call.round, bool(work.call.round_end))
    return Outcome.OK


def reserve(work: Work) -> Outcome:
    """Hold a stake: as `bet`, but the money waits for confirm or release."""
    player = work.payer()
    stake = _stake(work, player, work.units(work.call.amount))
    work.enter_round(player)
    work.hold(player, stake)
    work.record.state = "held"
    work.leave_round(player, work.call.round, bool(work.call.round_end))
    return Outcome.OK


def _stake(work: Work, player: Player, units: int) -> int:
    """What a bet of *units* costs; Fault limit_exceeded."""
    if work.call.free:
        return 0
    if player.bet_limit is not None and units > player.bet_limit:
        raise Fault(Outcome.LIMIT_EXCEEDED, "a bet above the player's limit")
    return units


def win(work: Work) -> Outcome:
    """Credit a prize to the bets it names, else to its round; one that names neither is paid.

    It settles the bets it names, or all of its round's if it names none. *round_end* closes the round; so does a prize
    of zero, unless the call says that the round goes on.
    """
    player = work.payee()
    prize = work.units(work.call.amount)
    bets = _backing(work)
    name = work.call.round or next((record.round for record in bets if record.round is not None), None)
    if name is not None and work.records.round_state(work.provider, player.id, name) == "closed":
        raise Fault(Outcome.ROUND_CLOSED, "the round is closed")
    work.give(player, prize, GAMES)
    work.records.place(work.record, name, None)
    for record in bets:
        work.records.place(record, record.round, record.settled_by or work.record.key)
    work.leave_round(player, name, bool(work.call.round_end) or (prize == 0 and work.call.round_end is None))
    return Outcome.OK


def _backing(work: Work) -> list[Record]:
    """The live bets that a win belongs to.

    A reference decides if the wallet knows it; an unknown one falls back on the round. Of bets that were all declined,
    the answer is transaction_not_found: nothing_to_do would sound like a paid prize.
    """
    keys = work.call.reference or ()
    if not keys and work.call.round is None:
        return []
    named = [record for record in work.named().values() if record is not None]
    buried = any(work.records.buried(key) for key in keys)
    bets = named if named or buried else work.round_stakes()
    live = [record for record in bets if record.state in LIVE]
    if live:
        return live
    if buried or any(record.state in UNDONE for record in bets):
        raise Fault(Outcome.ALREADY_ROLLED_BACK, "the bet was rolled back")
    if keys or bets:
        raise Fault(Outcome.TRANSACTION_NOT_FOUND, "no bet of that reference or round was booked")
    if work.player and work.records.round_state(work.provider, work.player.id, work.call.round or "") == "closed":
        raise Fault(Outcome.ROUND_CLOSED, "the round is closed")
    raise Fault(Outcome.NO_OPEN_BET, "nothing was bet in the round")


def end_round(work: Work) -> Outcome:
    """Close a round; nothing_to_do when it is closed, no_open_bet when nothing was ever bet in it."""
    player = work.payee()
    name = work.call.round
    state = None if name is None else work.records.round_state(work.provider, player.id, name)
    if name is None or state is None:
        raise Fault(Outcome.NO_OPEN_BET, "nothing was bet in the round")
    if state == "closed":
        return Outcome.NOTHING_TO_DO
    work.leave_round(player, name, close=True)
    return Outcome.OK

"""The call that undoes a row: the same whether we want it or the provider, for the wallet sees one key for both.

What was booked decides, never what a rollback states; only of what we never saw is the message all there is.
"""

from decimal import Decimal

from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.exchange.asking import Asking
from gateway.exchange.keys import Naming
from gateway.exchange.legs import parts, win_key
from gateway.journal.states import Row

UNDONE_BY = {
    Operation.BET: Operation.ROLLBACK,
    Operation.BET_WIN: Operation.ROLLBACK,
    Operation.WIN: Operation.ROLLBACK_WIN,
    Operation.PROMO_WIN: Operation.ROLLBACK_WIN,
    Operation.RESERVE: Operation.RELEASE,
    Operation.WITHDRAW_REQUEST: Operation.WITHDRAW_CANCEL,
}


def undo_calls(row: Row, asking: Asking) -> tuple[Call, ...]:
    """The reversal of a row that we know; of what was sent in parts, one call for each, the last part first.

    Its amount goes along where the wallet demands it, or may not look it up.
    """
    if row.call is None:
        raise LookupError("nothing is known of what is to be undone")
    bet, *win = parts(row.call)
    undoes = [_undoing(row, each, win_key(row.reversal_key), win_key(row.key), asking) for each in win]
    return *undoes, _undoing(row, bet, row.reversal_key, row.key, asking)


def _undoing(row: Row, booked: Call, key: str, target: str, asking: Asking) -> Call:
    if booked.operation not in UNDONE_BY:
        raise LookupError("nothing is known of what is to be undone")
    operation = UNDONE_BY[booked.operation]
    amount = booked.amount if booked.amount is not None else booked.bet_amount
    if booked.operation is Operation.BET_WIN and "references" not in asking.wallet.promises:
        operation, amount = _both_legs(booked)
    call = Call(
        operation,
        request_id=key,
        transaction=key,
        reference=(target,),
        provider=booked.provider,
        player=booked.player or row.player,
        session=booked.session,
        currency=booked.currency,
        amount=amount,
        round=booked.round,
        game=booked.game,
        undoes=booked.operation,
    )
    return fitted(call, asking)


def _both_legs(booked: Call) -> tuple[Operation, Decimal]:
    """What undoes a bet_win at a wallet that moves what a reversal states: what both legs together have moved.

    Where the prize was more than the stake, that is to be taken from the player, which a rollback cannot say.
    """
    net = (booked.bet_amount or Decimal(0)) - (booked.win_amount or Decimal(0))
    return (Operation.ROLLBACK, net) if net >= 0 else (Operation.ROLLBACK_WIN, -net)


def unseen_call(naming: Naming, key: str, asking: Asking) -> Call:
    """The reversal of what we never saw, or of several at once, under *key*: the call of *naming*, bare.

    Whatever else a message states could differ between two rollbacks of one target, and they share one key.
    """
    kinds = naming.form.targets
    call = replace(naming.outgoing(asking), undoes=next(iter(kinds)) if len(kinds) == 1 else None)
    form = asking.wallet.dialect.variant_for(call)
    kept = {each.name for each in form.fields if not each.optional} | {"provider", "player", "session", "reference"}
    facts = {name: value for name, value in call.facts().items() if name in kept}
    named = {**facts, "request_id": key, "transaction": key}
    return fitted(Call(call.operation, **named, undoes=call.undoes), asking)


def fitted(call: Call, asking: Asking) -> Call:
    """*call* without what the wallet's message of it need not have and what could be wrong: session and amount."""
    if call.player is not None and not asking.demands(call, "session"):
        call = replace(call, session=None)
    if "references" in asking.wallet.promises and not asking.demands(call, "amount"):
        call = replace(call, amount=None)
    return call

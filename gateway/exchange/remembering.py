"""What later calls will not say again, of a call that was taken. Pure."""

from typing import Any

from gateway.canon.calls import Call, Reply
from gateway.canon.operations import REVERSALS
from gateway.exchange.weighing import YES
from gateway.journal.wishes import Remember


def memories(call: Call, reply: Reply, account: str) -> tuple[Remember, ...]:
    """Who is behind a session, what a player was last seen with; nothing of what the wallet did not take."""
    if reply.outcome not in YES:
        return ()
    player, currency = reply.player or call.player, reply.currency or call.currency
    who = {}
    if player is not None:
        who["player"] = player
    if currency is not None:
        who["currency"] = currency
    # A reversal's player and currency are its target's: they say nothing of the session that it came with.
    session = None if call.operation in REVERSALS else reply.new_session or call.session
    if not player:
        return ()
    seen: dict[str, Any] = who.copy()
    if session is not None:
        seen["session"] = session
    if reply.balance is not None:
        seen["balance"] = reply.balance
    last = Remember(account, "player", player, seen)
    return (Remember(account, "session", session, who), last) if session else (last,)

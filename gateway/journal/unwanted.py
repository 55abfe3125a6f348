"""What a durable store does about wishes that nobody waits for any more: a claim whose story has gone must not be held
for ever, and what a wallet said must not be lost because the disk was full when it said it.
"""

from typing import Any

from msgspec.structs import replace

from gateway.journal.states import State
from gateway.journal.wishes import (
    Claim,
    Claimed,
    Lease,
    Record,
    Recorded,
    Remember,
    Settle,
    Told,
    Verdict,
)


def given_back(wish: Any, result: Any) -> tuple[Any, ...]:
    """The wishes that undo a *result* which was never taken: nothing left for it, and nothing was told.

    A store may give a Record's result together with what became of its memories.
    """
    if isinstance(wish, Record) and isinstance(result, tuple):
        result = result[0]
    match wish, result:
        case Claim(row, targets), Claimed(Verdict.OURS, before):
            state = None if before.state is State.UNKNOWN else State.OPEN
            return (Record(row.key, before.holder, state, None, None, related=targets, heard="not durable in time"),)
        case Lease(), tuple():
            return tuple(Settle(leased.row.key, leased.row.holder or "", tried=False) for leased in result)
        case Record(key), Recorded(answer=answer) if answer:
            return (Told(key, answer, None),)
    return ()


def owed(wish: Any) -> tuple[Any, ...]:
    """What of a *wish* that could not be written must be written all the same, later."""
    match wish:
        case Record(holder=None):
            return ()
        case Record():
            return (replace(wish, telling=None),)
        case Settle() | Told() | Remember():
            return (wish,)
    return ()


def without_listener(wish: Any) -> Any:
    """The *wish* as it is to be performed when its story has gone before it was begun; None: not at all."""
    match wish:
        case Claim() | Lease():
            return None
        case Record():
            return replace(wish, telling=None)
    return wish

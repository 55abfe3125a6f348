"""Which transition performs which wish: the journal's whole behaviour, the same on every store."""

from typing import Any

from gateway.journal.claiming import claim
from gateway.journal.leasing import lease, reap, settle
from gateway.journal.page import Page
from gateway.journal.payments import others
from gateway.journal.recording import record, told
from gateway.journal.states import Policy
from gateway.journal.wishes import Claim, Lease, Look, Reap, Record, Settle, Told

#: The wishes that rows answer. What is remembered of sessions and players, and waiting, is each store's own.
RowWish = Claim | Look | Record | Told | Lease | Settle | Reap


def perform(page: Page, wish: RowWish, policy: Policy, token: str, keys: tuple[str, ...] = ()) -> Any:
    """Apply *wish* to *page* and give its result.

    *token* is new for every wish, `instance/number`; *keys*: of a Lease the rows that the store found due, each chain's
    first only; of a Reap the rows whose holders are dead.
    """
    match wish:
        case Claim():
            return claim(page, wish, policy, token)
        case Record():
            return record(page, wish, policy)
        case Told():
            return told(page, wish, policy)
        case Look(key):
            return page.row(key)
        case Lease():
            return lease(page, keys, policy, token)
        case Settle():
            return settle(page, wish, policy)
    return reap(page, keys, wish.dead, policy)


def touched(wish: RowWish) -> tuple[str, ...]:
    """The keys that *wish* may read or write, beside those of its round."""
    match wish:
        case Claim(row, targets, _, bets, nearby):
            return (row.key, *targets, *bets, *nearby, *others(row))
        case Record():
            return (wish.key, *wish.related)
        case Look(key) | Told(key) | Settle(key):
            return (key,)
    return ()


def round_of(wish: RowWish) -> tuple[str, str | None, str] | None:
    """The (account, player, round) whose debits *wish* may read."""
    if isinstance(wish, Claim) and wish.row.round is not None:
        return wish.row.account, wish.row.player, wish.row.round
    return None

"""Who may hold the wallet's connections. One slot is one connection; it is held until its call has really ended.

Three kinds of call keep out of each other's way: recovery (the outbox) has slots of its own and never more than those;
of the rest, some are kept for wins, facts and reversals; and no provider holds more than its share, of which some are
kept for its own wins and reversals. Wins and reversals may have more than what is kept for them, where there is room.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from gateway.exchange.wishes import Lane, Priority

#: With fewer, no share would be left for somebody.
FEWEST = 5
_RESERVED, _RECOVERY = 20, 10  # percent


class Kind(StrEnum):
    """What a slot is held for. *urgent*: wins, facts, reversals; *ordinary*: bets and reads; *outbox*: recovery."""

    ORDINARY = "ordinary"
    URGENT = "urgent"
    OUTBOX = "outbox"


# Looking a member up costs more than what is done with it.
_ORDINARY, _URGENT, _OUTBOX, _CREDIT = Kind.ORDINARY, Kind.URGENT, Kind.OUTBOX, Priority.CREDIT


def kind_of(lane: Lane) -> Kind:
    """The kind of a call."""
    if lane.outbox:
        return _OUTBOX
    return _URGENT if lane.priority >= _CREDIT else _ORDINARY


@dataclass(frozen=True, slots=True)
class Shares:
    """*live* slots are for all calls but the outbox's, *reserved* of them for urgent ones; *account* is the most that
    one provider's live calls hold, *own* of them for its urgent ones."""

    outbox: int
    live: int
    reserved: int
    account: int
    own: int

    @classmethod
    def of(cls, slots: int, accounts: int, part: float = 0.25) -> Self:
        """Divide *slots* (FEWEST at least). Each of *accounts* providers may hold *part*, or more if they are few."""
        outbox = max(2, slots * _RECOVERY // 100)
        live = slots - outbox
        most = live if accounts <= 1 else min(live, max(2, int(slots * max(part, 1 / accounts))))
        return cls(outbox, live, max(1, slots * _RESERVED // 100), most, max(1, most * _RESERVED // 100))

    def open_to(self, kind: Kind) -> int:
        """How many slots all calls of *kind* together can count on."""
        if kind is Kind.OUTBOX:
            return self.outbox
        return self.live if kind is Kind.URGENT else self.live - self.reserved

    def open_to_account(self, kind: Kind) -> int:
        """How many of them one provider can count on."""
        return self.account if kind is Kind.URGENT else self.account - self.own


_NOTHING = dict.fromkeys(Kind, 0)


class Slots:
    """What is held now. Synchronous; a lane that took a slot must free it."""

    def __init__(self, shares: Shares) -> None:
        self.shares = shares
        self._held = _NOTHING.copy()
        self._accounts: dict[str, dict[Kind, int]] = {}

    def held(self, kind: Kind) -> int:
        """How many slots calls of *kind* hold."""
        return self._held[kind]

    def fits(self, lane: Lane) -> bool:
        """Is there a slot for *lane* right now?"""
        return not self.full(kind_of(lane)) and not self.account_full(lane)

    def full(self, kind: Kind) -> bool:
        """Is every slot taken that a call of *kind* may have, whoever makes it?"""
        shares = self.shares
        if kind is _OUTBOX:
            return self._held[kind] >= shares.outbox
        return _full(kind, self._held, shares.live, shares.reserved)

    def account_full(self, lane: Lane) -> bool:
        """Does the provider of *lane* hold all that it may?"""
        kind = kind_of(lane)
        own = self._accounts.get(lane.account, _NOTHING)
        return kind is not _OUTBOX and _full(kind, own, self.shares.account, self.shares.own)

    def take(self, lane: Lane) -> Kind:
        """Hold one more; what for."""
        kind, account = kind_of(lane), lane.account
        self._held[kind] += 1
        held = self._accounts.get(account)
        if held is None:
            held = self._accounts[account] = _NOTHING.copy()
        held[kind] += 1
        return kind

    def free(self, lane: Lane) -> Kind:
        """Hold one less; what for."""
        kind, account = kind_of(lane), lane.account
        self._held[kind] -= 1
        held = self._accounts[account]
        held[kind] -= 1
        if not (held[_ORDINARY] or held[_URGENT] or held[_OUTBOX]):
            del self._accounts[account]
        return kind


def _full(kind: Kind, held: dict[Kind, int], most: int, reserved: int) -> bool:
    """Ordinary calls leave free what is reserved, as far as urgent ones do not hold it already."""
    urgent = held[_URGENT]
    if kind is _ORDINARY and urgent < reserved:
        urgent = reserved
    return held[_ORDINARY] + urgent >= most

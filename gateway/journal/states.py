"""One money operation as it is remembered: what the wallet holds of it, what the provider was told, what is to be done.

A Row is immutable; the transitions of this floor make new ones. Times are seconds of the journal's own clock, which
counts service and nothing else: it never jumps, and stands still while nobody serves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import random

from msgspec import Struct

from gateway.canon.calls import Call, Reply
from gateway.canon.operations import DEBITS, Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import LEAST_HORIZON_S

Effect = frozenset[str]
#: The provider believes that it did not happen, and sends nothing more of its own accord.
ENDS_IT: Effect = frozenset({"final", "silent"})
DONE = "done"
#: Behind the key, as the `request_id` of a bet_win that the wallet gets as two calls: the row is known by it for good.
IN_PARTS = "#bet"
#: The same, as that of an end of round that the wallet gets as a win of nothing.
AS_WIN = "#win"


class State(StrEnum):
    """The wallet's side, as far as we know."""

    CLAIMED = "claimed"  # the wallet may have it, or may be about to
    OPEN = "open"  # proved not applied: may be tried again
    UNKNOWN = "unknown"  # an attempt left us, and nobody told what became of it: a refusal of a repeat proves nothing
    APPLIED = "applied"
    DECLINED = "declined"
    REVERSED = "reversed"  # it was applied, and undone
    BURIED = "buried"  # a tombstone: undone before it came, or never applied; never sent (again)


class Step(StrEnum):
    """What we do next of our own accord."""

    ASK = "ask"  # the wallet, what became of it
    DELIVER = "deliver"  # send it (again) until the wallet answers
    REVERSE = "reverse"  # undo it
    JUDGE = "judge"  # at the horizon: the provider has come back, or it never will; of a hold: it has grown old


class Flight(StrEnum):
    """What kind of wallet call is in flight for a row; there is at most one, fleet-wide."""

    CALL = "call"
    UNDO = "undo"
    ASK = "ask"


class Row(Struct, frozen=True, gc=False):
    """*call* is what the wallet gets, the same at every try; None in a tombstone of something that we never saw.
    Without an *operation* it is such a tombstone or, where it has a *name*, a request of ours to a provider, which only
    its repeat continues.

    *told*: the effect of the last answer that was delivered in time; *telling*: of one whose delivery is not confirmed.
    *undo*: a durable intent; the row is never sent again, and a later YES is reversed. *undo_by*: the key of
    the rollback that asked for it, or adopted ours; "" while the wish is ours alone. *undos*: how many reversals ended
    before this one: part of the reversal's key. *proved*: a win or an end of round named it, so the provider holds it.
    """

    key: str
    account: str
    transaction: str
    operation: Operation | None = None
    name: str = ""  # the operation as the dialect's table calls it
    fingerprint: tuple[str, ...] = ()
    call: Call | None = None
    player: str | None = None
    round: str | None = None
    chain: str = ""  # what must happen in order: a bet, its wins, their undoing
    span: float = 0.0  # for how long the provider keeps coming back after an answer that it did not hear
    state: State = State.CLAIMED
    outcome: Outcome | None = None
    reply: Reply | None = None
    told: Effect | None = None
    telling: Effect | None = None
    answers: int = 0  # answers recorded so far; Told confirms one of them by its number
    sent: int = 0  # wallet calls that may have left
    holder: str | None = None
    flight: Flight | None = None
    undo: bool = False
    undo_by: str = ""
    undo_sent: bool = False  # a reversal may have left, and its outcome is not known
    undos: int = 0
    proved: bool = False
    settled_by: str | None = None
    parked: str | None = None
    step: Step | None = None
    due: float = 0.0
    tries: int = 0
    since: float = 0.0  # when the last doubt began
    created: float = 0.0
    updated: float = 0.0
    wall: float = 0.0  # unix seconds of the last change; for people, and for telling how long nobody served
    version: int = 0

    @property
    def horizon(self) -> float:
        """When, on the journal's clock, the provider will not come back any more of its own accord."""
        return self.created + max(LEAST_HORIZON_S, 3 * self.span)

    @property
    def in_flight(self) -> bool:
        """Is a wallet call for it on its way, whoever made it?"""
        return self.holder is not None

    @property
    def active(self) -> bool:
        """Has it work to do before later work of its chain, as opposed to waiting for the provider?"""
        return self.step in (Step.DELIVER, Step.REVERSE)

    @property
    def settled(self) -> bool:
        """Is it known what became of every attempt?"""
        return self.state not in (State.CLAIMED, State.UNKNOWN)

    @property
    def unapplied(self) -> bool:
        """Is it certain that the wallet holds nothing of it? Only then may any other refusal be said of it."""
        return self.settled and self.state is not State.APPLIED

    @property
    def undone(self) -> bool:
        """Was it rolled back, or will it be?"""
        return self.undo or self.state in (State.REVERSED, State.BURIED)

    @property
    def in_parts(self) -> bool:
        """Does the wallet get it as two calls, so that no question about its key tells what became of it?"""
        return self.call is not None and self.call.request_id == f"{self.call.transaction}{IN_PARTS}"

    @property
    def heard_done(self) -> bool:
        """Is it certain that the provider knows that it was applied?"""
        return self.proved or (self.told is not None and DONE in self.told)

    @property
    def tells_done(self) -> bool:
        """Is a yes on its way to the provider, of which nobody has noted yet whether it was heard?"""
        return self.telling is not None and DONE in self.telling

    @property
    def sticks(self) -> bool:
        """Was this debit refused for good? The provider has closed it: a copy must not become a bet after all."""
        if self.operation not in DEBITS or not self.unapplied or self.outcome is None:
            return False
        told = self.told or frozenset()
        return (self.state is State.DECLINED and self.outcome.lasting) or (bool(told) and told <= ENDS_IT)

    @property
    def reversal_key(self) -> str:
        """The key under which the wallet is asked to undo it: one for ours and every provider's rollback."""
        return f"rev:{self.key}" if not self.undos else f"rev{self.undos + 1}:{self.key}"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the wallet promises, and what follows. *chance* gives numbers from 0 to 1, for jitter.

    *hold_s*: how old a withdrawal's or a stake's hold grows before a human is told; no hold is released for its age.
    """

    promises: frozenset[str] = frozenset()
    quarantine_s: float = 60.0
    hold_s: float = 86_400.0
    chance: Callable[[], float] = random

    @property
    def asks(self) -> bool:
        """Can the wallet be asked what became of a key?"""
        return "status" in self.promises

    @property
    def repeats(self) -> bool:
        """May the outbox send the same key again, whatever became of it?"""
        return {"idempotent", "references"} <= self.promises

    @property
    def resolves(self) -> bool:
        """Can a doubt be ended without a human?"""
        return self.asks or self.repeats

    @property
    def quarantine(self) -> float:
        """Seconds in which a call in doubt may still land, so that its undoing, or its absence, proves nothing."""
        return 0.0 if "tombstones" in self.promises else self.quarantine_s

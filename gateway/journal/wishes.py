"""What a story may ask the journal for. Each wish is one immutable value; what comes back is said beside it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from gateway.canon.calls import Reply
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.journal.states import Effect, Row, State


class JournalUnavailable(Exception):
    """The journal cannot write, or not in time: what was asked for must be held for not done.

    A claim will never be ours. What a Record or a Settle said of the wallet is kept in mind and written as soon as the
    journal writes again, without the telling; if we die before, the next start finds the row in doubt.
    """


class JournalRefused(Exception):
    """The journal cannot be served as it is: held by another process, damaged, or of a newer version. For people."""


class Verdict(StrEnum):
    """What a Claim found."""

    OURS = "ours"  # make the call: nobody else does
    KNOWN = "known"  # the row says it all: it was applied, or refused for good
    IN_FLIGHT = "in_flight"  # somebody else's call is on its way; of a rollback, its intent is durable
    CONFLICT = "conflict"  # same id, other content
    UNDONE = "undone"  # it was rolled back, or will be, for another reason than this call
    PRUNED = "pruned"  # so old that only its hash is kept: refused, not executed
    # of a rollback
    ADOPTED = "adopted"  # this rollback's work is done already: by our own reversal, or by its own earlier try
    NOTHING = "nothing"  # nothing of its target was ever applied
    SETTLED = "settled"  # a win has paid its target
    NO_TARGET = "no_target"  # its target is nothing that may be rolled back
    WAITS = "waits"  # durable, but not to be sent now; our outbox does it
    # of a win
    NO_BET = "no_bet"  # all its bets were declined or undone: not to be paid; parked
    # of a payment's update
    OVERTAKEN = "overtaken"  # older than what is known of the payment
    UNCONFIRMED = "unconfirmed"  # a success after the payment had fallen through; parked until it is confirmed
    UNLISTED = "unlisted"  # a state that its table does not list; parked
    DIFFERS = "differs"  # of another amount or currency than the payment; parked
    NO_STEP = "no_step"  # no step that a payment takes; parked


class Claim(Struct, frozen=True, gc=False):
    """Take the row for one wallet call. The result is a Claimed.

    *row* as it is to be when it is new; what its fingerprint does not name is not known this time, and fits anything.
    *targets*: keys that a reversal undoes, *undoable* what they may be. *bets*: keys that a win names, or a completion.
    *nearby*: keys under which the same may stand already; a row of these that is younger than *within_s* is taken
    instead. *confirmed*: a payment's late success that a status request has confirmed.
    """

    row: Row
    targets: tuple[str, ...] = ()
    undoable: frozenset[Operation] = frozenset()
    bets: tuple[str, ...] = ()
    nearby: tuple[str, ...] = ()
    within_s: float = 0.0
    confirmed: bool = False


class Claimed(Struct, frozen=True, gc=False):
    """*row* is as it was before this claim, but for its holder; *related*: the targets, or the bets, as they are now.

    *landed*: of a row in doubt, whatever was on its way has arrived by now, or never will.
    """

    verdict: Verdict
    row: Row
    related: tuple[Row, ...] = ()
    landed: bool = True


class Look(Struct, frozen=True, gc=False):
    """What the row *key* says, without taking it. Gives a Row, or None."""

    key: str


class Record(Struct, frozen=True, gc=False):
    """What the wallet's side is now, and the effect of what we are about to tell. The result is a Recorded.

    *holder* as the claim gave it; None: only the telling is noted. *state* None: the attempt resolved nothing.
    *sent*: the call may have left; *again*: another one of this claim had, and was not answered. *release*: no wallet
    call of this claim is in flight any more. *related*: the keys of a reversal's targets, or of a win's bets. *heard*,
    *code*: the wallet's word and ours, for people.
    """

    key: str
    holder: str | None
    state: State | None
    outcome: Outcome | None
    telling: Effect | None
    reply: Reply | None = None
    sent: bool = False
    again: bool = False
    release: bool = True
    related: tuple[str, ...] = ()
    undo: bool = False  # our own reversal is to be durable before a doubt is answered
    memories: tuple["Remember", ...] = ()
    heard: str = ""
    code: str = ""


class Recorded(Struct, frozen=True, gc=False):
    """*kept*: the claim was still ours. *row* is None if nothing is known of the key. *answer*: the number under which
    the delivery of what is told is to be confirmed (`Told`); 0 where that is of no account.

    A debit that is *undone* now must not be told as done, whatever the wallet said.
    """

    kept: bool
    row: Row | None
    answer: int = 0

    @property
    def undone(self) -> bool:
        """Was it rolled back, or will it be, whatever this attempt heard?"""
        return self.row is not None and self.row.undone


class Told(Struct, frozen=True, gc=False):
    """Answer number *answer* was delivered in time (*told*: its effect), or not (None). No result, not waited for."""

    key: str
    answer: int
    told: Effect | None


class Wait(Struct, frozen=True, gc=False):
    """Until the row *key* is in nobody's hands, *until* (monotonic) at the latest. No result."""

    key: str
    until: float


class Recall(Struct, frozen=True, gc=False):
    """What is remembered under (*kind*, *id*) of an account: a mapping of our fields, empty if nothing is.

    *kind* is session, player, or round (the bets booked in it).
    """

    account: str
    kind: str
    id: str


class Remember(Struct, frozen=True, gc=False):
    """Remember *facts* under (*kind*, *id*) of an account; newer facts are laid over older ones. No result.

    A session's facts are durable and shared by all instances; a player's are this process's own.
    """

    account: str
    kind: str
    id: str
    facts: Mapping[str, Any]


# -- the outbox's wishes


class Lease(Struct, frozen=True, gc=False):
    """Take up to *limit* rows whose step is due, each chain's first only. Gives a tuple of Leased."""

    limit: int


class Leased(Struct, frozen=True, gc=False):
    """A row that is ours for its step. *landed*: whatever was on its way has arrived by now, or never will."""

    row: Row
    landed: bool


class Settle(Struct, frozen=True, gc=False):
    """What came of a leased row's step. Gives a Recorded.

    *state*: what is known of the row itself now, None if nothing new. *undone*: its reversal took (True), the wallet
    said that there is nothing to undo (False), or nothing definite was heard (None). *sent*: a call that moves money
    left and was not answered. *tried*: False where nothing was even tried.
    """

    key: str
    holder: str
    state: State | None = None
    outcome: Outcome | None = None
    reply: Reply | None = None
    undone: bool | None = None
    sent: bool = False
    tried: bool = True
    park: str | None = None
    heard: str = ""


class Reap(Struct, frozen=True, gc=False):
    """The holders in *dead* serve no more: what they held is free, and unknown where a call may have left.

    Gives how many rows were freed. A store finds the rows by their holder.
    """

    dead: frozenset[str]


Wish = Claim | Look | Record | Told | Wait | Recall | Remember | Lease | Settle | Reap

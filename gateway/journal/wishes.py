"""What a story may ask its memory for. Each wish is one immutable value; what comes back is said beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.canon.outcomes import Outcome


class State(StrEnum):
    """The wallet's side of one money operation, as far as we know."""

    CLAIMED = "claimed"  # the wallet may have it, or may be about to
    OPEN = "open"  # proved not sent: may be tried again
    UNKNOWN = "unknown"  # an attempt left us, and nobody told what became of it
    APPLIED = "applied"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Row:
    """One money operation. *told*: the effect of the last answer that the provider got in time, None if none did.

    *doubted*: some attempt ended in silence and nothing definite was heard since, so a refusal of a repeat proves
    nothing.
    """

    key: str
    fingerprint: tuple[Any, ...]
    state: State
    told: frozenset[str] | None = None
    telling: frozenset[str] | None = None
    doubted: bool = False
    outcome: Outcome | None = None

    @property
    def settled(self) -> bool:
        """Is it known what became of every attempt?"""
        return self.state in (State.APPLIED, State.DECLINED, State.OPEN) and not self.doubted

    @property
    def unapplied(self) -> bool:
        """Is it certain that the wallet holds nothing of it? Only then may any other refusal be said of it."""
        return self.settled and self.state is not State.APPLIED


@dataclass(frozen=True, slots=True)
class Claim:
    """Take the row *key* for one wallet call. The result is a Claimed.

    *fingerprint*: the content, place by place; None stands for what is not known this time and fits anything.
    """

    key: str
    fingerprint: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Claimed:
    """*verdict*: "ours" (at most one wallet call is in flight per row), "in_flight", or "conflict" (other content).

    *row* is as it was before this claim; as with Look, a row whose call is in flight with somebody else is CLAIMED.
    """

    verdict: str
    row: Row


@dataclass(frozen=True, slots=True)
class Look:
    """What the row *key* says, without taking it; CLAIMED while a call of it is in flight. Gives a Row, or None."""

    key: str


@dataclass(frozen=True, slots=True)
class Record:
    """What the wallet's side is now, and the effect of what we are about to tell. No result.

    *release*: no wallet call for this row is in flight any more. Without it, a call that has ended meanwhile has
    already said more: then only *telling* is noted.
    """

    key: str
    state: State
    outcome: Outcome
    telling: frozenset[str] | None
    release: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """The answer was delivered in time (*told*: its effect), or not (None). No result."""

    key: str
    told: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Recall:
    """What is remembered under (*kind*, *id*) of an account: a mapping of our fields, empty if nothing is.

    *kind* is session, player, round, transaction or reference (a transaction named by another).
    """

    account: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Remember:
    """Remember *facts* under (*kind*, *id*) of an account; newer facts are laid over older ones. No result."""

    account: str
    kind: str
    id: str
    facts: Mapping[str, Any]


Wish = Claim | Look | Record | Told | Recall | Remember

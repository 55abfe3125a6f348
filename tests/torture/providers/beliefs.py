"""What a simulated provider holds to be true of its transactions, and how it came to: beliefs, decisions, the book.

Amounts are exact decimals in major units. A book only grows; it is what the auditor compares with the wallet's ledger.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Literal

Kind = Literal["bet", "win", "rollback"]

#: Where a decision may come from: the three documents, sibling pages of the same vendor, near relatives of them, one
#: client seen in the field; or nowhere, and then the reading taken says so.
TAGS = ("seed 000", "seed 001", "seed 004", "DOC", "REL", "CODE", "silent")


class Step(Enum):
    """What a provider does after an answer, or after none."""

    DONE = "done"  # believes it applied
    FAILED = "failed"  # believes it did not, and sends nothing more
    RETRY = "retry"  # sends the same transaction again
    UNDO = "undo"  # calls the transaction off
    NOTHING = "nothing"  # of a rollback: there is nothing to undo, and never will be
    PROCESSED = "processed"  # "was processed before", without a word of how that ended
    DROP = "drop"  # sends nothing more and does not know: a case for reconciliation


@dataclass(frozen=True, slots=True)
class Decision:
    """A step and the sentence of the document from which it follows. ValueError for a source without a tag."""

    step: Step
    source: str

    def __post_init__(self) -> None:
        if not self.source.startswith(TAGS):
            raise ValueError(f"a decision cites its document: {self.source!r}")


@dataclass(slots=True)
class Belief:
    """One transaction as its provider sees it.

    *state* is what the provider heard of it; *undo* what became of calling it off; *given_up*: its tries are used up.
    *ends*: the message says that the round is over. *free*: no money is at stake.
    """

    account: str
    kind: Kind
    id: str
    player: str
    currency: str
    amount: Decimal
    round: str
    target: str | None = None
    ends: bool = False
    free: bool = False
    state: Literal["unknown", "done", "failed"] = "unknown"
    undo: Literal["no", "wanted", "done", "refused"] = "no"
    given_up: bool = False
    sent: int = 0
    last: str = ""

    @property
    def counts(self) -> Decimal:
        """What the player's balance changed by, if the provider is right.

        A bet counts when it was accepted and not called off. A prize counts from the moment it is sent (the game has
        been played, and no document takes it back for silence) until it is refused or called off.
        """
        standing = self.undo in ("no", "refused")
        if self.kind == "bet" and self.state == "done" and standing:
            return -self.amount
        if self.kind == "win" and self.state != "failed" and self.sent and standing:
            return self.amount
        return Decimal(0)

    @property
    def resolved(self) -> bool:
        """Does the provider know for certain how it ended?"""
        return self.undo == "done" or (self.state != "unknown" and self.undo != "wanted")


class Book:
    """Every belief of one provider account, and what it found strange.

    *contradictions*: answers that cannot both be true. *refused_wins*: prizes that were refused for good.
    *oddities*: answers outside of the documented form. *steps*: how often each (step, source) was taken.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.beliefs: dict[str, Belief] = {}
        self.contradictions: list[str] = []
        self.refused_wins: list[str] = []
        self.oddities: Counter[str] = Counter()
        self.steps: Counter[tuple[Step, str]] = Counter()
        self.messages = 0

    def __iter__(self) -> Iterator[Belief]:
        return iter(self.beliefs.values())

    def __len__(self) -> int:
        return len(self.beliefs)

    def add(self, belief: Belief) -> Belief:
        """A new transaction; ValueError when its id was used before."""
        if belief.id in self.beliefs:
            raise ValueError(f"{belief.id} was used before")
        self.beliefs[belief.id] = belief
        return belief

    def take(self, belief: Belief, decision: Decision) -> None:
        """Hold what *decision* says of *belief*, a transaction that the provider is working on."""
        self.steps[decision.step, decision.source] += 1
        belief.last = f"{decision.step.value}: {decision.source}"
        if decision.step in (Step.DONE, Step.NOTHING):
            belief.state = "done"
        elif decision.step is Step.FAILED:
            belief.state = "failed"
            if belief.kind == "win":
                self.refused_wins.append(f"{belief.id}: {decision.source}")
        elif decision.step is Step.UNDO:
            belief.undo = "wanted"
        elif decision.step is Step.DROP:
            belief.given_up = True

    def undone(self, belief: Belief, rollback: Belief, decision: Decision) -> None:
        """The rollback of *belief* has ended with *decision*."""
        if decision.step is Step.NOTHING and belief.state == "done":
            self.contradictions.append(f"{belief.id} was accepted, and then {rollback.id} hears that it never was")
        if decision.step in (Step.DONE, Step.NOTHING):
            belief.undo = "done"
        elif decision.step is Step.FAILED:
            belief.undo, belief.given_up = "refused", belief.state == "unknown"
        else:
            belief.given_up = True

    def again(self, belief: Belief, decision: Decision) -> None:
        """A repeat of an ended transaction was answered; note it if both answers cannot be true."""
        called_off = belief.kind != "rollback" and belief.undo == "done"
        if decision.step is Step.DONE and (belief.state == "failed" or called_off):
            self.contradictions.append(f"{belief.id} was refused or called off, and a repeat of it is accepted")
        if decision.step is Step.FAILED and belief.state == "done" and not called_off:
            self.contradictions.append(f"{belief.id} was accepted, and a repeat of it is refused")

    def conflict(self, belief: Belief, decision: Decision) -> None:
        """The same id with other content was answered: it must not be a success."""
        if decision.step is Step.DONE:
            self.contradictions.append(f"{belief.id} with another amount is accepted")

    def compare(self, belief: Belief, decisions: list[Decision]) -> None:
        """Copies that were on the way at once were answered: one cannot be accepted and another refused."""
        if {Step.DONE, Step.FAILED} <= {decision.step for decision in decisions}:
            self.contradictions.append(f"of two copies of {belief.id} one is accepted and the other refused")

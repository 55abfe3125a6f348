"""Certainty: what a wallet's word makes of a row with a history. Pure.

After an attempt of unknown outcome a refusal of a repeat proves nothing ("insufficient balance" may mean that the first
one took it), but for words that speak of the very thing that was asked for.
"""

from msgspec import Struct
from msgspec.structs import replace

from gateway.canon.calls import Reply
from gateway.canon.operations import DEBITS, REVERSALS
from gateway.canon.outcomes import Moved, Outcome
from gateway.journal.states import Row, State

YES = frozenset({Outcome.OK, Outcome.ALREADY_DONE})
#: Refusals that hold whatever became of earlier attempts, because they are about the id.
_ABOUT_A_DEBIT = frozenset({Outcome.ALREADY_ROLLED_BACK})
_ABOUT_A_REVERSAL = _ABOUT_A_DEBIT | {
    Outcome.NOTHING_TO_DO, Outcome.TRANSACTION_NOT_FOUND, Outcome.ALREADY_SETTLED,
}  # fmt: skip


class Weighed(Struct, frozen=True, gc=False):
    """*state* of the wallet's side now, None where nothing was learned; *outcome*: what may be said."""

    state: State | None
    outcome: Outcome
    proved: bool = True  # False: the wallet's no was not believed


def about_its_target(heard: Outcome) -> bool:
    """Does a wallet's word to a reversal say what has become of its target?"""
    return heard in _ABOUT_A_REVERSAL


def in_doubt(row: Row | None) -> bool:
    """Did an earlier attempt move the money, or may it have? Then no refusal of a repeat is the truth."""
    return row is not None and row.state in (State.UNKNOWN, State.APPLIED)


def said_as(reply: Reply, outcome: Outcome) -> Reply:
    """The reply with that outcome; as a rule it is the one that was heard."""
    return reply if reply.outcome is outcome else replace(reply, outcome=outcome)


def weighed(row: Row | None, heard: Outcome) -> Weighed:
    """What *heard* makes of *row* as it was before this attempt; None for what has no row."""
    if heard in YES:
        done = row is None or row.heard_done
        said = heard if row is None else Outcome.ALREADY_DONE if done else Outcome.OK
        return Weighed(State.APPLIED, said)
    if heard.moved is Moved.UNKNOWN:
        return Weighed(State.UNKNOWN, heard)
    operation = None if row is None else row.operation
    about = _ABOUT_A_DEBIT if operation in DEBITS else _ABOUT_A_REVERSAL if operation in REVERSALS else frozenset()
    if in_doubt(row) and heard not in about:
        return Weighed(State.UNKNOWN, Outcome.UNKNOWN, proved=False)
    if operation in DEBITS and heard in about:
        return Weighed(State.BURIED, heard)
    return Weighed(State.DECLINED if heard.lasting else State.OPEN, heard)


def sole_attempt(row: Row, promises: frozenset[str]) -> bool:
    """Can the wallet's record of this key be of no other attempt than the one in doubt?"""
    return row.sent <= 1 or "idempotent" in promises


def status_weighed(heard: Outcome, *, landed: bool, sole: bool) -> Weighed:
    """What a wallet's answer to "what became of this key?" makes of a row in doubt.

    "Never seen" proves absence only once whatever was on its way has *landed*. So does "declined", unless the record is
    *sole*: an earlier attempt may have been declined, and a later one may still be on its way to be judged anew.
    """
    match heard:
        case Outcome.OK:
            return Weighed(State.APPLIED, Outcome.OK)
        case Outcome.NOTHING_TO_DO if landed or sole:  # declined: for what reason, a repeat of the key may tell
            return Weighed(State.OPEN, Outcome.UNKNOWN)
        case Outcome.ALREADY_ROLLED_BACK:
            return Weighed(State.REVERSED, Outcome.ALREADY_ROLLED_BACK)
        case Outcome.TRANSACTION_NOT_FOUND if landed:
            return Weighed(State.OPEN, Outcome.UNKNOWN)
    return Weighed(None, Outcome.UNKNOWN)

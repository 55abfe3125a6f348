"""A payment's states, and what an update of one means when another is known. Pure; the same for every dialect.

A webhook reports a state that a payment has reached; webhooks repeat, and overtake each other. What may follow what is
ours to say and no table's: `judge` is the whole machine.
"""

from datetime import datetime
from enum import StrEnum


class PaymentState(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"  # after it had succeeded

    @property
    def rank(self) -> int:
        """A number that grows with every step that a payment may take."""
        return {PaymentState.PENDING: 0, PaymentState.SUCCEEDED: 2, PaymentState.REFUNDED: 3}.get(self, 1)


#: How a state that its table does not list is remembered: neither success nor failure.
UNLISTED = "unknown"
#: Ended without the money, as far as anybody knew.
FELL_THROUGH = frozenset({PaymentState.FAILED, PaymentState.CANCELLED, PaymentState.EXPIRED})


class Advance(StrEnum):
    """What an update is, seen from what is known."""

    APPLY = "apply"  # a step that payments take
    CONFIRM = "confirm"  # it had fallen through, and is said to have succeeded: not before it is confirmed
    SAME = "same"  # the state is known
    OLDER = "older"  # overtaken by what is known
    REFUSED = "refused"  # no step that a payment takes: recorded, and never applied


def judge(known: PaymentState | None, known_at: datetime | None, new: PaymentState, new_at: datetime | None) -> Advance:
    """What an update to *new* is where *known* is the last state that was applied; None: nothing is known.

    *known_at*, *new_at*: when, by the sender's clock; a time that is not known orders nothing. Two changes of one
    moment take the order of their steps.
    """
    if known is None:
        return Advance.APPLY
    if new is known:
        return Advance.SAME
    if known_at is not None and new_at is not None and new_at < known_at:
        return Advance.OLDER
    if known is PaymentState.PENDING or (known, new) == (PaymentState.SUCCEEDED, PaymentState.REFUNDED):
        return Advance.APPLY
    if known in FELL_THROUGH and new is PaymentState.SUCCEEDED:
        return Advance.CONFIRM
    return Advance.REFUSED

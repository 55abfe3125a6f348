"""What a provider asks and what the wallet says, in our words: Call and Reply, both immutable.

Amounts are exact decimals >= 0 in major units of `currency`; ids are opaque texts, compared as they are.
"""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome


class Shape(Enum):
    """What kind of value a field holds; decides which converter reads and writes it."""

    TEXT = "text"
    TEXTS = "texts"  # one id or several, always a tuple
    AMOUNT = "amount"
    FLAG = "flag"
    NUMBER = "number"  # a small whole number, such as a currency's exponent
    TIME = "time"
    BAG = "bag"  # passed-on extras, JSON as it came


#: The closed list of fields of a call.
CALL_FIELDS: dict[str, Shape] = {
    "request_id": Shape.TEXT,
    "provider": Shape.TEXT,
    "player": Shape.TEXT,
    "session": Shape.TEXT,
    "transaction": Shape.TEXT,
    "reference": Shape.TEXTS,
    "round": Shape.TEXT,
    "round_end": Shape.FLAG,
    "game": Shape.TEXT,
    "currency": Shape.TEXT,
    "amount": Shape.AMOUNT,
    "bet_amount": Shape.AMOUNT,
    "win_amount": Shape.AMOUNT,
    "bonus_amount": Shape.AMOUNT,
    "jackpot_amount": Shape.AMOUNT,
    "required_balance": Shape.AMOUNT,
    "free": Shape.FLAG,
    "promotion": Shape.TEXT,
    "free_rounds": Shape.NUMBER,
    "account": Shape.TEXT,
    "kind": Shape.TEXT,
    "state": Shape.TEXT,
    "provider_transaction": Shape.TEXT,
    "reason": Shape.TEXT,
    "repeat": Shape.FLAG,
    "time": Shape.TIME,
    "details": Shape.BAG,
}
AMOUNTS = frozenset(name for name, shape in CALL_FIELDS.items() if shape is Shape.AMOUNT)

#: The closed list of what a reply may carry beside its outcome.
REPLY_FIELDS: dict[str, Shape] = {
    "player": Shape.TEXT,
    "balance": Shape.AMOUNT,
    "currency": Shape.TEXT,
    "currency_exponent": Shape.NUMBER,
    "wallet_transaction": Shape.TEXT,
    "new_session": Shape.TEXT,
    "nickname": Shape.TEXT,
    "country": Shape.TEXT,
    "reason": Shape.TEXT,
    "player_text": Shape.TEXT,
    "now": Shape.TIME,
}


class Call(Struct, frozen=True, gc=False):
    """One canonical request: its operation, and CALL_FIELDS in their order. One that was not carried is None.

    *undoes*: what kind of movement a reversal takes back, where we know it; no field, but some have a word for each.
    """

    operation: Operation
    request_id: str | None = None
    provider: str | None = None
    player: str | None = None
    session: str | None = None
    transaction: str | None = None
    reference: tuple[str, ...] | None = None
    round: str | None = None
    round_end: bool | None = None
    game: str | None = None
    currency: str | None = None
    amount: Decimal | None = None
    bet_amount: Decimal | None = None
    win_amount: Decimal | None = None
    bonus_amount: Decimal | None = None
    jackpot_amount: Decimal | None = None
    required_balance: Decimal | None = None
    free: bool | None = None
    promotion: str | None = None
    free_rounds: int | None = None
    account: str | None = None
    kind: str | None = None
    state: str | None = None
    provider_transaction: str | None = None
    reason: str | None = None
    repeat: bool | None = None
    time: datetime | None = None
    details: dict[str, Any] | None = None
    undoes: Operation | None = None

    def facts(self) -> dict[str, Any]:
        """The fields that are present, by name."""
        values = zip(CALL_FIELDS, astuple(self)[1:-1], strict=True)
        return {name: value for name, value in values if value is not None}


class Reply(Struct, frozen=True, gc=False):
    """The wallet's word on one call, or our own where the wallet was not heard: its outcome, and REPLY_FIELDS.

    *balance* is in major units.
    """

    outcome: Outcome
    player: str | None = None
    balance: Decimal | None = None
    currency: str | None = None
    currency_exponent: int | None = None
    wallet_transaction: str | None = None
    new_session: str | None = None
    nickname: str | None = None
    country: str | None = None
    reason: str | None = None
    player_text: str | None = None
    now: datetime | None = None

    def facts(self) -> dict[str, Any]:
        """The fields that are present, by name, without the outcome."""
        values = zip(REPLY_FIELDS, astuple(self)[1:], strict=True)
        return {name: value for name, value in values if value is not None}

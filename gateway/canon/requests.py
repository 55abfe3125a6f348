"""What the operator's platform asks of providers, in our words: the requests, their fields, and what can come of them.

Nothing here is shared with callbacks: a provider that refuses a callback and one that refuses a request speak of
different things. Amounts are exact decimals >= 0 in major units of `currency`; ids are opaque texts.
"""

from enum import StrEnum
from typing import Self

from gateway.canon.calls import Shape
from gateway.canon.outcomes import Moved


class Ask(StrEnum):
    """A canonical request. The value is our word, as tables, URLs, logs and metrics write it."""

    sentence: str

    def __new__(cls, word: str, sentence: str) -> Self:
        self = str.__new__(cls, word)
        self._value_ = word
        self.sentence = sentence
        return self

    CREATE_SESSION = "create_session", "open a session for a player, such as a cashier's widget"
    LAUNCH_GAME = "launch_game", "where a player's browser opens a game"
    LIST_GAMES = "list_games", "which games there are"
    GRANT_FREE_ROUNDS = "grant_free_rounds", "give a player free rounds"
    CANCEL_FREE_ROUNDS = "cancel_free_rounds", "take back free rounds that were not played"
    CREATE_PAYIN = "create_payin", "take money from a player; moves money"
    CREATE_PAYOUT = "create_payout", "pay a player out; moves money"
    PAYIN_STATUS = "payin_status", "what became of a payin, asked by our own reference"
    PAYOUT_STATUS = "payout_status", "what became of a payout, asked by our own reference"
    PROVIDER_BALANCE = "provider_balance", "what the operator has with the provider"


#: Move money: claimed in the journal before the first byte, and never in doubt without being asked about.
CREATES = frozenset({Ask.CREATE_PAYIN, Ask.CREATE_PAYOUT})
#: The request that creates a payment of each kind, as updates of payments name it.
CREATED_BY = {"payin": Ask.CREATE_PAYIN, "payout": Ask.CREATE_PAYOUT}
#: What a doubt about each is resolved by.
ASKED_BY = {Ask.CREATE_PAYIN: Ask.PAYIN_STATUS, Ask.CREATE_PAYOUT: Ask.PAYOUT_STATUS}


class Result(StrEnum):
    """What came of a request. *done*: was what it asks for done? Every word but `unknown` is certain of it."""

    done: Moved
    sentence: str

    def __new__(cls, word: str, done: Moved, sentence: str) -> Self:
        self = str.__new__(cls, word)
        self._value_ = word
        self.done, self.sentence = done, sentence
        return self

    OK = "ok", Moved.YES, "Done"
    ALREADY_EXISTS = "already_exists", Moved.YES, "It exists already, under this very reference"

    PROVIDER_FAILED = "provider_failed", Moved.NO, "The provider refuses, and does not say why"
    PROVIDER_UNAVAILABLE = "provider_unavailable", Moved.NO, "The provider cannot be reached, or does not serve now"
    GAME_UNAVAILABLE = "game_unavailable", Moved.NO, "The game is not available"
    COUNTRY_BLOCKED = "country_blocked", Moved.NO, "Not available in the player's country"
    CURRENCY_NOT_SUPPORTED = "currency_not_supported", Moved.NO, "The currency is not supported"
    DEMO_NOT_SUPPORTED = "demo_not_supported", Moved.NO, "The game cannot be played for fun"
    EXPIRY_INVALID = "expiry_invalid", Moved.NO, "The expiration date is not valid"
    SESSION_NOT_FOUND = "session_not_found", Moved.NO, "Unknown session"
    SESSION_EXPIRED = "session_expired", Moved.NO, "The session has expired"
    SESSION_NOT_OPEN = "session_not_open", Moved.NO, "The session is closed"
    WITHDRAWAL_IN_PROGRESS = "withdrawal_in_progress", Moved.NO, "Another withdrawal is being worked on"
    AMOUNT_BELOW_MINIMUM = "amount_below_minimum", Moved.NO, "The amount is below the provider's minimum"
    AMOUNT_ABOVE_MAXIMUM = "amount_above_maximum", Moved.NO, "The amount is above the provider's maximum"
    INSUFFICIENT_FUNDS = "insufficient_funds", Moved.NO, "The operator has too little with the provider"
    SIGNATURE_INVALID = "signature_invalid", Moved.NO, "The provider holds our signature for wrong"
    CLOCK_REJECTED = "clock_rejected", Moved.NO, "The provider does not accept our time"
    UNAUTHORIZED = "unauthorized", Moved.NO, "The provider does not accept our credentials"
    FORBIDDEN = "forbidden", Moved.NO, "The provider does not let us do this"
    NOT_FOUND = "not_found", Moved.NO, "The provider does not know what was asked about"
    REQUEST_INVALID = "request_invalid", Moved.NO, "The provider holds the request for wrong"

    UNKNOWN = "unknown", Moved.UNKNOWN, "Nobody knows whether it was done"


#: The provider refusing *us* (key, signature, clock): our trouble, for whoever runs the gateway.
OUR_FAULT = frozenset({Result.SIGNATURE_INVALID, Result.CLOCK_REJECTED, Result.UNAUTHORIZED, Result.FORBIDDEN})

#: Fields of a request: what each holds, and its meaning.
_FIELDS: dict[str, tuple[Shape, str]] = {
    "reference": (Shape.TEXT, "our own id of a payment; the same one is paid once"),
    "player": (Shape.TEXT, "whose it is, by the operator's own id"),
    "session": (Shape.TEXT, "the token under which the player plays"),
    "game": (Shape.TEXT, "which game"),
    "mode": (Shape.TEXT, "for money or for fun"),
    "platform": (Shape.TEXT, "desktop or mobile"),
    "language": (Shape.TEXT, "of the player"),
    "country": (Shape.TEXT, "of the player"),
    "currency": (Shape.TEXT, "ISO 4217, or a code of our overlay"),
    "amount": (Shape.AMOUNT, "how much, exactly, in major units"),
    "balance": (Shape.AMOUNT, "what the player, or the operator, has"),
    "account": (Shape.TEXT, "where a payout goes: wallet, account or card"),
    "promotion": (Shape.TEXT, "our id of a free-rounds package"),
    "quantity": (Shape.NUMBER, "how many free rounds"),
    "expires": (Shape.TIME, "until when the free rounds can be played"),
    "shop": (Shape.TEXT, "the operator's part at the provider"),
    "callback_url": (Shape.TEXT, "where the provider reports to"),
    "return_url": (Shape.TEXT, "where the player's browser goes afterwards"),
    "ip": (Shape.TEXT, "the player's address"),
    "nickname": (Shape.TEXT, "the player's name at the provider"),
    "email": (Shape.TEXT, "the player's"),
    "time": (Shape.TIME, "of the request; now, where it is not given"),
    "details": (Shape.BAG, "what is passed on as it came"),
}
#: The closed list of fields of a request.
ASK_FIELDS: dict[str, Shape] = {name: shape for name, (shape, _) in _FIELDS.items()}

_FACTS: dict[str, tuple[Shape, str]] = {
    "url": (Shape.TEXT, "where the player's browser goes"),
    "provider_transaction": (Shape.TEXT, "the provider's own id of a payment"),
    "state": (Shape.TEXT, "of a payment, in the provider's word"),
    "available": (Shape.AMOUNT, "of the balance, what can be spent"),
    "games": (Shape.BAG, "the list of games, as it came"),
    "errors": (Shape.BAG, "what is wrong with which field, as it came"),
}
#: The closed list of what an answer may tell: fields of the request, and these.
ANSWER_FIELDS: dict[str, Shape] = {**ASK_FIELDS, **{name: shape for name, (shape, _) in _FACTS.items()}}
#: name -> its sentence.
MEANINGS = {name: text for name, (_, text) in {**_FIELDS, **_FACTS}.items()}

#: What must be the same for a repeat of a create, and in what the provider says exists already.
IDENTITY = ("reference", "amount", "currency", "account", "player", "shop")

"""The closed list of results, what each says about the money, and which of them each operation can have.

`moved` is the dimension that code-to-code tables miss: a decline (nothing moved) and a doubt (nobody knows) must never
be said with the same certainty. `lasting` means that the same id must get the same outcome again, for ever.
"""

from enum import Enum, StrEnum
from typing import Self

from gateway.canon.operations import Operation


class Moved(Enum):
    """Did this call's money move?"""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """A canonical result: our word, whether money moved, whether it lasts, and its sentence for people."""

    moved: Moved
    lasting: bool
    sentence: str

    def __new__(cls, word: str, moved: Moved, lasting: bool, sentence: str) -> Self:
        self = str.__new__(cls, word)
        self._value_ = word
        self.moved, self.lasting, self.sentence = moved, lasting, sentence
        return self

    # The call took effect.
    OK = "ok", Moved.YES, True, "Done"
    ALREADY_DONE = "already_done", Moved.YES, True, "Applied before: same id, same content"

    # Nothing moved, and the same id hears the same again.
    INSUFFICIENT_FUNDS = "insufficient_funds", Moved.NO, True, "Insufficient funds"
    LIMIT_EXCEEDED = "limit_exceeded", Moved.NO, True, "The player has reached a limit"
    BET_NOT_ALLOWED = "bet_not_allowed", Moved.NO, True, "This bet is not allowed"
    BONUS_REJECTED = "bonus_rejected", Moved.NO, True, "The bonus rules refuse this"
    PLAYER_NOT_FOUND = "player_not_found", Moved.NO, True, "Unknown player"
    PLAYER_BLOCKED = "player_blocked", Moved.NO, True, "The player is blocked"
    SESSION_INVALID = "session_invalid", Moved.NO, True, "Unknown session"
    SESSION_EXPIRED = "session_expired", Moved.NO, True, "The session has expired"
    AMOUNT_INVALID = "amount_invalid", Moved.NO, True, "Invalid amount"
    CURRENCY_MISMATCH = "currency_mismatch", Moved.NO, True, "Not the player's currency"
    GAME_NOT_AVAILABLE = "game_not_available", Moved.NO, True, "The game is not available"
    TRANSACTION_CONFLICT = "transaction_conflict", Moved.NO, True, "Same transaction id, other content"
    TRANSACTION_NOT_FOUND = "transaction_not_found", Moved.NO, True, "Unknown transaction"
    NOTHING_TO_DO = "nothing_to_do", Moved.NO, True, "Known, and nothing of it was applied"
    NO_OPEN_BET = "no_open_bet", Moved.NO, True, "No open bet in this round"
    ROUND_CLOSED = "round_closed", Moved.NO, True, "The round is closed"
    ALREADY_SETTLED = "already_settled", Moved.NO, True, "Already settled"
    ALREADY_ROLLED_BACK = "already_rolled_back", Moved.NO, True, "Already rolled back"
    FREE_ROUNDS_UNKNOWN = "free_rounds_unknown", Moved.NO, True, "Unknown free-rounds package"
    FREE_ROUNDS_QUANTITY = "free_rounds_quantity", Moved.NO, True, "Wrong number of free rounds"
    FREE_ROUNDS_INACTIVE = "free_rounds_inactive", Moved.NO, True, "The free-rounds package is not active"
    WITHDRAWAL_DECLINED = "withdrawal_declined", Moved.NO, True, "Withdrawal declined"
    PLAYER_NOT_ELIGIBLE = "player_not_eligible", Moved.NO, True, "The player is not eligible"
    AMOUNT_TOO_LOW = "amount_too_low", Moved.NO, True, "The amount is too low"
    AMOUNT_TOO_HIGH = "amount_too_high", Moved.NO, True, "The amount is too high"
    VERIFICATION_REQUIRED = "verification_required", Moved.NO, True, "The account must be verified first"
    WITHDRAWAL_SUSPENDED = "withdrawal_suspended", Moved.NO, True, "Withdrawals are suspended"
    UNSUPPORTED_OPERATION = "unsupported_operation", Moved.NO, True, "This operation is not supported"

    # Nothing moved, and the same id may fare better next time.
    SIGNATURE_INVALID = "signature_invalid", Moved.NO, False, "Invalid signature"
    CREDENTIALS_INVALID = "credentials_invalid", Moved.NO, False, "Invalid credentials"
    REQUEST_INVALID = "request_invalid", Moved.NO, False, "Invalid request"
    WITHDRAWAL_UNAVAILABLE = "withdrawal_unavailable", Moved.NO, False, "Withdrawals are not available now"
    MAINTENANCE = "maintenance", Moved.NO, False, "Under maintenance"
    BUSY = "busy", Moved.NO, False, "Too busy to start; nothing was done"
    WALLET_FAILED = "wallet_failed", Moved.NO, False, "The wallet failed; nothing was done"
    INTERNAL_ERROR = "internal_error", Moved.NO, False, "Internal error; nothing was done"

    # Nobody knows yet.
    IN_PROGRESS = "in_progress", Moved.UNKNOWN, False, "The same transaction is being worked on"
    UNKNOWN = "unknown", Moved.UNKNOWN, False, "The outcome is not known yet"


#: Certain that nothing moved and that another try may succeed; said to a credit, these must bring it back.
TRANSIENT = frozenset({Outcome.BUSY, Outcome.MAINTENANCE, Outcome.WALLET_FAILED, Outcome.INTERNAL_ERROR})
#: Outcomes whose answers have the shape of a success when a table says nothing else.
DONE_CLASS = frozenset({Outcome.OK, Outcome.ALREADY_DONE, Outcome.NOTHING_TO_DO})
#: A wallet's no to a reversal that speaks of its target: there is nothing (left) to undo.
NEVER_THERE = frozenset({Outcome.NOTHING_TO_DO, Outcome.TRANSACTION_NOT_FOUND})
#: The wallet refusing *us* is our trouble, never the provider's.
OUR_FAULT = frozenset({Outcome.SIGNATURE_INVALID, Outcome.CREDENTIALS_INVALID, Outcome.REQUEST_INVALID})

_ALWAYS = "signature_invalid credentials_invalid request_invalid unsupported_operation maintenance busy internal_error"
_WALLET = "wallet_failed unknown"
_PLAYER = "player_not_found player_blocked"
_SESSION = "session_invalid session_expired"
_AMOUNT = "amount_invalid currency_mismatch"
_FREE = "free_rounds_unknown free_rounds_quantity free_rounds_inactive"
_ONCE = "ok already_done transaction_conflict in_progress"
_STAKE = (
    f"{_ONCE} {_PLAYER} {_SESSION} {_AMOUNT} {_FREE} insufficient_funds limit_exceeded bet_not_allowed bonus_rejected"
    " game_not_available round_closed already_rolled_back"
)
_UNDO = (
    f"{_ONCE} {_PLAYER} {_AMOUNT} nothing_to_do transaction_not_found already_settled already_rolled_back round_closed"
)

_OWN: dict[Operation, str] = {
    Operation.AUTHENTICATE: f"ok {_PLAYER} {_SESSION} game_not_available currency_mismatch",
    Operation.PLAYER: f"ok {_PLAYER} {_SESSION}",
    Operation.BALANCE: f"ok {_PLAYER} {_SESSION} currency_mismatch",
    Operation.BET: _STAKE,
    Operation.BET_WIN: f"{_STAKE} already_settled",
    Operation.WIN: f"{_ONCE} {_PLAYER} {_AMOUNT} nothing_to_do transaction_not_found no_open_bet round_closed"
    " already_settled already_rolled_back",
    Operation.ROLLBACK: _UNDO,
    Operation.ROLLBACK_WIN: _UNDO,
    Operation.END_ROUND: f"{_ONCE} {_PLAYER} nothing_to_do no_open_bet round_closed",
    Operation.PROMO_WIN: f"{_ONCE} {_PLAYER} {_AMOUNT} bonus_rejected",
    Operation.ADJUST: f"{_ONCE} {_PLAYER} {_AMOUNT} insufficient_funds bonus_rejected",
    Operation.RESERVE: _STAKE,
    Operation.CONFIRM: f"{_ONCE} {_PLAYER} {_AMOUNT} transaction_not_found already_rolled_back nothing_to_do",
    Operation.RELEASE: f"{_ONCE} {_PLAYER} transaction_not_found already_settled nothing_to_do",
    Operation.DEPOSIT: f"{_ONCE} {_PLAYER} {_AMOUNT}",
    Operation.WITHDRAW_REQUEST: f"{_ONCE} {_PLAYER} {_AMOUNT} insufficient_funds limit_exceeded withdrawal_declined"
    " withdrawal_unavailable player_not_eligible amount_too_low amount_too_high verification_required"
    " withdrawal_suspended",
    Operation.WITHDRAW_COMPLETE: f"{_ONCE} {_PLAYER} {_AMOUNT} transaction_not_found already_settled",
    Operation.WITHDRAW_CANCEL: f"{_ONCE} {_PLAYER} nothing_to_do transaction_not_found already_settled",
    Operation.PAYMENT_UPDATE: f"{_ONCE} {_AMOUNT} nothing_to_do transaction_not_found",
    Operation.STATUS: "ok nothing_to_do transaction_not_found already_rolled_back in_progress",
    Operation.HEALTH: "ok",
}

#: Which outcomes an operation can have. Every proof over a table runs over this matrix.
CAN_OCCUR: dict[Operation, frozenset[Outcome]] = {
    operation: frozenset(Outcome[word.upper()] for word in f"{own} {_ALWAYS} {_WALLET}".split())
    for operation, own in _OWN.items()
}
#: What can be said before the operation is known: forged, garbled, unsupported or shed messages.
UNREAD: frozenset[Outcome] = frozenset(Outcome[word.upper()] for word in _ALWAYS.split())

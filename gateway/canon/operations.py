"""The closed list of canonical verbs, and the kinds that every safety proof asks about.

An operation is what a provider wants of the wallet, whatever its own dialect calls it ("debit", "placeBet",
"/withdraw").
"""

from enum import StrEnum


class Operation(StrEnum):
    """A canonical verb. The value is our word, as tables, logs and metrics write it."""

    AUTHENTICATE = "authenticate"
    PLAYER = "player"
    BALANCE = "balance"
    BET = "bet"
    WIN = "win"
    BET_WIN = "bet_win"
    ROLLBACK = "rollback"
    ROLLBACK_WIN = "rollback_win"
    END_ROUND = "end_round"
    PROMO_WIN = "promo_win"
    ADJUST = "adjust"
    RESERVE = "reserve"
    CONFIRM = "confirm"
    RELEASE = "release"
    DEPOSIT = "deposit"
    WITHDRAW_REQUEST = "withdraw_request"
    WITHDRAW_COMPLETE = "withdraw_complete"
    WITHDRAW_CANCEL = "withdraw_cancel"
    PAYMENT_UPDATE = "payment_update"
    STATUS = "status"
    HEALTH = "health"


#: Take money from the player. A doubt about one of these may be undone.
DEBITS = frozenset({Operation.BET, Operation.BET_WIN, Operation.WITHDRAW_REQUEST, Operation.RESERVE})
#: Give money to the player. Never reversed by us, never refused for silence.
CREDITS = frozenset({Operation.WIN, Operation.PROMO_WIN, Operation.DEPOSIT})
#: Undo an earlier operation.
REVERSALS = frozenset({Operation.ROLLBACK, Operation.ROLLBACK_WIN, Operation.WITHDRAW_CANCEL, Operation.RELEASE})
#: Report what has already happened; can be recorded or asked for again, never declined.
FACTS = frozenset(
    {
        Operation.WITHDRAW_COMPLETE,
        Operation.CONFIRM,
        Operation.END_ROUND,
        Operation.ADJUST,
        Operation.PAYMENT_UPDATE,
        Operation.DEPOSIT,
    }
)
#: Move nothing.
READS = frozenset({Operation.AUTHENTICATE, Operation.PLAYER, Operation.BALANCE, Operation.STATUS, Operation.HEALTH})
#: Everything that may move money: one effect per key, whatever the weather.
MONEY = frozenset(Operation) - READS

#: A session is checked for these only; wins, rollbacks and deposits may come after it ended.
SESSION_CHECKED = frozenset(
    {
        Operation.AUTHENTICATE,
        Operation.PLAYER,
        Operation.BALANCE,
        Operation.BET,
        Operation.BET_WIN,
        Operation.RESERVE,
    }
)

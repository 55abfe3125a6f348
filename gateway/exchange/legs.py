"""What is sent in place of an operation that the wallet's dialect lacks: `[wallet] instead`. Pure.

A bet_win is a bet and then its win, in one row; an end_round is a win of nothing. The first call keeps the row's own
key, so that whatever names the row finds it; the win of a bet_win has `#win` behind it. The next call is sent only
after the one before was taken, and the whole was taken when all were: until then it is in doubt, and a repeat drives
what is missing. It is undone in the other order, the win first, so that there is never a win without its bet.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import REVERSALS, Operation
from gateway.canon.outcomes import CAN_OCCUR, NEVER_THERE, Moved, Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.proofs import asked
from gateway.exchange.weighing import YES
from gateway.journal.states import AS_WIN, IN_PARTS

_GONE = YES | NEVER_THERE | {Outcome.ALREADY_ROLLED_BACK}
#: A wallet's no to a win of nothing, as the end of a round has it.
_OF_AN_END = {
    Outcome.TRANSACTION_NOT_FOUND: Outcome.NO_OPEN_BET,
    Outcome.ALREADY_ROLLED_BACK: Outcome.NO_OPEN_BET,
    Outcome.ALREADY_SETTLED: Outcome.ROUND_CLOSED,
}


def refused(operation: Operation, wallet: Dialect) -> bool:
    """Does the wallet's table say that nothing is sent in place of *operation*?"""
    return wallet.instead.get(operation) == ()


def spoken(call: Call, wallet: Dialect) -> Call:
    """*call* as the kind of call that the wallet gets first of it: which fields must its message have?"""
    return replace(call, operation=legs[0]) if (legs := wallet.instead.get(call.operation)) else call


def in_place(call: Call, wallet: Dialect, promises: frozenset[str]) -> Call:
    """*call* as its row keeps it: marked, for as long as it is kept, where others are to be sent in place of it."""
    legs = wallet.instead.get(call.operation)
    if not legs or (len(legs) > 1 and not promises >= asked.IN_PARTS):
        return call
    return replace(call, request_id=f"{call.transaction}{AS_WIN if len(legs) == 1 else IN_PARTS}")


def parts(call: Call) -> tuple[Call, ...]:
    """The calls that are sent for *call*, in their order; as a rule itself."""
    key = call.transaction
    if call.operation is Operation.END_ROUND and call.request_id == f"{key}{AS_WIN}":
        return (replace(call, operation=Operation.WIN, request_id=key, amount=Decimal(0), round_end=True),)
    if call.operation is not Operation.BET_WIN or call.request_id != f"{key}{IN_PARTS}":
        return (call,)
    bare = replace(
        call, bet_amount=None, win_amount=None, bonus_amount=None, jackpot_amount=None, round_end=None
    )  # fmt: skip
    bet = replace(bare, operation=Operation.BET, request_id=key, amount=call.bet_amount)
    win = replace(
        bare, operation=Operation.WIN, request_id=win_key(key), transaction=win_key(key), reference=(str(key),),
        amount=call.win_amount, jackpot_amount=call.jackpot_amount, round_end=bool(call.round_end),
        required_balance=None,
    )  # fmt: skip
    return bet, win


def win_key(key: str | None) -> str:
    """The key of the win of a bet_win that is sent in two calls."""
    return f"{key}{AS_WIN}"


class Legs(Struct, frozen=True, gc=False):
    """The *calls* that are sent for one of the *operation*, of which the first *taken* ones were taken.

    *best*: the best word so far of those that undo.
    """

    calls: tuple[Call, ...]
    operation: Operation
    taken: int = 0
    best: Outcome | None = None

    @property
    def call(self) -> Call:
        """The one that is to be sent now."""
        return self.calls[self.taken]

    @property
    def begun(self) -> bool:
        """Was one of them taken, so that no refusal of a later one is a refusal of the whole?"""
        return self.taken > 0

    @property
    def _last(self) -> bool:
        return self.taken == len(self.calls) - 1

    def after(self, heard: Outcome, *, may_come: bool = False) -> "Legs | None":
        """What is left to be sent after the wallet's word to `call`; None where nothing is to be sent after it.

        *may_come*: what a reversal did not find may still land.
        """
        undoes = self.operation in REVERSALS
        if self._last or heard not in (_GONE if undoes else YES) or (may_come and heard in NEVER_THERE):
            return None
        return replace(self, taken=self.taken + 1, best=self._better(heard) if undoes else None)

    def whole(self, heard: Outcome) -> Outcome:
        """What the wallet's word to `call` says of the whole, if nothing more is sent."""
        if len(self.calls) == 1:
            possible = self.operation is not Operation.END_ROUND or heard in CAN_OCCUR[self.operation]
            return heard if possible else _OF_AN_END.get(heard, Outcome.UNSUPPORTED_OPERATION)
        if heard in (_GONE if self.operation in REVERSALS else YES):
            if not self._last:
                return Outcome.UNKNOWN
            return self._better(heard) if self.operation in REVERSALS else heard
        about_it = heard in (Outcome.ALREADY_SETTLED, Outcome.ROUND_CLOSED) and self.operation in REVERSALS
        return Outcome.UNKNOWN if self.begun or about_it else heard

    def refuses_the_rest(self, heard: Outcome) -> str:
        """The alert for a definite no to what must follow what was taken; "" where it is none."""
        if not self.begun or heard.moved is not Moved.NO or (self.operation in REVERSALS and heard in _GONE):
            return ""
        return "reversal_refused" if self.operation in REVERSALS else "credit_refused"

    def _better(self, heard: Outcome) -> Outcome:
        """Of two words to what undoes: that something was undone says more than that something was not there."""
        ranked = (Outcome.OK, Outcome.ALREADY_DONE, Outcome.ALREADY_ROLLED_BACK)
        return next((each for each in ranked if each in (heard, self.best)), heard)

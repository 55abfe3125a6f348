"""The sandbox wallet: `apply` books one canonical call and says what became of it, one transaction per call.

It keeps the promises that it is made with, see `promises`: all four, unless some are withdrawn.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from gateway.canon.calls import Call, Reply
from gateway.canon.faults import Fault
from gateway.canon.money import Money, exponent, scaled
from gateway.canon.operations import READS, Operation
from gateway.canon.outcomes import Outcome
from gateway.sandbox.booking import RULES, Booking
from gateway.sandbox.ledger import HOUSE, Ledger, Player
from gateway.sandbox.payments import PAYIN, PAYOUT, Payment, Payments, whose
from gateway.sandbox.promises import ALL, Promise, named
from gateway.sandbox.records import LIVE, UNDONE, Record, Records, stated
from gateway.sandbox.sessions import DAY, Sessions


class Wallet:
    """A wallet on *path* (`:memory:` or a file, see `Ledger`), keeping *promises*; ValueError for a word that is none.

    *clock* gives unix seconds and decides when sessions end. Synchronous and for one thread. *session_life* is the life
    of a swapped session in seconds.
    """

    def __init__(
        self,
        path: str = ":memory:",
        *,
        promises: Iterable[str] = ALL,
        clock: Callable[[], float] = time.time,
        session_life: float = DAY,
        fsync: bool = False,
    ) -> None:
        self.promises = named(promises)
        self.ledger = Ledger(path, fsync=fsync)
        self.records = Records(self.ledger.connection)
        self.sessions = Sessions(self.ledger.connection, session_life)
        self.payments = Payments(self.ledger.connection)
        self._booking = Booking(self.ledger, self.records, self.sessions, clock)
        self._clock = clock

    def close(self) -> None:
        """Close the database."""
        self.ledger.close()

    def open_player(
        self,
        player: str,
        currency: str,
        balance: Decimal | int | None = 0,
        *,
        session: str | None = None,
        launch: str | None = None,
        nickname: str | None = None,
        country: str | None = None,
        blocked: bool = False,
        bet_limit: Decimal | int | None = None,
        life: float = DAY,
    ) -> None:
        """Make *player* as stated: attributes replaced, balance (major units) brought to the stated one by a posting.

        A balance of None stays what it is. *session* and *launch* are tokens that live for *life* seconds from now (0
        or less: expired). Fault for an unknown currency or an amount that does not fit it; ValueError for a player of
        another currency.
        """
        limit = None if bet_limit is None else Money.of(Decimal(bet_limit), currency).units
        wanted = None if balance is None else Money.of(Decimal(balance), currency).units
        opened = Player(player, currency, nickname, country, blocked, limit)
        with self.ledger.connection:
            self.ledger.save_player(opened)
            if wanted is not None:
                self._seed(opened, wanted - self.ledger.balance(opened))
            if session is not None:
                self.sessions.add(session, player, self._clock() + life)
            if launch is not None:
                self.sessions.add_launch(launch, player, self._clock() + life)

    def open_payment(self, kind: str, reference: str, player: str, amount: Decimal, currency: str) -> None:
        """The platform creates a payment of *amount* (major units) and gives the processor *reference* for it.

        A payout is set aside from the balance at once. KeyError for an unknown player, ValueError for another kind, a
        reference that is taken, or a balance that is too small; Fault for an amount that does not fit.
        """
        if kind not in (PAYIN, PAYOUT):
            raise ValueError(f"a payment is a {PAYIN} or a {PAYOUT}")
        if self.ledger.player(player) is None:
            raise KeyError(player)
        units = Money.of(amount, currency).units
        with self.ledger.connection:
            held = f"{PAYOUT}:{reference}" if kind == PAYOUT else None
            self.payments.open(Payment(kind, reference, player, currency, units, held=held))
            if held is not None:
                hold = Call(
                    Operation.WITHDRAW_REQUEST, transaction=held, player=player, amount=amount, currency=currency
                )
                if (reply := self._apply(hold, self.promises)).outcome is not Outcome.OK:
                    raise ValueError(f"the payout cannot be set aside: {reply.outcome}")

    def _seed(self, player: Player, change: int) -> None:
        key = f"seed:{self.records.opened()}:{player.id}"
        call = Call(Operation.DEPOSIT, transaction=key, player=player.id)
        record = self.records.open(call, player.id, stated(call, player.id, player.currency))
        ours, theirs = (HOUSE, "cashier"), (player.id, "balance")
        source, target = (ours, theirs) if change >= 0 else (theirs, ours)
        self.ledger.move(record.serial, source, target, player.currency, abs(change))
        record.outcome, record.state = Outcome.OK, "applied"
        record.given, record.taken = max(change, 0), max(-change, 0)
        self.records.save(record)

    def balance(self, player: str) -> Decimal:
        """The player's balance in major units; KeyError for an unknown player."""
        known = self.ledger.player(player)
        if known is None:
            raise KeyError(player)
        return _major(self.ledger.balance(known), known.currency)

    def whose(self, call: Call) -> str | None:
        """The player a call is about: named, or by its session, or by the bet it refers to, or by its own key."""
        if call.player is not None:
            return call.player
        if call.session is not None and (owner := self.sessions.player(call.session)) is not None:
            return owner
        if call.operation is Operation.PAYMENT_UPDATE:
            return whose(call, self.payments)
        keys = (*(call.reference or ()), *((call.transaction,) if call.transaction is not None else ()))
        found = (self.records.find(key) for key in keys)
        return next((record.player for record in found if record is not None and record.player is not None), None)

    def apply(self, call: Call, *, without: Iterable[str] = ()) -> Reply:
        """Book *call*, or answer it; never raises for what a call may contain.

        *without*: promises that are broken for this one call, besides those that the wallet does not make.
        """
        promises = self.promises - named(without) if without else self.promises
        with self.ledger.connection:
            reply = self._apply(call, promises)
        return reply

    def begin(self, call: Call) -> None:
        """The call has been taken, and will be booked by `land`: until then its key is in progress."""
        self._booking.underway[call.transaction or ""] += 1

    def land(self, call: Call) -> Reply:
        """Book a call that was begun."""
        self.drop(call)
        return self.apply(call)

    def drop(self, call: Call) -> None:
        """A call that was begun will never be booked."""
        self._booking.underway -= Counter((call.transaction or "",))

    def booked(self, call: Call) -> bool:
        """Is money of the call's key booked?"""
        record = None if call.transaction is None else self.records.find(call.transaction)
        return record is not None and record.state in LIVE

    def answer(self, call: Call, outcome: Outcome) -> Reply:
        """The reply to *call* with *outcome*, whatever is true: nothing is booked or asked."""
        name = self.whose(call)
        return self._reply(outcome, None if name is None else self.ledger.player(name))

    def _apply(self, call: Call, promises: frozenset[Promise]) -> Reply:
        name = self.whose(call)
        player = None if name is None else self.ledger.player(name)
        try:
            if call.operation in READS:
                return self._read(call, player, promises)
            if call.operation not in RULES:
                raise Fault(Outcome.UNSUPPORTED_OPERATION, "this wallet has no rule for it")
            outcome, record = self._booking.once(call, name, player, promises)
        except Fault as fault:
            return self._reply(fault.outcome, player)
        return self._reply(outcome, player, record)

    def _read(self, call: Call, player: Player | None, promises: frozenset[Promise]) -> Reply:
        if call.operation is Operation.HEALTH:
            return Reply(Outcome.OK)
        if call.operation is Operation.STATUS:
            return self._status(call, player, promises)
        authenticates = call.operation is Operation.AUTHENTICATE
        if authenticates and player is not None and player.blocked:
            raise Fault(Outcome.PLAYER_BLOCKED, "the player is blocked")
        session = call.session
        if authenticates and session is not None:
            session = self.sessions.swap(session, self._clock())
        if session is not None:
            self.sessions.check(session, self._clock(), None if player is None else player.id)
        if player is None:
            raise Fault(Outcome.PLAYER_NOT_FOUND, "no such player")
        if call.currency not in (None, player.currency) and call.operation is not Operation.PLAYER:
            raise Fault(Outcome.CURRENCY_MISMATCH, "not the player's currency")
        reply = self._reply(Outcome.OK, player)
        if call.operation is Operation.BALANCE:
            return reply
        return replace(
            reply,
            nickname=player.nickname,
            country=player.country,
            new_session=session if authenticates else None,
        )

    def _status(self, call: Call, player: Player | None, promises: frozenset[Promise]) -> Reply:
        """What became of a key, of any operation. Never seen is final only once nothing of it can be on its way."""
        if Promise.STATUS not in promises:
            raise Fault(Outcome.UNSUPPORTED_OPERATION, "this wallet has no status call")
        if call.transaction is None:
            raise Fault(Outcome.REQUEST_INVALID, "a status call without a key")
        record = self.records.find(call.transaction)
        if record is not None and record.state in UNDONE:
            outcome = Outcome.ALREADY_ROLLED_BACK
        elif record is not None:
            outcome = Outcome.NOTHING_TO_DO if record.state == "declined" else Outcome.OK
        elif self.records.buried(call.transaction):
            outcome = Outcome.ALREADY_ROLLED_BACK
        elif self._booking.underway[call.transaction]:
            outcome = Outcome.IN_PROGRESS
        else:
            outcome = Outcome.TRANSACTION_NOT_FOUND
        return self._reply(outcome, player, record)

    def _reply(self, outcome: Outcome, player: Player | None, record: Record | None = None) -> Reply:
        number = None if record is None or record.state == "declined" else record.wallet_transaction
        if player is None:
            return Reply(outcome, wallet_transaction=number)
        return Reply(
            outcome,
            player=player.id,
            balance=_major(self.ledger.balance(player), player.currency),
            currency=player.currency,
            currency_exponent=exponent(player.currency),
            wallet_transaction=number,
        )

    def statement(self) -> dict[str, Any]:
        """The books for people, see `Ledger.statement`."""
        return self.ledger.statement()

    def audit(self) -> tuple[str, ...]:
        """What is wrong with the books; empty when they are sound."""
        return self.ledger.audit()


def _major(units: int, currency: str) -> Decimal:
    return scaled(Decimal(units), -exponent(currency))

"""The sandbox wallet: `apply` books one canonical call and says what became of it, one transaction per call.

Promises, all four: one effect per key and the same answer for ever (`idempotent`); what was rolled back before it came
is refused (`tombstones`); `status` tells what became of a key; a reversal finds player and amount by its `references`.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from gateway.canon.calls import Call, Reply
from gateway.canon.faults import Fault
from gateway.canon.money import Money, exponent, scaled
from gateway.canon.operations import READS, SESSION_CHECKED, Operation
from gateway.canon.outcomes import Moved, Outcome
from gateway.sandbox import cashier, reversals, rounds
from gateway.sandbox.ledger import HOUSE, Ledger, Player
from gateway.sandbox.records import UNDONE, Record, Records, same, stated
from gateway.sandbox.sessions import DAY, Sessions
from gateway.sandbox.work import Rule, Work

RULES: dict[Operation, Rule] = {
    Operation.BET: rounds.bet,
    Operation.WIN: rounds.win,
    Operation.BET_WIN: rounds.bet_win,
    Operation.END_ROUND: rounds.end_round,
    Operation.RESERVE: rounds.reserve,
    Operation.ROLLBACK: reversals.rollback,
    Operation.ROLLBACK_WIN: reversals.rollback_win,
    Operation.PROMO_WIN: cashier.promo_win,
    Operation.ADJUST: cashier.adjust,
    Operation.CONFIRM: cashier.confirm,
    Operation.RELEASE: cashier.release,
    Operation.DEPOSIT: cashier.deposit,
    Operation.WITHDRAW_REQUEST: cashier.withdraw_request,
    Operation.WITHDRAW_COMPLETE: cashier.withdraw_complete,
    Operation.WITHDRAW_CANCEL: cashier.withdraw_cancel,
}

#: What a key hears that was undone, or buried before it came. Other operations can be neither.
UNDONE_WORD = {
    Operation.BET: Outcome.ALREADY_ROLLED_BACK,
    Operation.BET_WIN: Outcome.ALREADY_ROLLED_BACK,
    Operation.WIN: Outcome.ALREADY_ROLLED_BACK,
    Operation.RESERVE: Outcome.ALREADY_ROLLED_BACK,
    Operation.PROMO_WIN: Outcome.BONUS_REJECTED,
    Operation.WITHDRAW_REQUEST: Outcome.WITHDRAWAL_DECLINED,
}


class Wallet:
    """A wallet on *path* (`:memory:` or a file). *clock* gives unix seconds and decides when sessions end.

    Synchronous and for one thread. *session_life* is the life of a swapped session in seconds.
    """

    def __init__(
        self, path: str = ":memory:", *, clock: Callable[[], float] = time.time, session_life: float = DAY
    ) -> None:
        self.ledger = Ledger(path)
        self.records = Records(self.ledger.connection)
        self.sessions = Sessions(self.ledger.connection, session_life)
        self._clock = clock

    def close(self) -> None:
        """Close the database."""
        self.ledger.close()

    def open_player(
        self,
        player: str,
        currency: str,
        balance: Decimal | int = 0,
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

        *session* and *launch* are tokens that live for *life* seconds from now (0 or less: expired). Fault for an
        unknown currency or an amount that does not fit it; ValueError for a player of another currency.
        """
        limit = None if bet_limit is None else Money.of(Decimal(bet_limit), currency).units
        wanted = Money.of(Decimal(balance), currency).units
        opened = Player(player, currency, nickname, country, blocked, limit)
        with self.ledger.connection:
            self.ledger.save_player(opened)
            change = wanted - self.ledger.balance(opened)
            self._seed(opened, change)
            if session is not None:
                self.sessions.add(session, player, self._clock() + life)
            if launch is not None:
                self.sessions.add_launch(launch, player, self._clock() + life)

    def _seed(self, player: Player, change: int) -> None:
        seeds = self.ledger.connection.execute("SELECT count(*) FROM operations").fetchone()
        call = Call(Operation.DEPOSIT, transaction=f"seed:{seeds[0] if seeds else 0}:{player.id}", player=player.id)
        work = self._open(call, player, stated(call, player.id, player.currency))
        ours, theirs = (HOUSE, "cashier"), (player.id, "balance")
        source, target = (ours, theirs) if change >= 0 else (theirs, ours)
        self.ledger.move(work.record.serial, source, target, player.currency, abs(change))
        work.record.outcome, work.record.state = Outcome.OK, "applied"
        work.record.given, work.record.taken = max(change, 0), max(-change, 0)
        self.records.save(work.record)

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
        keys = (*(call.reference or ()), *((call.transaction,) if call.transaction is not None else ()))
        found = (self.records.find(key) for key in keys)
        return next((record.player for record in found if record is not None and record.player is not None), None)

    def apply(self, call: Call) -> Reply:
        """Book *call*, or answer it; never raises for what a call may contain."""
        with self.ledger.connection:
            reply = self._apply(call)
        return reply

    def _apply(self, call: Call) -> Reply:
        name = self.whose(call)
        player = None if name is None else self.ledger.player(name)
        try:
            if call.operation in READS:
                return self._read(call, player)
            if call.operation not in RULES:
                raise Fault(Outcome.UNSUPPORTED_OPERATION, "this wallet has no rule for it")
            if call.transaction is None:
                raise Fault(Outcome.REQUEST_INVALID, "a money call without a key")
            outcome, record = self._once(call, call.transaction, name, player)
        except Fault as fault:
            return self._reply(fault.outcome, player)
        return self._reply(outcome, player, record)

    def _read(self, call: Call, player: Player | None) -> Reply:
        if call.operation is Operation.HEALTH:
            return Reply(Outcome.OK)
        if call.operation is Operation.STATUS:
            return self._status(call, player)
        authenticates = call.operation is Operation.AUTHENTICATE
        if authenticates and player is not None and player.blocked:
            raise Fault(Outcome.PLAYER_BLOCKED, "the player is blocked")
        session = call.session
        if authenticates and session is not None:
            session = self.sessions.swap(session, self._clock())
        self._own_session(player, session)
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

    def _own_session(self, player: Player | None, session: str | None) -> None:
        """A session that is given must be known, alive, and the call's own player's."""
        if session is None:
            return
        self.sessions.check(session, self._clock())
        if player is not None and self.sessions.player(session) != player.id:
            raise Fault(Outcome.SESSION_INVALID, "another player's session")

    def _status(self, call: Call, player: Player | None) -> Reply:
        if call.transaction is None:
            raise Fault(Outcome.REQUEST_INVALID, "a status call without a key")
        record = self.records.find(call.transaction)
        if record is None:
            buried = self.records.buried(call.transaction)
            return self._reply(Outcome.ALREADY_ROLLED_BACK if buried else Outcome.TRANSACTION_NOT_FOUND, player)
        if record.state in UNDONE:
            return self._reply(Outcome.ALREADY_ROLLED_BACK, player, record)
        return self._reply(Outcome.NOTHING_TO_DO if record.state == "declined" else Outcome.OK, player, record)

    def _once(self, call: Call, key: str, name: str | None, player: Player | None) -> tuple[Outcome, Record | None]:
        """One effect per key: book it now, or say what it was."""
        content = stated(call, name, call.currency or (None if player is None else player.currency))
        record = self.records.find(key)
        if record is not None:
            return _again(record, content), record
        if call.operation in UNDONE_WORD and self.records.buried(key):
            return UNDONE_WORD[call.operation], None
        work = self._open(call, player, content)
        try:
            with self.ledger.connection:  # a rule that refuses leaves nothing behind
                if call.operation in SESSION_CHECKED:
                    self._own_session(player, call.session)
                outcome = RULES[call.operation](work)
        except Fault as fault:
            outcome = fault.outcome
            work.record.taken = work.record.given = 0
            work.record.state = "declined"
        if not outcome.lasting:
            self.records.forget(work.record)
            return outcome, None
        work.record.outcome = outcome
        if outcome.moved is Moved.YES and work.record.state == "declined":
            work.record.state = "applied"
        self.records.save(work.record)
        return outcome, work.record

    def _open(self, call: Call, player: Player | None, content: str) -> Work:
        key, owner = call.transaction or "", None if player is None else player.id
        serial = self.records.open(key, call.operation, owner, call.provider or "", call.round, content)
        record = Record(
            serial, key, call.operation, owner, call.provider or "", call.round, content, Outcome.INTERNAL_ERROR
        )
        return Work(call, record, player, self.ledger, self.records)

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


def _again(record: Record, content: str) -> Outcome:
    """The answer to a key that was answered before."""
    if not same(record.stated, content):
        return Outcome.TRANSACTION_CONFLICT
    if record.state in UNDONE:
        return UNDONE_WORD.get(record.operation, Outcome.ALREADY_DONE)
    return record.outcome if record.state == "declined" else Outcome.ALREADY_DONE


def _major(units: int, currency: str) -> Decimal:
    return scaled(Decimal(units), -exponent(currency))

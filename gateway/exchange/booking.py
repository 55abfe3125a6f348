"""The middle of the story: claim the row, ask the wallet, judge what came of it, remember.

Certainty is decided here. NotSent is certain, Heard is what the wallet's table makes of it, Silence is unknown; and
after an attempt that ended in silence, a refusal of a repeat proves nothing.
"""

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from gateway.canon.calls import AMOUNTS, Call, Reply
from gateway.canon.faults import Fault
from gateway.canon.operations import CREDITS, DEBITS, MONEY, REVERSALS, Operation
from gateway.canon.outcomes import CAN_OCCUR, Moved, Outcome
from gateway.dialect.requestform import RequestForm
from gateway.exchange.asking import CARRIED_ON, Asking
from gateway.exchange.parties import Provider
from gateway.exchange.wishes import Flow, Send
from gateway.journal.wishes import Claim, Claimed, Recall, Record, Remember, Row, State
from gateway.wire.message import Ending, Heard, NotSent, Silence

_YES = frozenset({Outcome.OK, Outcome.ALREADY_DONE})
#: Refusals that speak of the very thing that was asked for: they hold whatever became of earlier attempts.
_UNDONE = frozenset({Outcome.ALREADY_ROLLED_BACK})
_NOTHING_LEFT = _UNDONE | {Outcome.NOTHING_TO_DO, Outcome.TRANSACTION_NOT_FOUND, Outcome.ALREADY_SETTLED}
#: The provider sends nothing more of its own accord.
_ENDS_IT = frozenset({"final", "silent"})
_REFUSES_US = frozenset({401, 403})
#: After these the wallet has no balance to tell, or is in no state to tell it.
_MUTE = frozenset(
    {Outcome.UNKNOWN, Outcome.WALLET_FAILED, Outcome.PLAYER_NOT_FOUND, Outcome.SESSION_INVALID, Outcome.SESSION_EXPIRED}
)


def row_key(provider: Provider, facts: Mapping[str, Any], transaction: str) -> str:
    """`account:scope:id`: what an id is unique within is the table's to say."""
    scope = ",".join(str(facts.get(word) or "") for word in provider.dialect.scope)
    return f"{provider.journal_id}:{scope}:{transaction}"


class Booking:
    """One verified call on its way to the wallet. *sent* is true from the moment in which its bytes may leave."""

    def __init__(self, form: RequestForm, call: Call, provider: Provider, asking: Asking) -> None:
        self.form = form
        self.call = call
        self.provider = provider
        self.asking = asking
        self.journey = asking.journey
        self.row: Row | None = None
        self.sent = False
        self.released = True  # no wallet call of ours is in flight any more
        self.state: State | None = None

    @property
    def doubtful(self) -> bool:
        """May this call's money have moved, for all that this attempt knows?"""
        return self.sent or self._open

    @property
    def _open(self) -> bool:
        """Did an earlier attempt move the money, or may it have? Then no refusal of a repeat is the truth."""
        return self.row is not None and (self.row.doubted or self.row.state is State.APPLIED)

    @property
    def _unresolved(self) -> State:
        """The row's state after an attempt that resolved nothing: what was applied stays so."""
        return State.APPLIED if self.row is not None and self.row.state is State.APPLIED else State.UNKNOWN

    # -- keys

    def key(self, transaction: str) -> str:
        """The key of the row, which the wallet sees too: `account:scope:id`; it survives a renamed provider."""
        scope = {word: getattr(self.call, word) for word in self.provider.dialect.scope}
        return row_key(self.provider, scope, transaction)

    def fingerprint(self) -> tuple[Any, ...]:
        """The content that a repeat must share. A reversal's amount is what was booked, whatever it states.

        A field that the message leaves to our memory is None where memory lost it, and then fits anything.
        """
        named = ["player", "round", "reference", "currency"]
        named += sorted(AMOUNTS) if self.call.operation not in REVERSALS else []
        values = [(name, getattr(self.call, name)) for name in named]
        absent = [value if value is not None or name in self.form.recall else "" for name, value in values]
        return (str(self.call.operation), *absent)

    def outgoing(self, operation: Operation) -> Call:
        """The call as the wallet gets it: our account, our keys, and the same content under one key at every try.

        What is known of a reversal's amount can change between two tries, so it goes out only where it must.
        """
        call = replace(self.call, operation=operation, provider=self.provider.journal_id)
        if operation in REVERSALS and not self.asking.demands(call, "amount"):
            call = replace(call, amount=None)
        if call.transaction is None:
            return replace(call, request_id=self.journey.id)
        key = self.key(call.transaction)
        reference = call.reference and tuple(self.key(each) for each in call.reference)
        return replace(call, request_id=key, transaction=key, reference=reference)

    # -- the way to the wallet and back

    def book(self) -> Generator[Any, Any, Reply]:
        """Ask the wallet, once. Gives the reply to answer with; raises Fault before anything was sent."""
        operation = yield from self._target()
        outgoing = self.outgoing(operation)
        if self.call.operation in MONEY:
            refused = yield from self._claim(outgoing)
            if refused is not None:
                return refused
        until = self.asking.until()
        if until is None:
            return self._unsent(Outcome.BUSY, "no time left to ask the wallet")
        try:
            name, request = self.asking.request(outgoing)
        except Fault as fault:
            return self._unsent(fault.outcome, fault.why)
        self.sent = True
        self.journey.asked += 1
        late = self._late(self.row, name, outgoing) if self.row else None
        ending = yield Send(request, until, until + CARRIED_ON if late else until, late)
        return (yield from self._judged(name, outgoing, ending))

    def _target(self) -> Generator[Any, Any, Operation]:
        """What a rollback undoes, where memory knows it: undoing a win is another operation for the wallet."""
        call = self.call
        if call.operation is not Operation.ROLLBACK or not call.reference:
            return call.operation
        booked = yield Recall(self.provider.journal_id, "reference", call.reference[0])
        target = booked.get("operation")
        if target is not None and target not in self.form.targets:
            raise Fault(Outcome.TRANSACTION_NOT_FOUND, f"a {target} cannot be rolled back in this dialect")
        if (amount := booked.get("amount")) is not None:
            if call.amount not in (None, amount):
                self.journey.alerts.append("amount_differs")
            self.call = replace(call, amount=amount)
        return Operation.ROLLBACK_WIN if target is Operation.WIN else call.operation

    def _claim(self, outgoing: Call) -> Generator[Any, Any, Reply | None]:
        if outgoing.transaction is None:
            raise Fault(Outcome.REQUEST_INVALID, "a money operation without an id")
        claimed: Claimed = yield Claim(outgoing.transaction, self.fingerprint())
        if claimed.verdict == "conflict":
            self.journey.alerts.append("conflict")
            told = claimed.row.told or frozenset()
            known = claimed.row.unapplied or (claimed.row.settled and "done" in told)
            return Reply(Outcome.TRANSACTION_CONFLICT if known else Outcome.UNKNOWN)
        if claimed.verdict == "in_flight":
            return Reply(Outcome.IN_PROGRESS)
        row = self.row = claimed.row
        if row.outcome is not None and self._sticks(row):
            self.state = row.state
            return Reply(row.outcome)
        # Before it leaves: a rollback of it must find the same target, whatever becomes of this attempt.
        yield from self._remember_booked({})
        return None

    def _sticks(self, row: Row) -> bool:
        """Was this debit refused for good? The provider has closed it: a copy must not become a bet after all."""
        if self.call.operation not in DEBITS or not row.unapplied or row.outcome is None:
            return False
        told = row.told or frozenset()
        return (row.state is State.DECLINED and row.outcome.lasting) or (bool(told) and told <= _ENDS_IT)

    def _unsent(self, outcome: Outcome, why: str) -> Reply:
        """Certain that this attempt never left; of an earlier one that may have, we still know nothing."""
        self.journey.why = why
        if self._open:
            self.state = self._unresolved
            return Reply(Outcome.UNKNOWN)
        self.state = State.OPEN
        return Reply(outcome if outcome in CAN_OCCUR[self.call.operation] else Outcome.WALLET_FAILED)

    def _judged(self, name: str, outgoing: Call, ending: Ending) -> Generator[Any, Any, Reply]:
        match ending:
            case NotSent(why):
                self.sent = False
                self.journey.ending = "not_sent"
                return self._unsent(Outcome.WALLET_FAILED, why)
            case Silence(why, running):
                self.released = not running
                self.journey.ending, self.journey.why = "silence", why
                self.state = self._unresolved
                return Reply(Outcome.UNKNOWN)
            case Heard(response):
                self.journey.ending = "heard"
        wallet = self.asking.wallet
        reply, why = wallet.dialect.read_reply(name, outgoing, response, wallet.keys, self.asking.clock.wall())
        self.journey.heard = str(reply.outcome)
        self.journey.why = self.journey.why or why
        if why and reply.outcome is Outcome.UNKNOWN:
            self.journey.alerts.append("wallet_off_contract")
        elif why and (response.status in _REFUSES_US or "refuses us" in why):
            self.journey.alerts.append("wallet_refuses_us")
        self.asking.deaf = reply.outcome in _MUTE
        reply = self._certain(reply)
        yield from self._remember(reply)
        return reply

    def _certain(self, reply: Reply) -> Reply:
        """The reply, as far as it can be believed of a row with this history; sets the row's state."""
        heard = reply.outcome
        self.state, outcome = self._weighed(heard)
        if outcome is Outcome.UNKNOWN and heard.moved is Moved.NO:
            self.journey.why = f"{heard} after an attempt of unknown outcome proves nothing"
        if self.call.operation in CREDITS and self.state is State.DECLINED and heard is not Outcome.NOTHING_TO_DO:
            self.journey.alerts.append("credit_refused")
        return replace(reply, outcome=outcome)

    def _weighed(self, heard: Outcome) -> tuple[State, Outcome]:
        """What *heard* makes of the row, and what may be said: `already_done` only where the first answer was heard."""
        operation, row = self.call.operation, self.row
        if heard in _YES:
            told = row is not None and row.told is not None and "done" in row.told
            return State.APPLIED, heard if row is None else Outcome.ALREADY_DONE if told else Outcome.OK
        holds = _UNDONE if operation in DEBITS else _NOTHING_LEFT if operation in REVERSALS else frozenset()
        if heard.moved is Moved.NO and (not self._open or heard in holds):
            return State.DECLINED if heard.lasting else State.OPEN, heard
        return self._unresolved, heard if heard.moved is Moved.UNKNOWN else Outcome.UNKNOWN

    def _late(self, row: Row, name: str, outgoing: Call) -> Any:
        """What to do when a call that we no longer waited for ends after all."""

        def late(ending: Ending) -> Flow:
            state, outcome = self._unresolved, Outcome.UNKNOWN
            wallet, failed = self.asking.wallet, None
            try:
                if isinstance(ending, Heard):
                    reply, _ = wallet.dialect.read_reply(
                        name, outgoing, ending.response, wallet.keys, self.asking.clock.wall()
                    )
                    state, outcome = self._weighed(reply.outcome)
                    yield from self._remember(reply)
            except Exception as bug:  # first the row is given back: held for ever, it would answer every copy
                failed = bug
            yield Record(row.key, state, outcome, None)
            if failed is not None:
                raise failed

        return late

    # -- remembering

    def record(self, outcome: Outcome, telling: frozenset[str]) -> Flow:
        """The wallet's side and what we are about to tell, before the answer leaves."""
        if self.row is not None:
            state = self.state or (self._unresolved if self.doubtful else State.OPEN)
            yield Record(self.row.key, state, outcome, telling, self.released)

    def _remember(self, reply: Reply) -> Flow:
        """What later calls will not say again: who is behind a session, what was booked under an id or a round."""
        if reply.outcome not in _YES:
            return
        call, account = self.call, self.provider.journal_id
        player, currency = reply.player or call.player, reply.currency or call.currency
        who = {name: value for name, value in (("player", player), ("currency", currency)) if value is not None}
        session = reply.new_session or call.session
        if session and player:
            yield Remember(account, "session", session, who)
        if player:
            seen = {"session": session, "balance": reply.balance}
            yield Remember(account, "player", player, {**who, **{k: v for k, v in seen.items() if v is not None}})
        yield from self._remember_booked(who)
        if call.round and call.transaction and call.operation in DEBITS:
            yield Remember(account, "round", call.round, {**who, "reference": (call.transaction,)})

    def _remember_booked(self, who: Mapping[str, Any]) -> Flow:
        """What stands under this transaction's id: the operation that a rollback would undo, and its content."""
        call = self.call
        if call.transaction and call.operation in MONEY:
            named = ("operation", "player", "currency", "amount", "round", "game")
            known = {name: value for name in named if (value := getattr(call, name)) is not None}
            yield Remember(self.provider.journal_id, "transaction", call.transaction, {**known, **who})

"""Asking the wallet for what moves nothing: a balance for the answer, the player behind a session."""

from collections.abc import Generator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gateway.canon.calls import Call, Reply
from gateway.canon.faults import Fault
from gateway.canon.operations import DEBITS, MONEY, REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.sayings import Literally
from gateway.exchange.clock import Clock
from gateway.exchange.journey import Journey
from gateway.exchange.legs import spoken
from gateway.exchange.parties import Provider, Wallet
from gateway.exchange.tracing import traced
from gateway.exchange.wishes import Lane, Priority, Send
from gateway.journal.states import Row
from gateway.journal.wishes import Recall
from gateway.wire.message import Heard, NotSent, Request

#: Kept back from the deadline for writing and sending the answer, in seconds.
RESERVE = 0.05
#: Less time than this is no time to ask the wallet anything, in seconds.
LEAST = 0.1
#: How much longer than the answer's deadline a call is carried on, in seconds.
CARRIED_ON = 5.0


@cache
def lane(account: str, operation: Operation, *, outbox: bool = False) -> Lane:
    """On whose behalf a call is made, and how dear it is when there is too much."""
    priority = Priority.READ
    if operation in REVERSALS:
        priority = Priority.REVERSAL
    elif operation in DEBITS or operation is Operation.AUTHENTICATE:  # without it there will be no bet
        priority = Priority.DEBIT
    elif operation in MONEY or operation is Operation.STATUS:  # which is asked on behalf of money
        priority = Priority.CREDIT
    return Lane(account, priority, outbox)


class Asking(Struct, eq=False):
    """The wallet, as one callback may ask it: how much time is left, whether it can be heard at all.

    *account*: the provider's journal id; *outbox*: our own recovery asks.
    """

    wallet: Wallet
    journey: Journey
    clock: Clock
    account: str = ""
    outbox: bool = False
    reads: int = 0
    unsent: bool = False  # did the last question never leave?
    #: Nothing more is asked of a wallet that was not asked, or did not answer, the call itself.
    deaf: bool = True

    def until(self) -> float | None:
        """Until when a call may be waited for; None when there is no time left to begin one."""
        now = self.clock.monotonic()
        until = min(self.journey.answer_by - RESERVE, now + self.wallet.dialect.deadline_s(None))
        return until if until - now >= LEAST else None

    def request(self, call: Call) -> tuple[str, Request]:
        """*call* as the wallet's signed request, and its variant's name. Fault when it cannot be written."""
        wallet = self.wallet
        if call.operation is Operation.WIN:
            call = self._fitting(call)
        form, request = wallet.dialect.write_call(call, wallet.keys, self.clock.wall(), wallet.settings)
        return form.name, traced(request, self.journey.trace)

    def _fitting(self, call: Call) -> Call:
        """A win of several bets says its round, or else the last of them, where the message has room for one bet."""
        if len(call.reference or ()) < 2:
            return call
        fields = {each.name: each for each in self.wallet.dialect.variant_for(call).fields}
        field = fields.get("reference")
        if field is None or field.places[0].many or (call.round is None and field.optional):
            return call
        return replace(call, reference=None if field.optional else (call.reference or ())[-1:])

    def lane(self, operation: Operation) -> Lane:
        """The lane of a call of ours."""
        return lane(self.account, operation, outbox=self.outbox)

    def status(self, row: Row) -> Generator[Any, Any, Reply | None]:
        """Ask what became of a row's own key; None when the wallet was not to be heard."""
        known = {"player": row.player, "provider": row.account, "transaction": row.key}
        reply = yield from self.read(Operation.STATUS, {name: value for name, value in known.items() if value})
        booked = None if row.call is None else row.call.currency
        # The question states no currency, so none is echoed; what was booked in another one is not what we sent.
        if reply is not None and reply.outcome is Outcome.OK and None not in (booked, reply.currency):
            return reply if reply.currency == booked else Reply(Outcome.UNKNOWN)
        return reply

    def demands(self, call: Call, name: str) -> bool:
        """Must the wallet's message of *call* have the field *name*? Fault when it has no such message."""
        form = self.wallet.dialect.variant_for(spoken(call, self.wallet.dialect))
        return name in self.wallet.demanded[form.name]

    def says(self, call: Call, name: str) -> bool:
        """Has the wallet's message of *call* room for the field *name*? Fault when it has no such message."""
        return any(each.name == name for each in self.wallet.dialect.variant_for(call).fields)

    def unsayable(self, call: Call) -> str:
        """Why the wallet's dialect cannot say *call*; empty where it can."""
        try:
            self.request(call)
        except Fault as fault:
            return fault.why
        return ""

    def read(self, operation: Operation, facts: Mapping[str, Any]) -> Generator[Any, Any, Reply | None]:
        """Ask a question that moves nothing; None when there is no time, or no answer."""
        until = self.until()
        self.unsent = True
        if until is None:
            return None
        self.reads += 1
        call = Call(operation, request_id=f"{self.journey.id}-{self.reads}", **facts)
        try:
            name, request = self.request(call)
        except Fault:
            return None
        self.journey.asked += 1
        ending = yield Send(request, until, until, lane=self.lane(operation))
        self.unsent = isinstance(ending, NotSent)
        if not isinstance(ending, Heard):
            self.deaf = True
            return None
        wallet = self.wallet
        reply, _ = wallet.dialect.read_reply(
            name, call, ending.response, wallet.keys, self.clock.wall(), self.journey.drift
        )
        return reply

    def fill(
        self, wanted: Mapping[str, tuple[Any, ...]], facts: Mapping[str, Any], provider: Provider
    ) -> Generator[Any, Any, dict[str, Any]]:
        """Fill *wanted* from its sources, in order. Fields of ours and literals are left to the dialect."""
        found: dict[str, Any] = {}
        for name, sources in wanted.items():
            for source in sources:
                value = None
                if source == "ask":
                    if name not in found and not self.deaf:
                        found.update((yield from self.balance(facts)))
                    value = found.get(name)
                elif source == "remembered":
                    value = yield from self._remembered(name, facts, provider)
                elif source == "setting":
                    value = provider.settings.get(name)
                elif isinstance(source, Literally) or facts.get(source) is not None:
                    break
                if value is not None:
                    found[name] = value
                    break
        return found

    def balance(self, facts: Mapping[str, Any]) -> Generator[Any, Any, dict[str, Any]]:
        """The balance of now of whom *facts* name, and its currency; empty when the wallet does not tell."""
        who = {name: facts[name] for name in ("player", "session", "currency") if facts.get(name)}
        if "player" not in who and "session" not in who:
            return {}
        reply = yield from self.read(Operation.BALANCE, {**who, "provider": self.account})
        if reply is None or reply.outcome is not Outcome.OK or reply.balance is None:
            return {}
        heard = {"balance": reply.balance}
        return {**heard, "currency": reply.currency} if reply.currency else heard

    def _remembered(self, name: str, facts: Mapping[str, Any], provider: Provider) -> Generator[Any, Any, Any]:
        for kind in ("session", "player"):
            if identity := facts.get(kind):
                known = yield Recall(provider.journal_id, kind, identity)
                # An amount of another currency than the answer's is no balance of it.
                fits = name != "balance" or facts.get("currency") in (None, known.get("currency"))
                if known.get(name) is not None and fits:
                    return known[name]
        return None

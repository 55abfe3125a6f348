"""The outbox's stories: one step for one row that nobody else is at. No I/O; they yield wishes, as a callback does.

A doubt is ended by asking where the wallet promises `status`, by repeating where it promises `idempotent` with
`references`, and by a human where it promises neither. Nothing here answers a provider: what is learned is written to
the row, and the provider's next try hears it.
"""

from collections.abc import Callable, Generator
from typing import Any

from msgspec.structs import replace

from gateway.canon.calls import Call, Reply
from gateway.canon.faults import Fault
from gateway.canon.operations import CREDITS, DEBITS, Operation
from gateway.canon.outcomes import NEVER_THERE, Outcome
from gateway.dialect.proofs.asked import IN_PARTS
from gateway.exchange.asking import CARRIED_ON, Asking
from gateway.exchange.clock import Clock
from gateway.exchange.errand import Errand
from gateway.exchange.legs import Legs, parts
from gateway.exchange.parties import Wallet
from gateway.exchange.undoing import undo_calls
from gateway.exchange.weighing import YES, sole_attempt, status_weighed, weighed
from gateway.exchange.wishes import Flow, Send
from gateway.journal.holding import forced
from gateway.journal.states import State, Step
from gateway.journal.wishes import Leased, Settle
from gateway.wire.message import Ending, Heard, NotSent, Silence

Asked = Generator[Any, Any, Reply | None]
_UNDONE = YES | {Outcome.ALREADY_ROLLED_BACK}
REFUSED_WIN = "the wallet refuses it for good, and the provider believes that it was paid"
REFUSED_BET = "the wallet refuses it for good, and a win has named it"
REFUSED_UNDOING = "the wallet refuses to undo it"
UNWRITABLE = "the wallet's message of it cannot be written"
UNREPEATABLE = "it was sent in two calls, and the wallet does not promise any more that they may be sent again"


def recovery(leased: Leased, wallet: Wallet, errand: Errand, clock: Clock) -> Flow:
    """Do the step of a row that is ours. Yields Sends and one Settle; always gives the row back."""
    asking = Asking(wallet, errand, clock, leased.row.account, outbox=True)
    return _Recovery(leased, asking, errand).run()


class _Recovery:
    def __init__(self, leased: Leased, asking: Asking, errand: Errand) -> None:
        self.row, self.landed, self.asking = leased.row, leased.landed, asking
        self.errand = errand
        self.sole = sole_attempt(leased.row, asking.wallet.promises)
        self.sent = False
        self.heard = ""
        self.running = False

    def run(self) -> Flow:
        """The step, and whatever happens, its Settle."""
        try:
            settle = yield from self._step()
        except Fault as fault:
            settle = self._settle(park=f"{UNWRITABLE}: {fault.why}")
        except Exception as bug:
            self.errand.bug = bug
            self.errand.alerts.append("bug")
            settle = self._settle()
        if self.running:
            return  # the call is carried on; its late story settles
        yield from self._settled(settle)

    def _settled(self, settle: Settle) -> Flow:
        errand = self.errand
        recorded = yield settle
        errand.heard = self.heard
        if (row := recorded.row) is not None:
            errand.state, errand.next, errand.parked = str(row.state), str(row.step or ""), row.parked or ""
            errand.finished = row.step is None and row.parked is None
        if errand.parked:
            errand.alerts.append("parked")

    def _settle(self, state: State | None = None, **facts: Any) -> Settle:
        holder = self.row.holder or ""
        return Settle(self.row.key, holder, state, sent=self.sent, heard=self.heard, **facts)

    def _step(self) -> Generator[Any, Any, Settle]:
        if self.asking.until() is None:
            return self._settle(tried=False)
        if self.row.step is Step.REVERSE:
            return (yield from self._reverse())
        if self.row.step is Step.DELIVER:
            return (yield from self._deliver())
        return (yield from self._ask())

    # -- asking what became of it

    def _status(self) -> Asked:
        reply = yield from self.asking.status(self.row)
        self.heard = "" if reply is None else str(reply.outcome)
        return reply

    def _ask(self) -> Generator[Any, Any, Settle]:
        reply = yield from self._status()
        if reply is None:
            return self._settle(tried=not self.asking.unsent)
        result = status_weighed(reply.outcome, landed=self.landed, sole=self.sole)
        return self._settle(result.state, outcome=result.outcome, reply=self._kept(reply, result.outcome))

    def _kept(self, reply: Reply, outcome: Outcome) -> Reply | None:
        return replace(reply, outcome=outcome) if outcome in YES else None

    # -- undoing

    def _reverse(self) -> Generator[Any, Any, Settle]:
        """Undo it. Where a doubt can be asked about, it is, before anything is sent."""
        promises = self.asking.wallet.promises
        doubtful = self.row.undo_sent or self.row.state is State.UNKNOWN
        if self.row.in_parts and not promises >= IN_PARTS and (doubtful or self.row.tries):
            return self._settle(park=UNREPEATABLE)
        if doubtful and self._asks:
            reply = yield from self._status()
            if reply is None:
                return self._settle(tried=not self.asking.unsent)
            if reply.outcome is Outcome.ALREADY_ROLLED_BACK:
                return self._settle(undone=True, outcome=reply.outcome)
            absent = reply.outcome is Outcome.TRANSACTION_NOT_FOUND
            declined = reply.outcome is Outcome.NOTHING_TO_DO
            if (absent and self.landed) or (declined and (self.landed or self.sole)):
                return self._settle(undone=False, outcome=reply.outcome)
            # A reversal of ours may still land; sending another is safe under a key that counts once.
            pending = self.row.undo_sent and not self.landed and "idempotent" not in promises
            early = absent and not {"tombstones", "references"} <= promises  # it might credit what was never booked
            if pending or early or reply.outcome not in (Outcome.OK, Outcome.TRANSACTION_NOT_FOUND):
                return self._settle()
        ending = yield from self._send(undo_calls(self.row, self.asking), self._undone)
        return self._undone(ending)

    @property
    def _asks(self) -> bool:
        """Can the wallet be asked what became of this row? Not where it is two of the wallet's."""
        return "status" in self.asking.wallet.promises and not self.row.in_parts

    @property
    def _may_come(self) -> bool:
        """May what the wallet does not find still land?"""
        return not self.landed and "tombstones" not in self.asking.wallet.promises

    def _undone(self, ending: Ending | Reply) -> Settle:
        if not isinstance(ending, Reply):
            return self._settle(tried=not isinstance(ending, NotSent))
        outcome = ending.outcome
        if outcome in _UNDONE:
            return self._settle(undone=True, outcome=outcome)
        absent = outcome is Outcome.TRANSACTION_NOT_FOUND
        if outcome in NEVER_THERE and not (absent and self._may_come):
            return self._settle(undone=False, outcome=outcome)
        if outcome.lasting and not absent:
            self.errand.alerts.append("reversal_refused")
            return self._settle(park=f"{REFUSED_UNDOING}: {outcome}")
        return self._settle()

    # -- delivering

    def _deliver(self) -> Generator[Any, Any, Settle]:
        """Send it until the wallet answers. Where a doubt can be asked about, it is, before it is sent again."""
        if (call := self.row.call) is None:
            return self._settle(park=UNWRITABLE)
        if forced(call):
            self.errand.alerts.append("forced_debit")
        if self.row.in_parts and self.row.state is State.UNKNOWN and not self.asking.wallet.promises >= IN_PARTS:
            return self._settle(park=UNREPEATABLE)
        if self.row.state is State.UNKNOWN and self._asks:
            reply = yield from self._status()
            if reply is None:
                return self._settle(tried=not self.asking.unsent)
            result = status_weighed(reply.outcome, landed=self.landed, sole=self.sole)
            # A key that counts once may go again at once; should the first call still land, it is the same one.
            once = reply.outcome is Outcome.TRANSACTION_NOT_FOUND and "idempotent" in self.asking.wallet.promises
            if result.state is State.OPEN:
                self.row = replace(self.row, state=State.OPEN)
            elif not once:
                return self._settle(result.state, outcome=result.outcome, reply=self._kept(reply, result.outcome))
        ending = yield from self._send(parts(call), self._delivered)
        return self._delivered(ending)

    def _delivered(self, ending: Ending | Reply) -> Settle:
        if not isinstance(ending, Reply):
            state = State.UNKNOWN if isinstance(ending, Silence) else self._as_it_was
            return self._settle(state, tried=not isinstance(ending, NotSent))
        result = weighed(self.row, ending.outcome)
        refused = f"{REFUSED_BET if self.row.operation in DEBITS else REFUSED_WIN}: {ending.outcome}"
        if not result.proved and not ending.outcome.lasting:
            return self._settle()
        if not result.proved:  # a refusal of what may be paid already: no machine can tell
            self.errand.alerts.append("credit_refused")
            return self._settle(State.UNKNOWN, park=refused)
        park = None
        if result.state is State.DECLINED and ending.outcome is not Outcome.NOTHING_TO_DO:
            completes = self.row.operation is Operation.WITHDRAW_COMPLETE
            self.errand.alerts.append("capture_refused" if completes else "credit_refused")
            park = refused
        facts = {Operation.WITHDRAW_COMPLETE, Operation.PAYMENT_UPDATE}
        if self.row.operation not in CREDITS | DEBITS | facts:
            park = None
        return self._settle(result.state, outcome=result.outcome, reply=self._kept(ending, result.outcome), park=park)

    @property
    def _as_it_was(self) -> State | None:
        return State.OPEN if self.row.state in (State.OPEN, State.CLAIMED) else None

    # -- the wallet

    def _send(
        self, calls: tuple[Call, ...], settle: Callable[[Ending | Reply], Settle]
    ) -> Generator[Any, Any, Ending | Reply]:
        """Calls that may move money, each after the one before was taken: the wallet's word on the whole, or how it
        ended without one."""
        own = None if self.row.step is Step.REVERSE else self.row.operation
        legs = Legs(calls, own or calls[-1].operation)
        for each in calls[1:]:
            self.asking.request(each)  # nothing is begun that cannot be ended
        while True:
            ending, left = yield from self._one(legs, settle)
            if left is None:
                return ending
            legs = left

    def _one(
        self, legs: Legs, settle: Callable[[Ending | Reply], Settle]
    ) -> Generator[Any, Any, tuple[Ending | Reply, Legs | None]]:
        """One of the calls; and what is left to be sent after it."""
        call, until, wallet = legs.call, self.asking.until(), self.asking.wallet
        if until is None:
            return Silence("no time left for the rest") if legs.begun else NotSent("no time left to ask"), None
        name, request = self.asking.request(call)
        left: Legs | None = None

        def heard(ending: Ending) -> Ending | Reply:
            nonlocal left
            if not isinstance(ending, Heard):
                return ending
            self.sent = False  # answered: what follows is the answer's to say
            reply, why = wallet.dialect.read_reply(
                name, call, ending.response, wallet.keys, self.asking.clock.wall(), self.errand.drift
            )
            self.heard, self.errand.why = str(reply.outcome), why
            left = legs.after(reply.outcome, may_come=self._may_come)
            if alert := legs.refuses_the_rest(reply.outcome):
                self.errand.alerts.append(alert)
            reply = replace(reply, outcome=legs.whole(reply.outcome))
            if reply.outcome in (Outcome.UNKNOWN, Outcome.IN_PROGRESS):
                self.sent = True
                return Silence(why or str(reply.outcome))
            return reply

        def late(ending: Ending) -> Flow:
            failed = None
            try:
                result = settle(heard(ending))
            except Exception as bug:  # first the row is given back: held for ever, nothing more would come of it
                self.sent, failed = True, bug
                result = self._settle()
            yield from self._settled(result)
            if failed is not None:
                raise failed

        self.sent = True
        self.errand.asked += 1
        lane = self.asking.lane(call.operation)
        ending: Ending = yield Send(request, until, until + CARRIED_ON, late, lane)
        if isinstance(ending, Silence) and ending.running:
            self.running = True
            return ending, None
        if isinstance(ending, NotSent):
            self.sent = legs.begun
            self.errand.ending = "not_sent"
            if legs.begun:
                return Silence(ending.why), None
        said = heard(ending)
        return said, left

"""The story of one callback: recognised, verified, read, claimed, sent, heard, answered. No I/O; it yields wishes.

Whatever breaks, the answer is in the provider's dialect, and the catch-all asks how far the story got: before the first
byte to the wallet `internal_error`, after it `unknown`.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.canon.calls import Reply
from gateway.canon.faults import Fault
from gateway.canon.money import EXPONENTS
from gateway.canon.operations import MONEY
from gateway.canon.outcomes import CAN_OCCUR, UNREAD, Moved, Outcome
from gateway.dialect.answerform import Unfilled
from gateway.dialect.requestform import Reading, RequestForm
from gateway.exchange.asking import Asking
from gateway.exchange.booking import Booking, row_key
from gateway.exchange.clock import Clock
from gateway.exchange.journey import Journey
from gateway.exchange.parties import Provider, Wallet
from gateway.exchange.recalling import recall_all
from gateway.exchange.wishes import Answer, Delivery, Flow
from gateway.journal.wishes import Look, Told
from gateway.wire.message import Request, Response
from gateway.wire.opened import Opened

#: Share of the provider's patience by which our answer must be on its way; the rest is the network's and the clocks'.
ANSWER_WITHIN = 0.9


def callback(request: Request, provider: Provider, wallet: Wallet, journey: Journey, clock: Clock) -> Flow:
    """Tell the whole story of *request*. Yields journal wishes, Send, and exactly one Answer; never raises."""
    return _Callback(request, provider, wallet, journey, clock).tell()


def refusal(request: Request, provider: Provider, journey: Journey, clock: Clock, outcome: Outcome, why: str) -> Flow:
    """Answer a message that the edge could not take in (too large, too slow), in the provider's dialect."""
    story = _Callback(request, provider, None, journey, clock)
    return story.tell(Fault(outcome, why))


@dataclass(slots=True)
class _Callback:
    request: Request
    provider: Provider
    wallet: Wallet | None
    journey: Journey
    clock: Clock
    opened: Opened = field(init=False)
    form: RequestForm | None = None
    verified: bool = False
    reading: Reading | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    asking: Asking = field(init=False)
    booking: Booking | None = None

    def tell(self, refused: Fault | None = None) -> Flow:
        """The story, with its catch-all."""
        journey = self.journey
        try:
            journey.answer_by = journey.received + ANSWER_WITHIN * self.provider.dialect.deadline_s(None)
            self.opened = self.provider.dialect.open(self.request)
            self.asking = Asking(self.wallet, journey, self.clock)
            if refused is not None:
                raise refused
            reply = yield from self._converse()
        except Fault as fault:
            reply = Reply(self._sayable(fault.outcome))
            journey.why = fault.why
        except Exception as bug:
            reply = self._caught(bug)
        try:
            reply = yield from self._still_in_doubt(reply)
        except Exception as bug:
            reply = self._caught(bug)
        yield from self._answer(reply)

    def _caught(self, bug: Exception) -> Reply:
        """How far did we get? What left us is unknown; what did not is certain."""
        self.journey.bug = bug
        self.journey.alerts.append("bug")
        doubtful = self.booking is not None and self.booking.doubtful
        return Reply(Outcome.UNKNOWN if doubtful else Outcome.INTERNAL_ERROR)

    def _still_in_doubt(self, reply: Reply) -> Generator[Any, Any, Reply]:
        """A refusal before the claim says nothing of an earlier attempt; if that is in doubt, so is the answer."""
        if self.reading is None or self.booking is not None or self.reading.form.operation not in MONEY:
            return reply
        transaction = self.reading.facts.get("transaction")
        if transaction is None:
            return reply
        key = row_key(self.provider, self.reading.facts, transaction)
        row = yield Look(key)
        if row is None or row.settled or reply.outcome.moved is not Moved.NO:
            return reply
        return Reply(Outcome.UNKNOWN)

    def _sayable(self, outcome: Outcome) -> Outcome:
        """*outcome* if this operation can have it; what cannot occur is an invalid request."""
        possible = UNREAD if self.form is None else CAN_OCCUR[self.form.operation]
        return outcome if outcome in possible else Outcome.REQUEST_INVALID

    def _converse(self) -> Generator[Any, Any, Reply]:
        dialect, journey = self.provider.dialect, self.journey
        form = dialect.recognise(self.opened)
        self.form = form
        journey.operation = str(form.operation)
        journey.answer_by = journey.received + ANSWER_WITHIN * dialect.deadline_s(form.name)
        journey.verified_by = dialect.verify(form.name, self.opened, self.provider.keys, self.clock.wall())
        self.verified = True
        reading = self.reading = dialect.read(form, self.opened)
        recalled = yield from recall_all(reading, self.provider, self.asking)
        call = form.call(reading, recalled)
        self.facts = call.facts()
        if call.transaction:
            journey.transaction = call.transaction
        booking = Booking(form, call, self.provider, self.asking)
        self.booking = booking
        reply = yield from booking.book()
        return reply

    # -- answering

    def _answer(self, reply: Reply) -> Flow:
        """Say *reply*; if even that fails, say what was prepared for this case."""
        name = self.form.name if self.form else None
        outcome = reply.outcome
        response: Response | None
        try:
            facts = yield from self._filled(reply)
            outcome, response = self._written(name, outcome, facts)
        except Exception as bug:
            outcome = self._caught(bug).outcome
            response = self._last_words(name, outcome)
        try:
            if self.booking is not None:
                yield from self.booking.record(reply.outcome, self._effect(name, outcome))
        except Exception as bug:
            outcome = self._caught(bug).outcome
            response = self._last_words(name, outcome)
        yield from self._deliver(name, outcome, response)

    def _filled(self, reply: Reply) -> Generator[Any, Any, dict[str, Any]]:
        """What the answer may use: the call's facts, the reply's over them, and what `[missing]` finds."""
        name = self.form.name if self.form else None
        facts = self.facts or self.provider.dialect.echo(name, self.opened)
        facts = {**facts, **reply.facts(), "now": datetime.fromtimestamp(self.clock.wall(), UTC)}
        wanted = self.provider.dialect.unfilled(name, reply.outcome, facts)
        if self.verified and wanted:
            facts.update((yield from self.asking.fill(wanted, facts, self.provider)))
        if "currency_exponent" not in facts and facts.get("currency") in EXPONENTS:
            facts["currency_exponent"] = EXPONENTS[facts["currency"]]
        return facts

    def _written(self, name: str | None, outcome: Outcome, facts: Mapping[str, Any]) -> tuple[Outcome, Response | None]:
        """The answer's bytes. A demanded field that nothing fills after a YES is said as the operation's `unknown`."""
        dialect, keys, now = self.provider.dialect, self.provider.keys, self.clock.wall()
        try:
            return outcome, dialect.write_answer(name, outcome, facts, keys, now)
        except Unfilled as missing:
            if outcome is Outcome.UNKNOWN or name is None:
                raise
            self.journey.alerts.append("unfilled")
            self.journey.why = f"the answer demands {missing.args[0]}, and nobody gave it"
            return Outcome.UNKNOWN, dialect.write_answer(name, Outcome.UNKNOWN, facts, keys, now)

    def _last_words(self, name: str | None, outcome: Outcome) -> Response | None:
        words = self.provider.last_words
        return words[name, outcome] if (name, outcome) in words else words.get((None, Outcome.INTERNAL_ERROR))

    def _effect(self, name: str | None, outcome: Outcome) -> frozenset[str]:
        return self.provider.dialect.said[name, outcome].effect

    def _deliver(self, name: str | None, outcome: Outcome, response: Response | None) -> Flow:
        """Hand the answer over, and note whether it was heard in time: late or into a closed connection is no answer."""
        journey = self.journey
        said = self.provider.dialect.said[name, outcome]
        journey.outcome, journey.code = str(outcome), str(said.answer)
        journey.effect = tuple(sorted(said.effect))
        delivery: Delivery = yield Answer(response)
        if self.booking is not None and self.booking.row is not None:
            deadline = journey.received + self.provider.dialect.deadline_s(name)
            in_time = response is not None and delivery.at is not None and delivery.at <= deadline
            try:
                yield Told(self.booking.row.key, said.effect if in_time else None)
            except Exception as bug:
                self._caught(bug)

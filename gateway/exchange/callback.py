"""The story of one callback: recognised, verified, read, claimed, sent, heard, answered. No I/O; it yields wishes.

Whatever breaks, the answer is in the provider's dialect, and the catch-all asks how far the story got: before the first
byte to the wallet `internal_error`, after it `unknown`.
"""

from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gateway.canon.calls import Reply
from gateway.canon.faults import Fault
from gateway.canon.money import EXPONENTS
from gateway.canon.operations import DEBITS, MONEY, Operation
from gateway.canon.outcomes import UNREAD, Moved, Outcome
from gateway.dialect.answerform import Unfilled
from gateway.dialect.requestform import Reading, RequestForm
from gateway.dialect.sayings import Said
from gateway.exchange.asking import Asking
from gateway.exchange.batch import Untried, batch
from gateway.exchange.booking import Booking
from gateway.exchange.clock import Clock
from gateway.exchange.journey import Journey
from gateway.exchange.keys import Naming, row_key, stretches
from gateway.exchange.parties import Provider, Wallet
from gateway.exchange.recalling import recall_all
from gateway.exchange.wishes import Answer, Delivery, Flow
from gateway.journal.states import State
from gateway.journal.wishes import JournalUnavailable, Look, Record, Recorded, Told
from gateway.wire.message import Request, Response
from gateway.wire.opened import Opened

#: Share of the provider's patience by which our answer must be on its way; the rest is the network's and the clocks'.
ANSWER_WITHIN = 0.9


def callback(request: Request, provider: Provider, wallet: Wallet, journey: Journey, clock: Clock) -> Flow:
    """Tell the whole story of *request*. Yields journal wishes, Send, and exactly one Answer; never raises."""
    if provider.items is None:
        return _Callback(request, provider, wallet, journey, clock).tell()
    own = provider.items

    def one(opened: Opened, told: Journey, untried: Untried) -> _Callback:
        return _Callback(request, own, wallet, told, clock, opened, verified=True, untried=untried)

    def refused(fault: Fault) -> Flow:
        return refusal(request, provider, journey, clock, fault.outcome, fault.why)

    return batch(request, provider, journey, clock, one, refused)


def refusal(request: Request, provider: Provider, journey: Journey, clock: Clock, outcome: Outcome, why: str) -> Flow:
    """Answer a message that the edge could not take in (too large, too slow), in the provider's dialect."""
    story = _Callback(request, provider, None, journey, clock)
    return story.tell(Fault(outcome, why))


class _Callback(Struct, eq=False):
    request: Request
    provider: Provider
    wallet: Wallet | None
    journey: Journey
    clock: Clock
    opened: Opened | None = None
    form: RequestForm | None = None
    verified: bool = False
    untried: Untried | None = None  # why an item of a batch is not even tried, by what it says
    said: tuple[str | None, Outcome, Mapping[str, Any]] | None = None  # operation, outcome, facts of the answer
    reading: Reading | None = None
    facts: dict[str, Any] = {}
    asking: Asking | None = None
    booking: Booking | None = None

    def tell(self, refused: Fault | None = None) -> Flow:
        """The story, with its catch-all."""
        journey = self.journey
        try:
            journey.answer_by = journey.received + ANSWER_WITHIN * self.provider.dialect.deadline_s(None)
            opened = self.opened = self.opened or self.provider.dialect.open(self.request, self.provider.keys)
            if refused is not None or self.wallet is None:
                raise refused or Fault(Outcome.INTERNAL_ERROR, "there is no wallet to ask")
            self.asking = Asking(self.wallet, journey, self.clock, self.provider.journal_id)
            reply = yield from self._converse(opened, self.asking)
        except Fault as fault:
            if self.booking is not None and self.booking.doubtful:
                reply = self._caught(fault)
            else:
                reply = Reply(self._sayable(fault.outcome))
                journey.why = fault.why
        except Exception as bug:
            reply = self._caught(bug)
        try:
            if self.booking is None or self.booking.row is None:
                reply = yield from self._still_in_doubt(reply)
        except Exception as bug:
            reply = self._caught(bug, in_doubt=self.form is not None)  # nobody can tell of an earlier attempt
        yield from self._answer(reply)

    def _caught(self, bug: Exception, *, in_doubt: bool = False) -> Reply:
        """How far did we get? What left us, now or in an attempt that is *in_doubt*, is unknown; else it is certain."""
        unwritten = isinstance(bug, JournalUnavailable)
        if unwritten:
            if "journal_unavailable" not in self.journey.alerts:
                self.journey.alerts.append("journal_unavailable")
            self.journey.why = self.journey.why or str(bug)
        elif self.journey.bug is None:  # what follows from the first one is less worth telling
            self.journey.bug = bug
            self.journey.alerts.append("bug")
        if in_doubt or (self.booking is not None and self.booking.doubtful):
            return Reply(Outcome.UNKNOWN)
        return Reply(Outcome.BUSY if unwritten else Outcome.INTERNAL_ERROR)

    def _still_in_doubt(self, reply: Reply) -> Generator[Any, Any, Reply]:
        """A refusal before the claim says nothing of an earlier attempt; if that is in doubt, so is the answer."""
        if not self.verified or self.form is None or self.form.operation not in MONEY or self.form.unsupported:
            return reply
        facts = self.reading.facts if self.reading else self._echo(self.form.name)
        transaction = facts.get("transaction")
        if transaction is None or reply.outcome.moved is not Moved.NO or reply.outcome is Outcome.TRANSACTION_CONFLICT:
            return reply
        within_s = None if self.reading is None else self.reading.within_s
        scope = {**facts, "operation": str(self.form.operation)}
        for each in (transaction,) if within_s is None else stretches(transaction, within_s, self.clock.wall()):
            row = yield Look(row_key(self.provider, scope, each))
            if not (row is None or row.unapplied or row.undone):
                return Reply(Outcome.UNKNOWN)
        return reply

    def _echo(self, name: str | None) -> dict[str, Any]:
        return {} if self.opened is None else self.provider.dialect.echo(name, self.opened)

    def _sayable(self, outcome: Outcome) -> Outcome:
        """*outcome* if this operation can have it; what cannot occur is an invalid request."""
        possible = UNREAD if self.form is None else self.form.outcomes
        return outcome if outcome in possible else Outcome.REQUEST_INVALID

    def _converse(self, opened: Opened, asking: Asking) -> Generator[Any, Any, Reply]:
        dialect, journey = self.provider.dialect, self.journey
        try:
            form = dialect.recognise(opened)
        except Fault:
            self._watch(None, opened)
            raise
        self.form = form
        journey.operation = str(form.operation)
        journey.answer_by = journey.received + ANSWER_WITHIN * dialect.deadline_s(form.name)
        journey.verified_by = dialect.verify(form.name, opened, self.provider.keys, self.clock.wall())
        self.verified = True
        if form.operation is Operation.STATUS:  # the wallet's word of now could part from what the row goes on to do
            raise Fault(Outcome.UNSUPPORTED_OPERATION, "what became of a call is told to its own repeat alone")
        if form.unsupported:
            raise Fault(Outcome.UNSUPPORTED_OPERATION, f"{form.name} is known, and not served")
        self._watch(form, opened)
        reading = self.reading = dialect.read(form, opened)
        if self.untried is not None and (why := self.untried(form.operation, reading.facts)):
            raise Fault(Outcome.BUSY, why)
        recalled = (yield from recall_all(reading, self.provider, asking)) if reading.wants else {}
        call = form.call(reading, recalled)
        nearby: tuple[str, ...] = ()
        self.facts = reading.whole
        if reading.within_s is not None and call.transaction:
            own, *others = stretches(call.transaction, reading.within_s, self.clock.wall())
            call, nearby = replace(call, transaction=own), tuple(others)
            self.facts = {**reading.whole, "transaction": own}
        if call.transaction:
            journey.transaction = call.transaction
        naming = Naming(self.provider, form, call, nearby, reading.within_s or 0.0)
        self.booking = booking = Booking(form, call, self.provider, asking, journey, naming)
        return (yield from booking.book())

    def _watch(self, form: RequestForm | None, opened: Opened) -> None:
        """Note what no row speaks of, of a message that is theirs; it decides nothing, so its failing does not either.

        A message that is no operation is theirs if the signature of all requests fits.
        """
        dialect = self.provider.dialect
        try:
            if form is None:
                dialect.verify(None, opened, self.provider.keys, self.clock.wall())
            self.journey.drift += dialect.listings.of_request(form, opened)
        except Fault:
            return
        except Exception as bug:
            self.journey.bug = bug

    # -- answering

    def _answer(self, reply: Reply) -> Flow:
        """Say *reply*; if even that fails, say what was prepared for this case."""
        name, words = self.form.name if self.form else None, self.provider.dialect.said
        outcome = reply.outcome
        response: Response | None
        try:
            facts = yield from self._filled(name, outcome, reply)
            outcome, response = self._written(name, outcome, facts)
        except Exception as bug:
            outcome = self._caught(bug, in_doubt=reply.outcome.moved is Moved.UNKNOWN).outcome
            response = self._last_words(name, outcome)
        recorded = None
        try:
            if self.booking is not None:
                said = words[name, outcome]
                recorded = yield from self.booking.record(reply, said.effect, said.code)
            if recorded is not None and (instead := self._overtaken(recorded, outcome)) is not None:
                known = recorded.row.reply if recorded.row is not None else None
                facts = yield from self._filled(name, instead, known or Reply(instead))
                outcome, response = self._written(name, instead, facts)
                recorded = yield from self._noted(recorded, outcome, words[name, outcome])
        except Exception as bug:
            outcome = self._caught(bug).outcome
            response = self._last_words(name, outcome)
        yield from self._deliver(name, outcome, response, recorded)

    def _overtaken(self, recorded: Recorded, outcome: Outcome) -> Outcome | None:
        """What must be said instead, if the row went on without us: undone meanwhile, or taken for dead."""
        operation = None if self.form is None else self.form.operation
        if recorded.undone and operation in DEBITS and outcome.moved is Moved.YES:
            return Outcome.ALREADY_ROLLED_BACK
        if recorded.kept:
            return None
        row = recorded.row
        if row is not None and row.state is State.APPLIED and not row.undone:
            # Our own call has ended while we gave it up, and a copy may have been told so: one answer for both.
            return Outcome.ALREADY_DONE if row.heard_done else Outcome.OK
        return None if outcome.moved is Moved.UNKNOWN else Outcome.UNKNOWN

    def _noted(self, recorded: Recorded, outcome: Outcome, said: Said) -> Generator[Any, Any, Recorded]:
        """The row once more, with what is told instead."""
        key = "" if recorded.row is None else recorded.row.key
        again: Recorded = yield Record(key, None, None, outcome, said.effect, code=said.code)
        return again

    def _filled(self, name: str | None, outcome: Outcome, reply: Reply) -> Generator[Any, Any, dict[str, Any]]:
        """What the answer may use: the call's facts, the reply's over them, and what `[missing]` finds of the rest."""
        facts, dialect = {**(self.facts or self._echo(name)), **reply.facts()}, self.provider.dialect
        if dialect.tells_time:
            facts["now"] = datetime.fromtimestamp(self.clock.wall(), UTC)
        wanted = dialect.unfilled(name, outcome, facts)
        if wanted and self.asking is not None and self.verified:
            facts.update((yield from self.asking.fill(wanted, facts, self.provider)))
        if "currency_exponent" not in facts and (exponent := EXPONENTS.get(facts.get("currency", ""))) is not None:
            facts["currency_exponent"] = exponent
        return facts

    def _written(self, name: str | None, outcome: Outcome, facts: Mapping[str, Any]) -> tuple[Outcome, Response | None]:
        """The answer's bytes. A demanded field that nothing fills after a YES is said as the operation's `unknown`."""
        dialect, keys, now = self.provider.dialect, self.provider.keys, self.clock.wall()
        self.said = (name, outcome, facts)
        try:
            return outcome, dialect.write_answer(name, outcome, facts, keys, now)
        except Unfilled as missing:
            if outcome is Outcome.UNKNOWN or name is None:
                raise
            self.journey.alerts.append("unfilled")
            self.journey.why = f"the answer demands {missing.args[0]}, and nobody gave it"
            self.said = (name, Outcome.UNKNOWN, facts)
            return Outcome.UNKNOWN, dialect.write_answer(name, Outcome.UNKNOWN, facts, keys, now)

    def _last_words(self, name: str | None, outcome: Outcome) -> Response | None:
        words = self.provider.last_words
        return words[name, outcome] if (name, outcome) in words else words.get((None, Outcome.INTERNAL_ERROR))

    def _deliver(
        self, name: str | None, outcome: Outcome, response: Response | None, recorded: Recorded | None
    ) -> Flow:
        """Hand the answer over, and note if it came in time: late, or into a closed connection, is no answer."""
        journey = self.journey
        if self.said is None or self.said[0] != name or self.said[1] is not outcome:
            self.said = (name, outcome, {})
        said = self.provider.dialect.said[name, outcome]
        journey.outcome, journey.code, journey.effect = str(outcome), said.code, said.does
        try:
            delivery: Delivery = yield Answer(response)
        except Exception as bug:
            self._caught(bug)
            delivery = Delivery(None)  # what the provider heard, if anything, nobody can tell
        try:
            if recorded is not None and (row := recorded.row) is not None:
                journey.state = str(row.state)
                deadline = journey.received + self.provider.dialect.deadline_s(name)
                in_time = response is not None and delivery.at is not None and delivery.at <= deadline
                if recorded.answer:
                    yield Told(row.key, recorded.answer, said.effect if in_time else None)
        except Exception as bug:
            self._caught(bug)

"""The story of one request of ours to a provider: no I/O, it yields wishes, as a callback does.

Three endings: not sent (certain that nothing was done), heard, and unknown. What moves money is claimed in the journal
before the first byte, and its outcome is durable before it is told. A create of unknown outcome is asked about by our
own reference; a refused repeat of it resolves nothing.
"""

from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.canon.calls import Reply
from gateway.canon.faults import Fault
from gateway.canon.outcomes import Moved, Outcome
from gateway.canon.requests import CREATES, IDENTITY, Ask, Result
from gateway.dialect.askedhearing import Word, hear
from gateway.dialect.askfacts import plain
from gateway.dialect.drift import Sighting
from gateway.dialect.outbound import AskForm, AskKeys, Outbound
from gateway.exchange.clock import Clock
from gateway.exchange.wishes import Answer, Flow, Lane, Priority, Send
from gateway.journal.content import fingerprint
from gateway.journal.states import Row, State
from gateway.journal.wishes import Claim, Claimed, JournalUnavailable, Look, Record, Remember, Verdict, Wait
from gateway.wire.jsontext import write_json
from gateway.wire.message import Heard, NotSent, Request, Response, Silence

Asked = Generator[Any, Any, Word]
#: Seconds that a payment's answer is still listened to after the platform was told that nobody knows.
CARRIED_ON = 30.0


@dataclass(frozen=True)
class Account:
    """One provider that can be asked. *journal_id* never changes, whatever the provider is renamed to."""

    name: str
    journal_id: str
    outbound: Outbound
    keys: AskKeys
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Inquiry:
    """One request, and what became of it; filled by the story, read by a log line. *until*: monotonic, its deadline.

    *sent*: a byte of a request that may have done it has left. *ending*: not_sent, heard, unknown. *bug*: our own.
    """

    account: Account
    name: Ask
    facts: Mapping[str, Any]
    until: float
    sent: bool = False
    ending: str = ""
    word: Word | None = None
    bug: BaseException | None = None
    drift: list[Sighting] = field(default_factory=list)


def request_key(account: str, name: Ask, reference: str) -> str:
    """The journal's key of a payment of ours at *account* (a journal id); "=" stands in no key of a callback."""
    return f"{account}:={name}:{reference}"


def outbound(inquiry: Inquiry, clock: Clock) -> Flow:
    """Ask, and answer the platform in canonical JSON; whatever breaks, what is told is no more than what is known."""
    story = _Story(inquiry, clock)
    try:
        word = yield from story.told()
    except JournalUnavailable as fault:
        word = story.unsure(f"the journal: {fault}")
    except Exception as bug:
        inquiry.bug = bug
        word = story.unsure("a bug of ours")
    inquiry.word, inquiry.ending = word, story.ending(word)
    yield Answer(answer(inquiry))


def answer(inquiry: Inquiry) -> Response:
    """The canonical answer. HTTP 200: the result is in the body, and never in the status."""
    word = inquiry.word or Word(Result.UNKNOWN)
    told: dict[str, Any] = {
        "result": str(word.result), "done": word.result.done.value, "sentence": word.result.sentence,
        "ending": inquiry.ending, "provider": inquiry.account.name, "request": str(inquiry.name),
        "facts": plain(word.facts),
    }  # fmt: skip
    if word.status is not None:
        told["theirs"] = {"status": word.status, "code": word.code, "message": word.message}
    more = {"why": word.why, "cause": word.cause, "action": word.action, "differs": word.differs, "drift": word.drift}
    told.update({name: value for name, value in more.items() if value})
    return Response(200, (("Content-Type", "application/json"),), write_json(told))


class _Story:
    def __init__(self, inquiry: Inquiry, clock: Clock) -> None:
        self.inquiry, self.clock = inquiry, clock
        self.account, self.facts = inquiry.account, dict(inquiry.facts)
        self.form = inquiry.account.outbound.forms[inquiry.name]
        self.key = request_key(self.account.journal_id, inquiry.name, str(self.facts.get("reference", "")))
        self.until = inquiry.until
        self.holder = ""
        self.running = False

    def ending(self, word: Word) -> str:
        """not_sent, heard or unknown."""
        if word.result is Result.UNKNOWN:
            return "unknown"
        heard = self.inquiry.sent or word.status is not None or word.result.done is Moved.YES
        return "heard" if heard else "not_sent"

    def unsure(self, why: str) -> Word:
        """What can be said after something of ours broke."""
        return Word(Result.UNKNOWN if self.inquiry.sent else Result.PROVIDER_UNAVAILABLE, why=why)

    def told(self) -> Asked:
        """What came of it."""
        try:
            request = self.request(self.form, self.facts)
        except Fault as fault:
            return Word(Result.REQUEST_INVALID, why=fault.why)
        if self.inquiry.name not in CREATES:
            word = yield from self.send(self.form, request)
            yield from self.memories(word)
            return word
        return (yield from self.create(request))

    def memories(self, word: Word) -> Flow:
        """Whose a session is that was opened by this request: its first callback may name nobody, and no currency.

        That it cannot be remembered changes nothing of what was done: the wallet is asked then, as of any session.
        """
        known = {**self.facts, **word.facts}
        if word.result is not Result.OK or not known.get("session") or not known.get("player"):
            return
        who = {name: known[name] for name in ("player", "currency") if known.get(name) is not None}
        with suppress(JournalUnavailable):
            yield Remember(self.account.journal_id, "session", str(known["session"]), who)

    def request(self, form: AskForm, facts: Mapping[str, Any]) -> Request:
        """The signed message of *form*."""
        now = self.clock.wall()
        return self.account.outbound.write(form.name, facts, self.account.keys, now, self.account.settings)

    def send(self, form: AskForm, request: Request) -> Asked:
        """Ask once, and hear. Nothing is carried on: it moves nothing, or is only asked about."""
        itself = form.name is self.inquiry.name
        self.inquiry.sent = self.inquiry.sent or itself
        ending = yield Send(request, self.until, self.until, None, self.lane(Priority.READ), to=form.url)
        if isinstance(ending, Heard):
            return self.heard(form, ending.response)
        if isinstance(ending, NotSent):
            self.inquiry.sent = self.inquiry.sent and not itself
            return Word(Result.PROVIDER_UNAVAILABLE, why=ending.why)
        return Word(Result.UNKNOWN, why=ending.why)

    def heard(self, form: AskForm, response: Response) -> Word:
        """What an answer says; what stands in no row is noted."""
        word = hear(form, self.facts, response)
        self.inquiry.drift += word.unlisted
        return word

    def lane(self, priority: Priority) -> Lane:
        return Lane(self.account.journal_id, priority)

    # -- what moves money

    def create(self, request: Request) -> Asked:
        claimed = yield from self.claim()
        verdict, row = claimed.verdict, claimed.row
        if verdict is Verdict.CONFLICT:
            return Word(Result.REQUEST_INVALID, why="this reference was used before, with other content")
        if verdict is Verdict.IN_FLIGHT:
            return Word(Result.UNKNOWN, why="the same reference is being worked on")
        if verdict is Verdict.PRUNED:
            done = row.outcome is Outcome.OK
            why = "this reference is so old that only its hash is kept; it is not sent again"
            return Word(Result.ALREADY_EXISTS if done else Result.REQUEST_INVALID, why=why)
        if verdict is Verdict.KNOWN:
            return (yield from self.known(row))
        if verdict is not Verdict.OURS:
            return Word(Result.UNKNOWN, why=f"the journal holds it for {verdict}")
        self.holder = row.holder or ""
        try:
            if row.state is State.UNKNOWN:
                return (yield from self.doubted(request))
            return (yield from self.made(request, doubted=False))
        except JournalUnavailable:
            raise
        except Exception as bug:  # the row must be given back, in doubt if anything left
            self.inquiry.bug = bug
            return (yield from self.recorded(self.unsure("a bug of ours")))

    def claim(self) -> Generator[Any, Any, Claimed]:
        """Take the row; a copy of this request that is under way is waited for, once."""
        content = fingerprint({name: self.facts[name] for name in IDENTITY if name in self.facts})
        reference = str(self.facts.get("reference", ""))
        row = Row(
            self.key, self.account.journal_id, reference, name=str(self.inquiry.name), fingerprint=content,
            player=self.facts.get("player"), chain=self.key,
        )  # fmt: skip
        claimed: Claimed = yield Claim(row)
        if claimed.verdict is Verdict.IN_FLIGHT:
            yield Wait(self.key, self.inquiry.until)
            if self.clock.monotonic() < self.inquiry.until:
                claimed = yield Claim(row)
        return claimed

    def known(self, row: Row) -> Asked:
        """It was done, and we know it; what became of it since is the provider's to say."""
        word = yield from self.asked()
        if word.result is Result.OK:
            return replace(word, result=Result.ALREADY_EXISTS)
        facts = {"provider_transaction": row.reply.wallet_transaction} if row.reply else {}
        known = {name: value for name, value in facts.items() if value is not None}
        return Word(Result.ALREADY_EXISTS, facts=known, why="from our journal: the provider was not heard now")

    def asked(self) -> Asked:
        """What became of it, by our own reference."""
        if self.form.resolve is None:
            return Word(Result.UNKNOWN, why="nothing to ask with")
        form = self.account.outbound.forms[self.form.resolve]
        facts = {name: self.facts[name] for name in form.names if name in self.facts}
        return (yield from self.send(form, self.request(form, facts)))

    def doubted(self, request: Request) -> Asked:
        """An earlier try was not answered: ask what became of it; send again only what is safe to send again."""
        self.inquiry.sent = True
        word = yield from self.asked()
        if word.result is Result.OK:
            return (yield from self.recorded(replace(word, result=Result.ALREADY_EXISTS), tried=False))
        absent = word.result is Result.NOT_FOUND
        if absent and (yield from self.proved()):
            return (yield from self.made(request, doubted=False))
        if absent and self.form.again:
            return (yield from self.made(request, doubted=True))
        why = (
            "not found, too early to prove anything"
            if absent
            else f"asked what became of it: {word.why or word.result}"
        )
        return (yield from self.recorded(replace(word, result=Result.UNKNOWN, why=why), tried=False))

    def proved(self) -> Generator[Any, Any, bool]:
        """Is the last try so long ago that "not found" means that there is nothing?"""
        row = yield Look(self.key)
        due = self.account.outbound.forms[self.form.resolve].proof_after_s if self.form.resolve else None
        return row is not None and due is not None and row.updated - row.since >= due

    def made(self, request: Request, *, doubted: bool) -> Asked:
        """Send it. *doubted*: an earlier try may have done it, so that a refusal proves nothing."""

        def late(ending: Any) -> Flow:
            self.running, self.until = False, self.clock.monotonic() + CARRIED_ON
            word = yield from self.looked_into(self.weighed(ending, doubted))
            yield from self.recorded(word, late=True)

        self.inquiry.sent = True
        patience = self.until + CARRIED_ON
        ending = yield Send(request, self.until, patience, late, self.lane(Priority.CREDIT), to=self.form.url)
        self.running = isinstance(ending, Silence) and ending.running
        unsent = isinstance(ending, NotSent)
        if unsent:
            self.inquiry.sent = doubted
        word = self.weighed(ending, doubted)
        if not self.running:
            word = yield from self.looked_into(word)
        return (yield from self.recorded(word, tried=not unsent))

    def looked_into(self, word: Word) -> Asked:
        """A doubt is asked about at once, by our own reference; what is found is proved, what is not proves nothing."""
        if word.result is not Result.UNKNOWN or word.differs:
            return word
        found = yield from self.asked()
        return replace(found, why=f"asked what became of it: {word.why}") if found.result is Result.OK else word

    def weighed(self, ending: Any, doubted: bool) -> Word:
        """What this ending proves of the payment."""
        if isinstance(ending, Heard):
            word = self.heard(self.form, ending.response)
        elif isinstance(ending, NotSent):
            word = Word(Result.PROVIDER_UNAVAILABLE, why=ending.why)
        else:
            word = Word(Result.UNKNOWN, why=ending.why)
        if doubted and word.result.done is Moved.NO:
            why = f"{word.result} to a repeat proves nothing of the first try"
            return replace(word, result=Result.UNKNOWN, why=why)
        return word

    def recorded(self, word: Word, *, tried: bool = True, late: bool = False) -> Asked:
        """Durable before it is told. *tried*: the payment's own message left, and not only a question about it."""
        done = word.result.done
        state, outcome = _STATES[done]
        if done is Moved.NO and not self.inquiry.sent:
            state = State.OPEN
        if done is Moved.UNKNOWN and not tried:
            state = None  # the doubt is as old as it was
        reply = Reply(outcome, wallet_transaction=word.facts.get("provider_transaction"), reason=word.message or None)
        yield Record(
            self.key, self.holder, state, outcome,
            telling=None if late else frozenset({"done"} if done is Moved.YES else ()),
            reply=reply if done is Moved.YES else None, sent=tried and self.inquiry.sent, release=not self.running,
            heard=str(word.result), code="" if word.code is None else str(word.code),
        )  # fmt: skip
        return word


#: What the journal keeps of each certainty. A refused payment may be tried again under its reference.
_STATES: dict[Moved, tuple[State | None, Outcome]] = {
    Moved.YES: (State.APPLIED, Outcome.OK),
    Moved.NO: (State.DECLINED, Outcome.REQUEST_INVALID),
    Moved.UNKNOWN: (State.UNKNOWN, Outcome.UNKNOWN),
}

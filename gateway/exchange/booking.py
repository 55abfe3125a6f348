"""The middle of the story: claim the row, ask the wallet, judge what came of it, remember.

Nothing leaves before its claim is durable, and nothing is said before what came of it is. Everybody else who wants the
same row meanwhile waits, inside the deadline, and is answered from what was written.
"""

from collections.abc import Callable, Generator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gateway.canon.calls import Call, Reply
from gateway.canon.faults import Fault
from gateway.canon.operations import MONEY, REVERSALS, Operation
from gateway.canon.outcomes import CAN_OCCUR, NEVER_THERE, Moved, Outcome
from gateway.dialect.requestform import RequestForm
from gateway.exchange.alerting import of_claim, of_completion, of_refusal
from gateway.exchange.asking import CARRIED_ON, RESERVE, Asking
from gateway.exchange.confirming import has_succeeded
from gateway.exchange.journey import Journey
from gateway.exchange.keys import Naming
from gateway.exchange.legs import Legs, parts, refused
from gateway.exchange.parties import Provider
from gateway.exchange.recalling import lent
from gateway.exchange.remembering import memories
from gateway.exchange.rowwords import in_the_journal
from gateway.exchange.undoing import undo_calls, unseen_call
from gateway.exchange.weighing import YES, Weighed, in_doubt, said_as, sole_attempt, status_weighed, weighed
from gateway.exchange.wishes import Flow, Send
from gateway.journal.arming import incomplete
from gateway.journal.states import Effect, Row, State
from gateway.journal.wishes import Claim, Claimed, Record, Recorded, Remember, Verdict, Wait
from gateway.wire.message import Ending, Heard, NotSent, Silence, Unreachable

_REFUSES_US = frozenset({401, 403})
#: After these the wallet has no balance to tell, or is in no state to tell it.
_MUTE = frozenset(
    {Outcome.UNKNOWN, Outcome.WALLET_FAILED, Outcome.PLAYER_NOT_FOUND, Outcome.SESSION_INVALID, Outcome.SESSION_EXPIRED}
)
#: A second attempt inside one callback begins only with this much time left, in seconds.
SECOND_TRY = 0.8


class Booking(Struct, eq=False):
    """One verified call on its way to the wallet. *sent* is true from the moment in which its bytes may leave."""

    form: RequestForm
    call: Call
    provider: Provider
    asking: Asking
    journey: Journey
    naming: Naming
    row: Row | None = None  # as the claim found it
    related: tuple[Row, ...] = ()
    ours: bool = False  # the row is in our hands
    conflict: bool = False  # the row is about another content than this call
    sent: bool = False
    silent: bool = False  # an attempt of this callback ended in silence, before another
    released: bool = True  # no wallet call of ours is in flight any more
    weighed: Weighed | None = None
    legs: Legs = Legs((), Operation.STATUS)  # what is sent for it, and how far that has come

    @property
    def doubtful(self) -> bool:
        """May this call's money have moved, for all that this attempt knows?"""
        return (self.sent and not self.form.suppressed) or in_doubt(self.row)

    # -- the way to the wallet and back

    def book(self) -> Generator[Any, Any, Reply]:
        """Ask the wallet. Gives the reply to answer with; raises Fault before anything was sent."""
        if self.form.suppressed:
            return (yield from self._kept_back())
        operation, wallet = self.call.operation, self.asking.wallet
        if operation not in MONEY:
            reply = yield from self._send(self.naming.outgoing(self.asking))
            yield from self._memories(reply)
            return reply
        if refused(operation, wallet.dialect):
            raise Fault(Outcome.UNSUPPORTED_OPERATION, "the wallet has nothing like it, and nothing is sent instead")
        if self.call.transaction is None:
            raise Fault(Outcome.REQUEST_INVALID, "a money operation without an id")
        if operation is Operation.WIN or operation in wallet.dialect.instead:
            self.naming.lent = yield from lent(self.call, self.naming, self.asking)
        claimed = yield from self._claim()
        if claimed.verdict is Verdict.UNCONFIRMED and (yield from self._confirmed()):
            claimed = yield from self._claim(confirmed=True)
            if claimed.verdict is Verdict.OURS:
                self.journey.alerts.append("payment_revived")
        verdict, row, journey = claimed.verdict, claimed.row, self.journey
        journey.transaction = row.transaction  # a digest's row may stand under the stretch before
        self.row, self.related = row, claimed.related
        journey.claim, journey.state = str(verdict), str(row.state)
        if verdict is not Verdict.OURS:
            self.conflict = verdict is Verdict.CONFLICT
            return (yield from self._unclaimed(claimed))
        self.ours = True
        if incomplete(row):
            self.journey.alerts.append("incomplete")
            return self._unsent(Outcome.WALLET_FAILED, "the message does not say how much")
        if operation is Operation.WITHDRAW_COMPLETE:
            self.journey.alerts += of_completion(self.call, self.row, self.related)
        if operation in REVERSALS:
            return (yield from self._undo(claimed))
        if row.state is State.UNKNOWN and "idempotent" not in wallet.promises:
            return (yield from self._inquire(claimed))
        calls = parts(row.call or self.naming.outgoing(self.asking))
        if self.call.required_balance is not None and (short := (yield from self._short(calls))) is not None:
            return short
        return (yield from self._send(*calls))

    def _short(self, calls: tuple[Call, ...]) -> Generator[Any, Any, Reply | None]:
        """Is it a bet_win that needs more than its stake, and the player has less? Then it is refused unsent.

        One call tests that itself; of two the first has no room for it, so the balance is asked before. None: go on.
        """
        needed, bet = self.call.required_balance, calls[0]
        if len(calls) == 1 or needed is None or in_doubt(self.row) or self.asking.says(bet, "required_balance"):
            return None
        if bet.amount is not None and needed <= bet.amount:
            return None
        self.asking.deaf = False
        now = yield from self.asking.balance(self.call.facts())
        if now.get("currency", self.call.currency) != self.call.currency or "balance" not in now:
            return self._unsent(Outcome.WALLET_FAILED, "more than the stake is needed, and no balance was told")
        if now["balance"] >= needed:
            return None
        self.journey.why = "less than is needed, though enough for the stake"
        return self._certain(Reply(Outcome.INSUFFICIENT_FUNDS, player=self.call.player, **now))

    def _kept_back(self) -> Generator[Any, Any, Reply]:
        """A free bet takes nothing, so the wallet is asked for the balance instead, and its refusals stand.

        Its silence is no doubt: nothing can have moved. There is no row, so a rollback finds nothing to undo.
        """
        reply = yield from self._send(self.naming.balance_instead(self.asking))
        yield from self._memories(reply)
        return Reply(Outcome.WALLET_FAILED) if reply.outcome.moved is Moved.UNKNOWN else reply

    def _confirmed(self) -> Generator[Any, Any, bool]:
        """Does the provider itself say, asked, that this payment has succeeded? Where nobody can ask it: no."""
        account, until = self.provider.asked, self.asking.until()
        if account is None or until is None:
            return False
        return (yield from has_succeeded(self.call, self.form, account, until, self.asking.clock.wall()))

    def _claim(self, *, confirmed: bool = False) -> Generator[Any, Any, Claimed]:
        """The row, or why not; one that is in flight is waited for, as long as there is time to answer."""
        naming, undoes = self.naming, self.call.operation in REVERSALS
        targets, bets = (naming.references, ()) if undoes else ((), naming.references)
        wish = Claim(
            naming.row(self.asking), targets, self.form.targets, bets, naming.nearby, naming.within_s, confirmed
        )  # fmt: skip
        until = self.journey.answer_by - RESERVE
        while True:
            claimed: Claimed = yield wish
            if claimed.verdict is not Verdict.IN_FLIGHT or self.asking.clock.monotonic() >= until:
                return claimed
            held = next((row.key for row in (*claimed.related, claimed.row) if row.in_flight), claimed.row.key)
            yield Wait(held, until)

    def _unclaimed(self, claimed: Claimed) -> Generator[Any, Any, Reply]:
        """The answer that the journal has. What a yes of it demands may be asked for; a no is filled from memory."""
        self.journey.alerts += of_claim(claimed)
        if claimed.verdict is Verdict.KNOWN and claimed.row.state is State.APPLIED:
            self.asking.deaf = False
            return (yield from self._repeated(claimed.row))
        outcome = in_the_journal(claimed, self.call.operation)
        if outcome is Outcome.BUSY:
            self.journey.why = "its bet is in doubt: it is paid after it"
        self.asking.deaf = not self.provider.dialect.said[self.form.name, outcome].done
        return Reply(outcome)

    def _repeated(self, row: Row) -> Generator[Any, Any, Reply]:
        """What was applied is not asked for again; its balance is that of then, or that of now."""
        first = row.reply or Reply(Outcome.OK)
        reply = replace(first, outcome=Outcome.ALREADY_DONE if row.heard_done else Outcome.OK)
        if self.provider.dialect.replay_balance(self.form.name) == "fresh":
            facts = {**self.call.facts(), **first.facts()}
            now = yield from self.asking.balance(facts)
            reply = replace(reply, balance=now.get("balance", reply.balance))
        return reply

    def _undo(self, claimed: Claimed) -> Generator[Any, Any, Reply]:
        """Ask the wallet to undo the targets, under the key that our own reversal would use."""
        keys = [row.reversal_key for row in claimed.related]
        # What came only after its tombstone was undone unseen: the wallet gets the same words again under that key.
        known = [row for row in claimed.related if row.call is not None and row.state is not State.BURIED]
        if not known and claimed.related and "references" not in self.asking.wallet.promises:
            self.weighed = Weighed(State.DECLINED, Outcome.TRANSACTION_NOT_FOUND)
            self.journey.why = "never seen here, and the wallet does not promise to find it"
            return Reply(Outcome.TRANSACTION_NOT_FOUND)
        if any(row.in_parts for row in known) or (len(known) == 1 and len(keys) == 1):
            # Several of which one was sent in parts are undone one by one, each under the key of its own reversal.
            calls = tuple(call for row in known for call in undo_calls(row, self.asking))
            booked = known[0].call if len(known) == 1 else None
            if booked is not None and self.call.amount not in (None, booked.amount):
                self.journey.alerts.append("amount_differs")
        else:
            key = "+".join(keys) if keys else self.naming.own
            outgoing = unseen_call(self.naming, key, self.asking)
            if not known and claimed.related and (lacking := self.asking.unsayable(outgoing)):
                self.weighed = Weighed(State.DECLINED, Outcome.TRANSACTION_NOT_FOUND)
                self.journey.why = f"never seen here, and the wallet cannot be asked: {lacking}"
                return Reply(Outcome.TRANSACTION_NOT_FOUND)
            calls = (outgoing,)
        return (yield from self._send(*calls))

    def _inquire(self, claimed: Claimed) -> Generator[Any, Any, Reply]:
        """An attempt is in doubt, and the wallet may not be asked for the same twice: what became of it?"""
        reply = None
        if "status" in self.asking.wallet.promises and not claimed.row.in_parts:
            reply = yield from self.asking.status(claimed.row)
        if reply is None:
            self.weighed = Weighed(None, Outcome.UNKNOWN)
            return Reply(Outcome.UNKNOWN)
        self.journey.heard, self.journey.ending = str(reply.outcome), "heard"
        sole = sole_attempt(claimed.row, self.asking.wallet.promises)
        self.weighed = status_weighed(reply.outcome, landed=claimed.landed, sole=sole)
        if self.weighed.state is State.OPEN:
            self.row = replace(claimed.row, state=State.OPEN)
            return (yield from self._send(*parts(self.row.call or self.naming.outgoing(self.asking))))
        return replace(reply, outcome=self.weighed.outcome)

    def _send(self, *calls: Call) -> Generator[Any, Any, Reply]:
        """Ask. Of several *calls* the next only after the one before was taken, and none where not all can be said."""
        self.legs = Legs(calls, self.call.operation)
        for each in calls if len(calls) > 1 else ():
            if lacking := self.asking.unsayable(each):
                return self._unsent(Outcome.WALLET_FAILED, lacking)
        while True:
            reply = yield from self._ask(self.legs.call)
            if reply is not None:
                return reply

    def _ask(self, outgoing: Call) -> Generator[Any, Any, Reply | None]:
        """One call, once more if no connection was to be had, or if the same key may be sent twice; None: the next."""
        again = False
        first: Ending = NotSent("")
        while True:
            until = self.asking.until()
            if until is None:
                return self._unsent(Outcome.BUSY, "no time left to ask the wallet")
            try:
                name, request = self.asking.request(outgoing)
            except Fault as fault:
                return self._unsent(fault.outcome, fault.why)
            late = self._late(name, outgoing) if self.ours else None
            patience = until + CARRIED_ON if late else until
            self.sent = True
            self.journey.asked += 1
            lane = self.asking.lane(outgoing.operation)
            ending: Ending = yield Send(request, until, patience, late, lane, again)
            if isinstance(ending, NotSent):
                self.sent = self.silent or self.legs.begun
                if again and not isinstance(ending, Unreachable):
                    ending = first  # that there was no second attempt is no news
            if again or not self.ours or not self._may_repeat(ending):
                return self._judged(name, outgoing, ending)
            again, first, self.silent = True, ending, self.silent or isinstance(ending, Silence)

    def _may_repeat(self, ending: Ending) -> bool:
        """Is another attempt safe, and is there time for it?"""
        if self.journey.answer_by - self.asking.clock.monotonic() < SECOND_TRY:
            return False
        if isinstance(ending, Silence):
            return not ending.running and "idempotent" in self.asking.wallet.promises
        return isinstance(ending, Unreachable)

    def _unsent(self, outcome: Outcome, why: str) -> Reply:
        """Certain that this attempt never left; of an earlier one that may have, we still know nothing."""
        self.journey.why = why
        if self.doubtful:
            self.weighed = Weighed(State.UNKNOWN if self.sent else None, Outcome.UNKNOWN)
            return Reply(Outcome.UNKNOWN)
        self.weighed = Weighed(State.OPEN, outcome)
        return Reply(outcome if outcome in CAN_OCCUR[self.call.operation] else Outcome.WALLET_FAILED)

    def _judged(self, name: str, outgoing: Call, ending: Ending) -> Reply | None:
        match ending:
            case NotSent(why):
                self.journey.ending = "not_sent"
                return self._unsent(Outcome.WALLET_FAILED, why)
            case Silence(why, running):
                self.released = not running
                self.journey.ending, self.journey.why = "silence", why
                self.weighed = Weighed(State.UNKNOWN, Outcome.UNKNOWN)
                return Reply(Outcome.UNKNOWN)
            case Heard(response):
                self.journey.ending = "heard"
        wallet = self.asking.wallet
        reply, why = wallet.dialect.read_reply(
            name, outgoing, response, wallet.keys, self.asking.clock.wall(), self.journey.drift
        )
        self.journey.heard = str(reply.outcome)
        self.journey.why = self.journey.why or why
        if why and reply.outcome is Outcome.UNKNOWN:
            self.journey.alerts.append("wallet_off_contract")
        elif why and (response.status in _REFUSES_US or "refuses us" in why):
            self.journey.alerts.append("wallet_refuses_us")
        self.asking.deaf = reply.outcome in _MUTE
        if len(self.legs.calls) > 1:
            if (left := self.legs.after(reply.outcome)) is not None:
                self.legs = left
                return None
            if alert := self.legs.refuses_the_rest(reply.outcome):
                self.journey.alerts.append(alert)
                self.journey.why = f"{reply.outcome} to what must follow what was taken: a repeat asks for it again"
        return self._certain(said_as(reply, self.legs.whole(reply.outcome)))

    def _certain(self, reply: Reply) -> Reply:
        """The reply, as far as it can be believed of a row with this history."""
        heard = reply.outcome
        result = Weighed(State.APPLIED, Outcome.OK) if self._was_undone(heard) else weighed(self._before, heard)
        self.weighed = result
        if not result.proved:
            self.journey.why = f"{heard} after an attempt of unknown outcome proves nothing"
        if result.state is State.DECLINED and heard is not Outcome.NOTHING_TO_DO:
            self.journey.alerts += of_refusal(self.call.operation, heard)
        said = result.outcome
        known = self.call.operation in REVERSALS and any(row.call is not None for row in self.related)
        if said is Outcome.TRANSACTION_NOT_FOUND and known:
            said = Outcome.NOTHING_TO_DO  # we know its target, and the wallet holds nothing of it
        return said_as(reply, said)

    def _was_undone(self, heard: Outcome) -> bool:
        """Nothing (left) of what was surely booked, after an undoing that nobody answered: then that one took."""
        if self.call.operation not in REVERSALS or heard not in NEVER_THERE or not self.related:
            return False
        return all(row.state is State.APPLIED and (self.silent or row.undo_sent) for row in self.related)

    @property
    def _before(self) -> Row | None:
        """The row before the attempt that is judged: an earlier one of this callback may have moved money."""
        return replace(self.row, state=State.UNKNOWN) if self.silent and self.row is not None else self.row

    # -- remembering

    def record(self, reply: Reply, telling: Effect, code: str) -> Generator[Any, Any, Recorded | None]:
        """The wallet's side and what we are about to tell, before the answer leaves; None where nothing is new."""
        row = self.row
        if row is None:
            return None
        if not self.ours:
            if row.heard_done and telling == row.told:
                return None
            about = None if self.conflict else telling  # a word on other content is none on this row
            recorded: Recorded = yield Record(row.key, None, None, reply.outcome, about, code=code)
            return recorded
        result = self.weighed or Weighed(self._broken_off(), reply.outcome)
        recorded = yield Record(
            row.key, row.holder, result.state, reply.outcome, telling, reply if reply.outcome in YES else None,
            sent=self.sent, again=self.silent, release=self.released, related=tuple(each.key for each in self.related),
            undo=self.form.reverse_unknown and reply.outcome.moved is Moved.UNKNOWN, memories=self._memories(reply),
            heard=self.journey.heard or self.journey.ending, code=code,
        )  # fmt: skip
        return recorded

    def _broken_off(self) -> State | None:
        """What is known of the wallet's side when our own code failed on the way."""
        if self.sent:
            return State.UNKNOWN
        return None if in_doubt(self.row) else State.OPEN

    def _late(self, name: str, outgoing: Call) -> Callable[[Ending], Flow]:
        """What to do when a call that we no longer waited for ends after all."""
        row, before, again, wallet, legs = self.row, self._before, self.silent, self.asking.wallet, self.legs

        def late(ending: Ending) -> Flow:
            # It may end before our own word on it is written: then this one is all that says that it ever left.
            result, reply, failed = Weighed(State.UNKNOWN, Outcome.UNKNOWN), Reply(Outcome.UNKNOWN), None
            try:
                if isinstance(ending, Heard):
                    reply, _ = wallet.dialect.read_reply(
                        name, outgoing, ending.response, wallet.keys, self.asking.clock.wall()
                    )
                    reply = said_as(reply, legs.whole(reply.outcome))
                    result = weighed(before, reply.outcome)
            except Exception as bug:  # first the row is given back: held for ever, it would answer every copy
                failed = bug
            if row is not None:
                yield Record(
                    row.key, row.holder, result.state, result.outcome, None, reply if result.outcome in YES else None,
                    sent=True, again=again, related=tuple(each.key for each in self.related),
                    memories=self._memories(reply), heard=str(reply.outcome),
                )  # fmt: skip
            if failed is not None:
                raise failed

        return late

    def _memories(self, reply: Reply) -> tuple[Remember, ...]:
        return memories(self.call, reply, self.provider.journal_id)

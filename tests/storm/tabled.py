"""A provider made of a shipped table: its signed requests are the table's, and what it does after each answer.

It shows that the gateway keeps the money right *if the table is right*. It is judged by its own table's effects, so a
wrong row of effects it cannot find: the providers below `tests/torture/providers`, written by hand from the documents,
can. What it adds to their rounds: bet and win in one call, prizes without a bet, wins that are taken back, ids derived
of others, ids that are numbers, queries and paths, sealed bodies, silence as an answer. Free bets are not played
(`tests/exchange/test_suppressed`); of an answer's signature nothing is checked. After a win in doubt the same win
comes, also where the table's provider may roll its bet back first.

Between two tries it waits one second, doubled each time to an eighth of the published span, and so often as the span
holds, an hour at most. One that falls silent after its tries loses no answer on its own side: whether a yes that was
delivered was also read, nobody but itself could ever tell.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace as with_fields

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.compiler.rows import Effects
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.dialect.requestform import RequestForm
from gateway.dialect.sayings import Said
from gateway.dialect.wireanswer import WireAnswer
from gateway.wire.message import Garbled, Request, Response
from gateway.wire.opened import Opened
from gateway.wire.templates import look
from gateway.wire.values import Text
from tests.torture.providers.beliefs import Belief, Decision, Kind, Step
from tests.torture.providers.play import Habits, Patience, Plan, Player, plan_round
from tests.torture.providers.rounds import Provider
from tests.torture.providers.wishes import Answered, Event, NoAnswer, Pause, Post, Story

#: Seconds of the published span that are played.
PLAYED = 3_600
#: Shares of rounds, prizes and wins.
IN_ONE_CALL, WITHOUT_A_BET, TAKEN_BACK = 0.3, 0.3, 0.05
OPERATIONS: dict[Kind, Operation] = {"bet": Operation.BET, "win": Operation.WIN, "rollback": Operation.ROLLBACK}
SILENCE, FAILED = WireAnswer(no_answer=True), WireAnswer(http=500)
NEVER_WAS = frozenset({Outcome.TRANSACTION_NOT_FOUND, Outcome.NOTHING_TO_DO})


class Tabled(Provider):
    """An account that speaks *spoken* and signs with *keys* (role "sender")."""

    own_wish = "silent: when an accepted bet is called off is no row; here as often as the habits say"
    overtaking = "silent: a rollback may overtake its bet"

    def __init__(
        self, account: str, players: Sequence[Player], *, spoken: Dialect, keys: Keys, habits: Habits,
        patience: Patience, **rest: Any,
    ) -> None:  # fmt: skip
        self.falls_silent = any("silent" in said.effect for said in spoken.said.values())
        if self.falls_silent:
            habits, patience = replace(habits, late=0, loses=0), Patience()
        super().__init__(account, players, habits=habits, patience=patience, **rest)
        self.spoken, self._keys = spoken, replace(keys, answer=None)
        self._effects = Effects(spoken.tree)
        self._has = spoken.operations()
        fields = [each for form in spoken.variants.values() for each in form.fields]
        self._numbers = any(each.name == "transaction" and each.converter == Text(integer=True) for each in fields)
        self._games = any(each.name == "game" and each.converter == Text(integer=True) for each in fields)
        self._win = spoken.variants[self._has[Operation.WIN][0]]
        self._ids: dict[str, str] = {}
        self._sessions: dict[str, str] = {}
        self._prizes: dict[str, Decimal] = {}  # of bets that have their win in them
        self._kinds: dict[str, Operation] = {}  # of what is no plain bet, win or rollback
        self._asked: dict[str, tuple[Call, str]] = {}  # the last message of each transaction
        self._named: dict[str, str] = {}  # the key of each transaction's row
        self.players = [each for each in self.players if self._bears(each)]

    def _bears(self, player: Player) -> bool:
        """Can the dialect say the smallest amount of this currency?"""
        self._sessions[player.id] = "s"
        least = Decimal(1).scaleb(-player.exponent)
        call = self._call(Operation.BET, player, transaction=self._id("0"), round="g", amount=least, round_end=False)
        try:
            form, request = self.spoken.write_call(call, self._keys, self.now())
            facts = self.spoken.read_call(form, self.spoken.open(request, self._keys), call.facts())
        except (Fault, ValueError):
            return False
        return facts.amount == least

    # -- messages

    def enter(self, player: Player) -> Story:
        """The login, or the first read; a player of whom neither is asked is there already."""
        operation = next((each for each in (Operation.AUTHENTICATE, Operation.BALANCE) if each in self._has), None)
        self._sessions[player.id] = f"s{player.id}"
        if operation is None:
            return True
        swaps = any(self.spoken.said[each, Outcome.OK].form.slot("new_session") for each in self._has[operation])
        session = player.token if swaps else self._sessions[player.id]
        for attempt in range(1, 8):
            call = self._call(operation, player, session=session)
            form, post = self._posted(call)
            event = yield post
            if isinstance(event, Answered):
                reply, _ = self.spoken.read_reply(form.name, call, _response(event), self._keys, self.now())
                if reply.outcome is Outcome.OK:
                    self._sessions[player.id] = reply.new_session or session
                    return True
            yield Pause(float(attempt))
        return False

    def _call(self, operation: Operation, player: Player, **facts: Any) -> Call:
        """What any dialect may say of it; a request_id is new each time."""
        self.book.messages += 1
        game = "8001" if self._games else "marbles"
        about = {"request_id": f"{self.account}-m{self.book.messages}", "game": game, "currency": player.currency}
        return Call(operation, **{**about, "player": player.id, "session": self._sessions[player.id], **facts})

    def _posted(self, call: Call) -> tuple[RequestForm, Post]:
        form, request = self.spoken.write_call(call, self._keys, self.now())
        path = self.mount + quote(request.path, safe="/%") + (f"?{request.query}" if request.query else "")
        deadline = self.spoken.deadline_s(form.name)
        return form, Post(path, dict(request.headers), request.body, deadline, method=request.method)

    def write(self, belief: Belief, rng: Random) -> Post:
        """The message of *belief*."""
        player = next(each for each in self.players if each.id == belief.player)
        operation = self._operation(belief)
        facts: dict[str, Any] = {"transaction": self._id(belief.id), "round": belief.round, "round_end": belief.ends}
        facts["amount"] = belief.amount
        if operation is Operation.BET_WIN:
            prize = self._prizes[belief.id]
            facts |= {"bet_amount": belief.amount + prize, "win_amount": prize, "amount": None}
        if belief.target is not None:
            facts["reference"] = (self._id(belief.target),)
            if belief.kind == "rollback" and self._kinds.get(belief.target) is Operation.BET_WIN:
                facts["amount"] = None
                derived = [
                    form for form in self.spoken.variants.values()
                    if form.operation is Operation.ROLLBACK and form.targets == {Operation.BET_WIN}
                ]  # fmt: skip
                if derived:
                    rule = str(derived[0].derive["transaction"])
                    facts["transaction"] = rule.replace("{reference}", self._id(belief.target))
        if operation is Operation.PROMO_WIN:
            facts["promotion"] = f"p-{belief.round}"
        call = self._call(operation, player, **facts)
        form, post = self._posted(call)
        self._asked[belief.id] = (call, form.name)
        if belief.id not in self._named:
            self._named[belief.id] = self._key_of(belief, form, post)
        return post

    def _operation(self, belief: Belief) -> Operation:
        if belief.kind == "rollback" and self.book.beliefs[str(belief.target)].kind == "win":
            return Operation.ROLLBACK_WIN
        return self._kinds.get(belief.id, OPERATIONS[belief.kind])

    def _id(self, name: str) -> str:
        """Their own spelling of an id of this book."""
        if not self._numbers:
            return name
        return self._ids.setdefault(name, str(7 * 10**14 + len(self._ids)))

    def _key_of(self, belief: Belief, form: RequestForm, post: Post) -> str:
        """The key of its row: as the message itself says, by the table's scope."""
        path, _, query = post.path.removeprefix(self.mount).partition("?")
        request = Request(post.method, path, query, tuple(post.headers.items()), post.body)
        opened = self.spoken.open(request, self._keys)
        assert self.spoken.recognise(opened) is form
        facts = {**form.read(opened).facts, "operation": str(form.operation)}
        scope = ",".join(quote(str(facts.get(word) or ""), safe="") for word in self.spoken.scope)
        return f"{self.account}:{scope}:{facts['transaction']}"

    def wallet_key(self, belief: Belief) -> str:
        """For the auditor."""
        return self._named.get(belief.id, f"{self.account}::{belief.id}")

    # -- answers

    def hear(self, belief: Belief, event: Event, rng: Random) -> Decision:
        """The effect that the table gives to what was heard, and to silence."""
        call, name = self._asked[belief.id]
        if isinstance(event, NoAnswer):
            return self._decided(belief, name, self._effects.of(name, SILENCE, done=False).does, "no answer", rng)
        if event.status // 100 == 5 and not event.body:
            said = self.spoken.said[name, Outcome.UNKNOWN].answer
            failed = said if said.http == event.status and said.code is None else FAILED
            return self._decided(belief, name, self._effects.of(name, failed, done=False).does, "HTTP 5xx", rng)
        # Of two copies that were on the way at once, either's answer may come: their request_ids differ.
        any_copy = with_fields(call, request_id=None)
        reply, why = self.spoken.read_reply(name, any_copy, _response(event), self._keys, self.now())
        said = self.spoken.said[name, reply.outcome]
        if why and (word := self._word(name, event)) is not None:
            said = word  # what a gateway before a wallet may not believe is a provider's to take at its word
        elif why:
            self.book.oddities[f"{name}: {why[:60]}"] += 1
        if belief.kind == "rollback" and said.outcome in NEVER_WAS and said.effect & {"done", "final"}:
            return Decision(Step.NOTHING, f"DOC {self.spoken.name}: {name}: {said.answer}")
        return self._decided(belief, name, said.effect, str(said.answer), rng)

    def _word(self, name: str, event: Answered) -> Said | None:
        """What was said, by its code alone."""
        try:
            body = Opened(_response(event)).body
        except Garbled:
            return None
        for (of, _), said in self.spoken.said.items():
            slot = said.form.slot("code") if of == name else None
            if slot is not None and said.answer.code is not None and look(body, slot.keys) == said.answer.code:
                return said
        return None

    def _decided(self, belief: Belief, name: str, effect: frozenset[str], word: str, rng: Random) -> Decision:
        steps = [step for step in _STEPS if step in effect]
        assert steps, f"{self.spoken.name}: {name}: nothing is said of what follows {word}"
        if belief.kind != "bet" and "retries" in steps:
            steps = ["retries"]
        if steps == ["retries", "silent"]:
            steps = ["retries"]  # and then silence, see `exhausted`
        return Decision(
            _STEPS[rng.choice(steps)], f"DOC {self.spoken.name}: [effects] {name}: {word}: {sorted(effect)}"
        )

    # -- tries

    def _span(self, kind: Kind) -> float:
        spans = [self.spoken.span_s(each) for each in self._has[OPERATIONS[kind]]]
        return float(min(max(spans), PLAYED))

    def tries(self, kind: Kind) -> int:
        """As many as the published span holds; one where it holds none."""
        most, spent = 1, 0.0
        deadline = self.spoken.deadline_s(str(OPERATIONS[kind]))
        while (spent := spent + deadline + self.gap(kind, most)) + deadline <= self._span(kind):
            most += 1
        return most

    def gap(self, kind: Kind, attempt: int) -> float:
        """Not published by most: one second, doubled each time to an eighth of the span."""
        return float(min(2.0 ** min(attempt - 1, 20), max(1.0, self._span(kind) / 8)))

    def exhausted(self, belief: Belief, retry: Decision) -> Decision:
        """It is rolled back, or taken for failed, where the table says that beside; else it is left to people."""
        if belief.kind == "bet" and "rolls_back" in retry.source:
            return Decision(Step.UNDO, retry.source)
        if belief.kind == "bet" and "silent" in retry.source:
            return Decision(Step.FAILED, retry.source)
        return Decision(Step.DROP, "silent: its span is over; a case for reconciliation")

    # -- the round

    def bet_ends(self, plan: Plan, index: int) -> bool:
        """A win says so, if anything does."""
        return False

    def round(self, number: int) -> Story:
        """As any provider's; some have the win in their bet."""
        dice = Random(f"{self.seed}/{self.account}/{number}/one call")
        if Operation.BET_WIN in self._has and dice.random() < IN_ONE_CALL:
            return self._in_one_call(number, dice)
        return super().round(number)

    def _in_one_call(self, number: int, rng: Random) -> Story:
        player = rng.choice(self.players)
        plan = plan_round(rng, self.habits, player)
        stake, name = plan.stakes[0], f"{self.account}-{self.seed}-{number}"
        net = stake.amount - stake.prize
        bet = Belief(self.account, "bet", f"{name}-x0", player.id, player.currency, net, name, ends=True)
        self._kinds[bet.id], self._prizes[bet.id] = Operation.BET_WIN, stake.prize
        self.book.add(bet)
        undoes = any(Operation.BET_WIN in self.spoken.variants[each].targets for each in self._has[Operation.ROLLBACK])
        if not undoes:
            yield from self._say(rng, bet)
            return
        yield from self._place(rng, bet)
        if bet.state == "done" and bet.undo == "no" and plan.called_off:
            self.book.take(bet, Decision(Step.UNDO, self.own_wish))
            yield from self._undo(rng, bet)

    def settle(self, plan: Plan, standing: Sequence[tuple[int, Belief]]) -> list[Belief]:
        """A win for each bet that won, naming it where the dialect does; and now and then a prize without a bet."""
        names_bets = any(each.name == "reference" for each in self._win.fields)
        found: list[Belief] = []
        for index, bet in standing:
            prize = plan.stakes[index].prize
            if prize or (names_bets and self._win.zero == "allowed"):
                found.append(self.prize(bet, len(found), prize, target=bet.id if names_bets else None, ends=False))
        if plan.extra and "transaction" not in self._win.derive:
            like = standing[-1][1]
            found.append(self.prize(like, len(found), plan.extra, target=like.id if names_bets else None, ends=False))
        if found and self._win.derive.get("round_end") is True and "round" in self._win.given:
            del found[1:]  # each of its wins ends a round
        if found:
            found[-1].ends = True
        dice = Random(f"{standing[0][1].id}/promotion")
        if Operation.PROMO_WIN in self._has and dice.random() < WITHOUT_A_BET:
            prize = self.prize(standing[0][1], len(found), plan.extra or Decimal(1), target=None, ends=False)
            self._kinds[prize.id] = Operation.PROMO_WIN
            found.append(prize)
        return found

    def _pay(self, rng: Random, win: Belief) -> Story:
        """Some take a win back."""
        yield from super()._pay(rng, win)
        back = Operation.ROLLBACK_WIN in self._has and self._operation(win) is Operation.WIN
        if back and win.state == "done" and win.undo == "no" and rng.random() < TAKEN_BACK:
            self.book.take(win, Decision(Step.UNDO, self.own_wish))
            yield from self._undo(rng, win)

    def _roll_back(self, rng: Random, target: Belief, name: str) -> Story:
        """A second rollback is a repeat of the first one where it has no id but its target's."""
        first = self.book.beliefs.get(f"{target.id}-u")
        if first is None or self._own_ids(first):
            return (yield from super()._roll_back(rng, target, name))
        event = yield self._written(first, rng)
        decision = self.hear(first, event, rng)
        self.book.again(first, decision)
        return decision

    def _own_ids(self, rollback: Belief) -> bool:
        """Does what it is remembered by name it alone?"""
        return self._named[rollback.id].rpartition(":")[2] == self._id(rollback.id)


_STEPS = {
    "done": Step.DONE, "retries": Step.RETRY, "rolls_back": Step.UNDO, "final": Step.FAILED, "silent": Step.FAILED,
}  # fmt: skip


def _response(event: Answered) -> Response:
    """As it came, but for its headers: the table's answers are JSON."""
    return Response(event.status, (("Content-Type", "application/json"),), event.body)

"""A callback driven by hand in virtual time: the real story, the real memory, the real wallet, no sockets.

A World is one provider that speaks a shipped dialect, our memory, and the sandbox wallet behind a dialect of its own,
the canonical one unless said otherwise.
`world.tell(request, *hops)` carries one callback; each hop says how one Send ends, an honest wallet when none is left.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace as with_fields

from gateway.canon.calls import Call, Reply
from gateway.canon.operations import MONEY, REVERSALS, Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.answerform import Unfilled
from gateway.dialect.dialect import Dialect
from gateway.dialect.requestform import RequestForm
from gateway.dialect.sayings import Said
from gateway.exchange.callback import callback
from gateway.exchange.errand import Errand
from gateway.exchange.journey import ALERTS, Journey
from gateway.exchange.keys import row_key
from gateway.exchange.wishes import Answer, Delivery, Flow, Send
from gateway.journal.memory import Memory
from gateway.journal.sessions import Remembered
from gateway.journal.states import Policy, Row
from gateway.journal.wishes import Remember, Wait
from gateway.sandbox.reading import as_booked, read_call
from gateway.sandbox.wallet import Wallet as SandboxWallet
from gateway.wire.jsontext import read_json, write_json
from gateway.wire.message import Request, Response
from gateway.wire.opened import Opened
from gateway.wire.templates import look
from tests.exchange.accounts import PROMISES, account, made_account, unsayable, wallet_side
from tests.exchange.clock import Clock
from tests.exchange.endings import Hop, honest
from tests.exchange.recovering import recover
from tests.exchange.shipped import dialect, numbered

#: (step, wish) -> what to raise inside the story instead of performing the wish.
Throw = Callable[[int, Any], BaseException | None]


def plainly(step: Callable[[], Any]) -> Any:
    """A step inside a story, with nothing around it."""
    return step()


@dataclass
class Story:
    """What became of one callback."""

    name: str | None  # the operation as the dialect has it; None when it was not to be known
    call: Call
    journey: Journey
    dialect: Dialect
    wishes: list[Any] = field(default_factory=list)
    answers: list[Response | None] = field(default_factory=list)
    wallet: Dialect = field(default_factory=lambda: dialect("canonical"))
    answered_at: float | None = None
    request: Request | None = None  # what the provider sent

    @property
    def response(self) -> Response:
        """The one answer."""
        assert len(self.answers) == 1, f"{len(self.answers)} answers"
        assert self.answers[0] is not None, "the connection was closed"
        return self.answers[0]

    @property
    def outcome(self) -> Outcome:
        """As answered."""
        return Outcome(self.journey.outcome)

    @property
    def said(self) -> Said:
        """The row that answered."""
        return self.dialect.said[self.name if self.journey.operation != "unread" else None, self.outcome]

    @property
    def effect(self) -> frozenset[str]:
        """What the provider does now."""
        return frozenset(self.journey.effect)

    @property
    def sends(self) -> list[Send]:
        """Everything the wallet was to be asked."""
        return [wish for wish in self.wishes if isinstance(wish, Send)]

    @property
    def money_sends(self) -> list[Send]:
        """Of these, the calls that may move money."""
        spoken, (_, keys) = self.wallet, wallet_side(self.wallet.name)
        return [wish for wish in self.sends if spoken.recognise(spoken.open(wish.request, keys)).operation in MONEY]

    @property
    def recalls(self) -> set[str]:
        """By what the message's missing facts are recalled."""
        return set() if self.name is None else set(self.dialect.variants[self.name].recall.values())

    @property
    def kinds(self) -> list[str]:
        """The wishes by kind, in order."""
        return [type(wish).__name__ for wish in self.wishes]


class World:
    """A provider, our memory, the wallet, and the time that all three live in.

    *promises*: what we are told that the wallet keeps; *kept*: what it does keep, the same unless said otherwise.
    """

    def __init__(
        self, name: str | Dialect, balance: str = "100.00", promises: frozenset[str] = PROMISES, currency: str = "EUR",
        wallet: str | Dialect = "canonical", kept: frozenset[str] | None = None,
    ) -> None:  # fmt: skip
        self.clock = Clock()
        self.policy = Policy(promises, chance=lambda: 1.0)
        self.memory = self._fresh()
        self.dialect = name if isinstance(name, Dialect) else dialect(name)
        self.provider, self.caller = made_account(name) if isinstance(name, Dialect) else account(name)
        spoken, self.wallet_keys = wallet_side(wallet if isinstance(wallet, str) else wallet.name)
        if not isinstance(wallet, str):  # one of that name, and so of its keys, that lacks something
            spoken = replace(spoken, dialect=wallet)
        self.wallet = replace(spoken, promises=promises)
        self.sandbox = SandboxWallet(clock=self.clock.wall, promises=promises if kept is None else kept)
        person = {"nickname": "Ann", "country": "DE"}
        self.currency = currency
        self.sandbox.open_player("1001", currency, Decimal(balance), session="s1", launch="L1", **person)
        self.booked: list[Call] = []  # what reached the wallet's books, in order
        self.running: list[Send] = []  # calls that are carried on after we stopped waiting
        self.serial = 0
        self.delay = 0.0  # seconds from our answer to its last byte on the socket
        self.gone = False  # the provider hung up
        self.meanwhile: list[Callable[[], Any]] = []  # what happens while somebody waits for a row, one per Wait
        self.hop: Hop = honest  # how the last Send ended
        self.session = "s1"
        self._begin()
        self.booked.clear()

    def _begin(self) -> None:
        """The player logs in as this provider has it; where the wallet has no word for that, we were told elsewhere."""
        logs_in = self.dialect.operations().get(Operation.AUTHENTICATE, ())
        forms = [self.dialect.said[each, Outcome.OK].form for each in logs_in]
        token = next((slot for form in forms if (slot := form.slot("new_session"))), None)
        mute = unsayable(self.dialect.name, self.wallet.dialect.name) if self.wallet.dialect.name != "canonical" else ()
        if logs_in and Operation.AUTHENTICATE in mute:
            who = {"player": "1001", "currency": self.currency}
            self.memory.do(Remember("acme", "session", self.session, who))
            self.memory.do(Remember("acme", "player", "1001", {**who, "session": self.session}))
        elif token is not None and self._swaps():
            first = self.tell(self.request(Operation.AUTHENTICATE, session="L1"))
            self.session = str(look(Opened(first.response).body, token.keys))
        elif logs_in:  # it asks whose session it is, and gets no other one
            self.tell(self.request(Operation.AUTHENTICATE))
        elif "balance" in self.dialect.variants and Operation.BALANCE not in mute:
            self.tell(self.request(Operation.BALANCE))

    def _swaps(self) -> bool:
        """Does the wallet give another token for the one that came with the launch?"""
        spoken = self.wallet.dialect
        forms = [spoken.said[form.name, Outcome.OK].form for form in spoken.sayers(Operation.AUTHENTICATE)]
        return any(form.slot("new_session") for form in forms)

    def _fresh(self) -> Memory:
        return Memory(self.policy, clock=self.clock.monotonic, wall=self.clock.wall)

    @property
    def memories(self) -> dict[Any, Any]:
        """What is remembered beside the rows: facts by (account, kind, id)."""
        return {key: dict(facts) for key, facts in vars(self.memory.remembered)["_facts"].items()}

    def forget(self, *, rows: bool = False) -> None:
        """Sessions and players are forgotten, as by a restart; *rows* too, as in another process without a store."""
        self.memory.remembered = Remembered()
        if rows:
            self.memory = self._fresh()

    @property
    def balance(self) -> Decimal:
        """The player's, as the wallet's books have it."""
        return self.sandbox.balance("1001")

    def key_of(self, request: Request) -> str:
        """The key of the row that this message is about."""
        opened = self.dialect.open(request, self.provider.keys)
        form = self.dialect.recognise(opened)
        facts = form.read(opened).facts
        return row_key(self.provider, {**facts, "operation": str(form.operation)}, facts["transaction"])

    def key(self, operation: Operation, transaction: str) -> str:
        """The key of the row of an *operation* that has this id of its own, of the player here."""
        return row_key(self.provider, {"player": "1001", "operation": str(operation)}, self.spelled(transaction))

    def row(self, transaction: str) -> Row | None:
        """The row of one of the provider's transactions, where an id is no more than itself."""
        return self.memory.rows.get(f"acme::{self.spelled(transaction)}")

    # -- the provider's side

    @property
    def game(self) -> str:
        """Their games have names, or numbers where the provider or the wallet has nothing else."""
        return "8001" if numbered(self.dialect, "game") or numbered(self.wallet.dialect, "game") else "marbles"

    def spelled(self, transaction: str) -> str:
        """An id as this dialect can bear it: some have numbers."""
        plain = transaction.isalnum() and not transaction.isdecimal() and numbered(self.dialect, "transaction")
        return str(int.from_bytes(transaction.encode())) if plain else transaction

    def call(self, operation: Operation, transaction: str = "t1", **facts: Any) -> Call:
        """A call with everything that any of the dialects says."""
        self.serial += 1
        whole: dict[str, Any] = {
            "request_id": f"r{self.serial}", "session": getattr(self, "session", "s1"), "player": "1001",
            "currency": self.currency, "game": self.game,
        }  # fmt: skip
        if operation in MONEY:
            amount = Decimal("10.00") if operation is Operation.BET else Decimal("5.00")
            whole |= {"transaction": transaction, "round": "g1", "amount": amount, "round_end": False}
            if operation is Operation.BET_WIN:
                whole |= {"bet_amount": Decimal("10.00"), "win_amount": Decimal("5.00")}
            if operation in (Operation.WIN, Operation.ROLLBACK, Operation.ROLLBACK_WIN):
                whole |= {"reference": ("t1",)}
            if operation is Operation.ROLLBACK:
                whole |= {"amount": Decimal("10.00")}
        whole |= facts
        if whole.get("transaction"):
            whole["transaction"] = self.spelled(whole["transaction"])
        if whole.get("reference"):
            whole["reference"] = tuple(map(self.spelled, whole["reference"]))
        return Call(operation, **whole)

    def request(self, operation: Operation, transaction: str = "t1", **facts: Any) -> tuple[Call, str, Request]:
        """The same as a signed message."""
        call = self.call(operation, transaction, **facts)
        form, request = self.dialect.write_call(call, self.caller, self.clock.wall())
        return call, form.name, request

    def tell(
        self, message: tuple[Call, str | None, Request], *hops: Hop, throw: Throw | None = None,
        around: Callable[[Callable[[], Any]], Any] = plainly, waited: float = 0.0,
    ) -> Story:  # fmt: skip
        """Carry one callback to its end. *around* is called with each step inside the story.

        *waited*: seconds that have gone since its head came in.
        """
        call, name, request = message
        received = self.clock.now - waited
        journey = Journey("acme", self.dialect.name, received, answer_by=float("inf"), id=f"j{self.serial}")
        story = self.story = Story(name, call, journey, self.dialect, wallet=self.wallet.dialect, request=request)
        flow = around(lambda: callback(request, self.provider, self.wallet, journey, self.clock))
        self.carry(flow, story, list(hops), throw, around)
        assert set(journey.alerts) <= set(ALERTS)
        if throw is None and around is plainly:
            # An `unknown` that demands what nobody gave is said in words prepared for it.
            assert journey.bug is None or isinstance(journey.bug, Unfilled), repr(journey.bug)
        for key, facts in self.memories.items():
            assert all(key), "remembered under no name"
            assert None not in facts.values()
        return story

    def carry(
        self, flow: Flow, story: Story, hops: list[Hop], throw: Throw | None = None,
        around: Callable[[Callable[[], Any]], Any] = plainly,
    ) -> None:  # fmt: skip
        """Drive *flow* to its end."""
        step: Callable[[], Any] = lambda: next(flow)  # noqa: E731
        while True:
            try:
                wish = around(step)
            except StopIteration:
                return
            story.wishes.append(wish)
            fault = throw(len(story.wishes) - 1, wish) if throw else None
            if fault is None:
                try:
                    result = self.perform(wish, story, hops, around)
                except Exception as bug:
                    fault = bug
            if fault is not None:
                step = lambda fault=fault: flow.throw(fault)  # noqa: E731
            else:
                step = lambda result=result: flow.send(result)  # noqa: E731

    def perform(self, wish: Any, story: Story, hops: list[Hop], around: Callable[[Callable[[], Any]], Any]) -> Any:
        """What the edge does with a wish."""
        if isinstance(wish, Send):
            assert wish.lane is not None, "on whose behalf?"
            assert wish.lane.account == "acme"
            assert (wish.late is None) == (wish.patience == wish.until), "carried on for nobody, or not at all"
            # A second attempt meets the same trouble, unless the test says otherwise.
            self.hop = hops.pop(0) if hops else self.hop if wish.again else honest
            return self.hop(self, wish)
        if isinstance(wish, Answer):
            story.answers.append(wish.response)
            self.clock.now += self.delay
            story.answered_at = self.clock.now
            return Delivery(None if self.gone or wish.response is None else self.clock.now)
        if isinstance(wish, Wait):
            if self.meanwhile:
                self.meanwhile.pop(0)()
            else:
                self.clock.now = max(self.clock.now, wish.until)
        return around(lambda: self.memory.do(wish))

    def finish(self, hop: Hop, wish: Send | None = None) -> Story:
        """A call that was carried on (the oldest, or *wish*) ends after all, and its late story is told."""
        wish = self.running[0] if wish is None else wish
        self.running = [each for each in self.running if each is not wish]
        assert wish.late is not None
        journey = Journey("acme", self.dialect.name, self.clock.now, float("inf"))
        story = Story(None, self.call(Operation.BALANCE), journey, self.dialect)
        self.carry(wish.late(hop(self, wish)), story, [])
        return story

    def recover(self, hop: Hop | None = None, *, seconds: float = 0.0, most: int = 10_000) -> list[Errand]:
        """Let our outbox work, until nothing is due any more at the end of *seconds* from now; gives its errands."""

        def tell(flow: Flow, errand: Errand) -> None:
            self.carry(flow, Story(None, self.call(Operation.BALANCE), errand, self.dialect), [hop] * 3 if hop else [])

        return recover(self.memory, self.wallet, self.clock, tell, seconds=seconds, most=most)

    @property
    def in_flight(self) -> set[str]:
        """Keys of rows for which somebody has a call on its way."""
        return {row.key for row in self.memory.rows.values() if row.in_flight}

    # -- the wallet's side

    def book(self, request: Request) -> tuple[str, Call, Reply]:
        """The wallet's own doing: read, verify, book."""
        spoken, now = self.wallet.dialect, self.clock.wall()
        opened = spoken.open(request, self.wallet_keys)
        form = spoken.recognise(opened)
        spoken.verify(form.name, opened, self.wallet_keys, now)
        call = read_call(spoken, form, opened, self.sandbox)
        if call.operation in MONEY:
            self.looks_there(form, call)
            self.booked.append(call)
        return form.name, call, self.sandbox.apply(as_booked(spoken, call))

    def looks_there(self, form: RequestForm, call: Call) -> None:
        """A wallet with a word for the undoing of each kind looks among those of that kind only."""
        kinds = {each.operation for each in self.booked if each.transaction in (call.reference or ())}
        if call.operation in REVERSALS and kinds:
            assert form in self.wallet.dialect.sayers(call.operation, kinds), f"{form.name} undoes no {kinds}"

    def says(self, request: Request, outcome: Outcome | None = None, **changed: Any) -> Response:
        """The wallet's answer after booking; *outcome* and *changed* facts make it lie."""
        name, call, reply = self.book(request)
        return self.worded(name, call, with_fields(reply, outcome=outcome or reply.outcome), **changed)

    def worded(self, name: str, call: Call, reply: Reply, **changed: Any) -> Response:
        """An answer of the wallet's, whatever it did."""
        spoken = self.wallet.dialect
        facts = {**call.facts(), **reply.facts(), "now": datetime.fromtimestamp(self.clock.wall(), UTC), **changed}
        possible = (name, reply.outcome) in spoken.said
        said = reply.outcome if possible else Outcome.UNKNOWN
        answer = spoken.write_answer(name, said, facts, self.wallet_keys, self.clock.wall())
        assert answer is not None
        if possible or spoken.tree.get("codes") != "ours":
            return answer
        return with_fields(answer, body=write_json({**read_json(answer.body), "outcome": str(reply.outcome)}))

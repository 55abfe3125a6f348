"""A stage for the stories of one dialect: generated keys, a virtual clock, the sandbox wallet in the same process.

Everything between the provider's bytes and the wallet's books is the real part; only sockets and time are not.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.canon.calls import Call, Reply
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect, Role
from gateway.dialect.keys import Keys
from gateway.dialect.shelf import Shelf
from gateway.exchange.callback import callback, refusal
from gateway.exchange.errand import Errand
from gateway.exchange.journey import Journey
from gateway.exchange.parties import Provider
from gateway.exchange.parties import Wallet as WalletParty
from gateway.exchange.wishes import Answer, Delivery, Flow, Send
from gateway.journal.memory import Memory
from gateway.journal.states import Policy
from gateway.journal.wishes import Claim, Record, Remember, Told, Wait
from gateway.sandbox.wallet import Wallet
from gateway.wire.jsontext import read_json
from gateway.wire.message import Ending, Heard, Request, Response
from gateway.wire.opened import Draft
from tests.exchange.recovering import recover

WALLET_SECRET = {"signing": [b"whsec_" + base64.b64encode(b"a wallet secret of 32 bytes long")]}
TEXT_SECRET = b"a made-up secret"
PROMISES = frozenset({"idempotent", "tombstones", "status", "references"})


@cache
def dialect(name: str, **options: str) -> Dialect:
    """A shipped table, compiled and proved once per run."""
    return Shelf().dialect(name, options)


@cache
def rsa_pair(which: str) -> tuple[bytes, bytes]:
    """(private PEM, public PEM), generated once per run and name."""
    key = rsa.generate_private_key(65537, 2048)
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def secrets(spoken: Dialect) -> dict[str, list[bytes]]:
    """A generated secret for every name that *spoken* needs in either role."""
    found: dict[str, list[bytes]] = {}
    recipes = [*spoken.request_recipes.values(), *([spoken.answer_recipe] if spoken.answer_recipe else [])]
    for recipe in recipes:
        if recipe.scheme == "rsa":
            private, public = rsa_pair(recipe.check_secret)
            found |= {recipe.make_secret: [private], recipe.check_secret: [public]}
        elif recipe.scheme != "none":
            found[recipe.check_secret] = [TEXT_SECRET]
    return found


@cache
def keys(name: str, role: Role, **options: str) -> Keys:
    """The generated secrets of an account, bound once per run: reading a private key takes its time."""
    spoken = dialect(name, **options)
    return spoken.bind(WALLET_SECRET if name == "canonical" else secrets(spoken), role)


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self.now

    def wall(self) -> float:
        """Virtual unix time."""
        return 1_770_000_000.0 + self.now


@dataclass
class Scene:
    """What became of one callback. *asked*: the calls that reached the wallet; *wishes*: what the journal was asked."""

    response: Response | None
    journey: Journey
    asked: list[Call]
    wishes: list[Any]

    @property
    def body(self) -> dict[str, Any]:
        """The answer, read."""
        assert self.response is not None
        return dict(read_json(self.response.body))

    @property
    def remembered(self) -> list[Any]:
        """Every wish that leaves something behind."""
        return [wish for wish in self.wishes if isinstance(wish, Claim | Record | Remember | Told)]


@dataclass
class Stage:
    """One account of a dialect in front of one sandbox wallet, with player 1001 (EUR 100.00, session s1, launch L1).

    *wallet_answers*, when set, plays the hop in the wallet's place: it gets the request and gives an Ending; what it
    wants booked it hands to `book`. What it raises is raised into the story; a bug fails the test unless *may_break*.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    wallet_answers: Callable[[Request], Ending] | None = None
    may_break: bool = False

    def __post_init__(self) -> None:
        self.dialect = dialect(self.name, **self.options)
        self.secrets = secrets(self.dialect)
        self.clock = Clock()
        self.forget()
        self.sandbox = Wallet(clock=self.clock.wall)
        self.sandbox.open_player("1001", "EUR", Decimal("100.00"), session="s1", launch="L1")
        receiver = keys(self.name, "receiver", **self.options)
        self.caller = keys(self.name, "sender", **self.options)
        account = Provider(self.name, self.name, f"/{self.name}", self.dialect, receiver, self.settings)
        self.provider = account.prepared(self.clock.wall())
        self.wallet = WalletParty(dialect("canonical"), keys("canonical", "sender"), PROMISES)
        self._wallet_keys = keys("canonical", "receiver")
        self._asked: list[Call] = []

    def forget(self) -> None:
        """Begin with an empty memory, as another process without a store would."""
        policy = Policy(PROMISES, chance=lambda: 1.0)
        self.memory = Memory(policy, clock=self.clock.monotonic, wall=self.clock.wall)

    # -- what the provider sends

    def write(self, call: Call) -> Request:
        """*call* in this dialect, signed by the provider."""
        return self.dialect.write_call(call, self.caller, self.clock.wall(), self.settings)[1]

    def sign(self, path: str, body: str | bytes, *, method: str = "POST", as_operation: str | None = None) -> Request:
        """Raw *body*, signed by the provider as it is. *as_operation*: with the recipe of that operation's own."""
        raw = body.encode() if isinstance(body, str) else body
        draft = Draft("json", method, path, raw=raw)
        draft.headers["Content-Type"] = "application/json"
        self.caller.of(as_operation).make(draft, self.clock.wall())
        return draft.request()

    # -- the story

    def play(self, request: Request | Call, *, delivered: bool = True, takes: float = 0.0) -> Scene:
        """Tell the story of one callback. *delivered*: the provider was still there; *takes*: seconds of delivery."""
        message = self.write(request) if isinstance(request, Call) else request
        journey = Journey(self.name, self.name, self.clock.monotonic(), 0.0, id=f"j{self.clock.now}")
        flow = callback(message, self.provider, self.wallet, journey, self.clock)
        return self._scene(flow, journey, delivered, takes)

    def refuse(self, request: Request, outcome: Outcome, why: str = "the edge says so") -> Scene:
        """The story of a message that the edge did not take in: too large, too slow."""
        journey = Journey(self.name, self.name, self.clock.monotonic(), 0.0, id="refused")
        return self._scene(refusal(request, self.provider, journey, self.clock, outcome, why), journey, True, 0.0)

    def recover(self, *, seconds: float = 0.0) -> list[Errand]:
        """Let our outbox work for so long; gives its errands. The wallet is the one that callbacks meet."""

        def tell(flow: Flow, errand: Errand) -> None:
            assert self._carry(flow, errand, [], True, 0.0) == [], "nobody is there to be answered"

        return recover(self.memory, self.wallet, self.clock, tell, seconds=seconds)

    def _scene(self, flow: Flow, journey: Journey, delivered: bool, takes: float) -> Scene:
        self._asked, wishes = [], list[Any]()
        answers = self._carry(flow, journey, wishes, delivered, takes)
        assert len(answers) == 1, f"a story answers once, not {len(answers)} times"
        return Scene(answers[0], journey, list(self._asked), wishes)

    def _carry(
        self, flow: Flow, journey: Journey, wishes: list[Any], delivered: bool, takes: float
    ) -> list[Response | None]:
        """Drive *flow* to its end, noting the *wishes* that the journal performs; gives its answers."""
        answers = []
        wish = next(flow)
        try:
            while True:
                result: Any
                if isinstance(wish, Send):
                    try:
                        result = self.wallet_answers(wish.request) if self.wallet_answers else self.book(wish.request)
                    except Exception as error:
                        wish = flow.throw(error)
                        continue
                elif isinstance(wish, Answer):
                    answers.append(wish.response)
                    self.clock.now += takes
                    result = Delivery(self.clock.monotonic() if delivered else None)
                else:
                    wishes.append(wish)
                    if isinstance(wish, Wait):
                        self.clock.now = max(self.clock.now, wish.until)
                    result = self.memory.do(wish)
                wish = flow.send(result)
        except StopIteration:
            pass
        assert self.may_break or journey.bug is None, repr(journey.bug)
        return answers

    def book(self, request: Request) -> Ending:
        """The sandbox wallet's own work: read, verified, booked, answered."""
        canonical, now = self.wallet.dialect, self.clock.wall()
        opened = canonical.open(request)
        form = canonical.recognise(opened)
        canonical.verify(form.name, opened, self._wallet_keys, now)
        call = canonical.read_call(form, opened)
        self._asked.append(call)
        return self.say(form.name, call, self.sandbox.apply(call))

    def say(self, name: str, call: Call, reply: Reply) -> Heard:
        """The wallet's answer *reply* to *call*, as it travels."""
        facts = {**call.facts(), **reply.facts()}
        answer = self.wallet.dialect.write_answer(name, reply.outcome, facts, self._wallet_keys, self.clock.wall())
        assert answer is not None
        return Heard(answer)

    def wallet_says(self, outcome: Outcome, **facts: Any) -> None:
        """From now on the wallet answers every call with *outcome*, and books nothing."""

        def answer(request: Request) -> Ending:
            opened = self.wallet.dialect.open(request)
            form = self.wallet.dialect.recognise(opened)
            call = self.wallet.dialect.read_call(form, opened)
            self._asked.append(call)
            return self.say(form.name, call, Reply(outcome, **facts))

        self.wallet_answers = answer

    def reads(self, operation: str, call: Call, scene: Scene) -> Reply:
        """What a provider (or a gateway, with this dialect on the wallet's side) understands of the answer."""
        assert scene.response is not None
        return self.dialect.read_reply(operation, call, scene.response, self.caller, self.clock.wall())[0]

    @property
    def memories(self) -> dict[Any, Any]:
        """What is remembered beside the rows: facts by (account, kind, id)."""
        return {key: dict(facts) for key, facts in vars(self.memory.remembered)["_facts"].items()}

    @property
    def balance(self) -> Decimal:
        """Player 1001's money in the wallet."""
        return self.sandbox.balance("1001")

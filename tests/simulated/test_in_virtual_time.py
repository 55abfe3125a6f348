"""Simulated providers and the gateway's stories in one process and in virtual time, with wallets that misbehave.

The same providers, driven by a function instead of a socket; no second passes. What an honest gateway and a dishonest
wallet do to the books is found by the auditor; what an honest wallet that loses messages does is put right, by the
provider's own rules and by our outbox, which works in the same time.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from gateway.canon.calls import Call, Reply
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.wire.message import Ending, Request, Silence, Unreachable
from tests.seeds.stage import TEXT_SECRET, Stage, rsa_pair
from tests.torture.auditor import Auditor
from tests.torture.providers.drivers import Virtual
from tests.torture.providers.evenbet import EvenBet, FieldClient
from tests.torture.providers.marbles import Marbles
from tests.torture.providers.play import Habits, Patience, Player
from tests.torture.providers.rounds import Provider
from tests.torture.providers.scorpio import Scorpio
from tests.torture.providers.wishes import Answered, Line, Post

#: Which dialect an account of each kind speaks, and by what.
KINDS: dict[str, tuple[str, Any]] = {
    "marbles": ("155io", lambda who, **rest: Marbles("155io", who, key=rsa_pair("public_key")[0], **rest)),
    "scorpio": ("scorpio", lambda who, **rest: Scorpio("scorpio", who, token=TEXT_SECRET, **rest)),
    "evenbet": ("evenbet", lambda who, **rest: EvenBet("evenbet", who, key=TEXT_SECRET, **rest)),
    "field": ("evenbet", lambda who, **rest: FieldClient("evenbet", who, key=TEXT_SECRET, **rest)),
}
ROUNDS = 100
#: Seconds after which no message of any of them can still come: the longest horizon, three times an hour, and some.
LONG = 4 * 3600.0


class House:
    """A stage behind a provider, in the provider's time. Seconds of the wallet's are drawn from the seed."""

    def __init__(self, kind: str, seed: int, **knobs: Any) -> None:
        dialect, made = KINDS[kind]
        self.rng = Random(f"house/{seed}")
        self.stage = Stage(dialect)
        self.stage.sandbox.open_player("1001", "EUR", 1000, session="s1", launch="L1", nickname="Ann", country="DE")
        self.driver = Virtual(self.exchange, start=self.stage.clock.now)
        player = Player("1001", "EUR", "L1" if dialect == "evenbet" else "s1")
        given = {"seed": seed, "now": self.stage.clock.wall, "mount": "", **knobs}
        self.provider: Provider = made([player], **given)

    def exchange(self, post: Post, now: float) -> tuple[Answered | None, float]:
        """One callback, told to its end at its moment, after what our outbox had to do before."""
        self.stage.recover(seconds=now - self.stage.clock.now)
        self.stage.clock.now = now
        headers = tuple(post.headers.items())
        seconds = self.rng.choice([0.01, 0.02, 0.3])
        delivered = post.line is not Line.HANGS_UP or seconds <= post.waits
        scene = self.stage.play(Request("POST", post.path, "", headers, post.body), delivered=delivered, takes=seconds)
        assert scene.response is not None
        return Answered(scene.response.status, scene.response.body), seconds

    def play(self, rounds: int = ROUNDS, *, and_then: float = LONG) -> Auditor:
        """Enter, play, let our outbox work for so many seconds more, audit."""
        self.driver.begin(self.provider.enter(self.provider.players[0]))
        self.driver.run()
        for number in range(rounds):
            self.driver.begin(self.provider.round(number), self.driver.now + 0.2 * number)
        self.driver.run()
        return self.rest(and_then)

    def rest(self, seconds: float) -> Auditor:
        """Let our outbox work, and audit."""
        self.stage.recover(seconds=seconds)
        return Auditor(self.stage.sandbox.ledger.connection, [self.provider.book])

    @property
    def parked(self) -> list[str]:
        """Keys of rows that wait for a human."""
        return [key for key, row in self.stage.memory.rows.items() if row.parked]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [11, 16])
def test_a_wallet_that_loses_messages(kind: str, seed: int, note: Callable[[str], None]) -> None:
    """A third of its answers never come, booked or not: the provider's rules and ours bring belief and books together.

    Nobody gives up, and nothing waits for a human.
    """
    habits = Habits(hangs_up=0.08, loses=0.08, late=0.0, twice=0.1)
    house = House(kind, seed, patience=Patience(until_heard=True, most_tries=50), habits=habits)
    rng = Random(f"wallet/{seed}")

    def loses(request: Request) -> Ending:
        drawn = rng.random()
        if drawn < 0.15:
            return Silence("nothing was booked", running=False)
        if drawn < 0.2:
            return Unreachable("nobody listens")
        heard = house.stage.book(request)
        return heard if drawn > 0.35 else Silence("booked", running=False)

    house.stage.wallet_answers = loses
    audit = house.play()
    note(f"{kind}, seed {seed}: {len(house.provider.book)} transactions, {house.driver.now:.0f} virtual seconds")
    assert audit.verdict, audit.report()
    assert set(audit.total.values()) == {Decimal(0)}
    assert audit.oddities == {}
    assert (audit.given_up, house.parked) == ([], [])


def test_a_run_is_repeated_from_its_seed() -> None:
    """The same beliefs, word for word, and the same balance."""
    runs = []
    for _ in range(2):
        house = House("marbles", 5)
        house.play(40)
        runs.append(([str(belief) for belief in house.provider.book], house.stage.balance, house.driver.now))
    assert runs[0] == runs[1]


def test_bets_that_a_provider_leaves_alone_are_put_right_by_us() -> None:
    """155.io taken at its word: a bet that was booked in silence stays so until it cannot come back, and is undone."""
    house = House("marbles", 3, after_failed_bet=["leave"], habits=replace(Habits(), loses=0.0, twice=0.0))
    house.stage.wallet_answers = lambda request: (house.stage.book(request), Silence("booked", running=False))[1]
    audit = house.play(5, and_then=0.0)
    assert {row.kind for row in audit.rows} == {"bet"}
    assert sum(audit.total.values()) < 0
    assert not audit.verdict
    house.stage.wallet_answers = None
    audit = house.rest(LONG)
    assert audit.verdict, audit.report()
    assert (set(audit.total.values()), house.parked) == ({Decimal(0)}, [])


def books_twice(house: House, call: Call, request: Request) -> Ending:
    """Two effects under two keys, and one honest answer."""
    heard = house.stage.book(request)
    if call.operation in (Operation.BET, Operation.WIN):
        house.stage.sandbox.apply(with_fields(call, transaction=f"{call.transaction}~2", round=None, reference=None))
    return heard


def pays_nothing(house: House, call: Call, request: Request) -> Ending:
    """Says ok to a win and pays nothing."""
    return says_ok(house, call) if call.operation is Operation.WIN else house.stage.book(request)


def keeps_the_refund(house: House, call: Call, request: Request) -> Ending:
    """Says ok to a rollback and refunds nothing."""
    return says_ok(house, call) if call.operation is Operation.ROLLBACK else house.stage.book(request)


def says_ok(house: House, call: Call) -> Ending:
    """A contract-valid yes, and nothing in the books."""
    known = {"player": "1001", "balance": house.stage.balance, "currency": "EUR", "currency_exponent": 2}
    return house.stage.say(str(call.operation), call, Reply(Outcome.OK, **known))


DISHONEST = {books_twice: "doubled", pays_nothing: "lost", keeps_the_refund: "lost"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("does", DISHONEST, ids=lambda does: does.__name__)
def test_a_wallet_that_lies_is_found_out(kind: str, does: Any) -> None:
    """Money differs, the finding names it, every cent is explained by a transaction."""
    house = House(kind, 4, habits=Habits(calls_off=0.3))

    def answer(request: Request) -> Ending:
        opened = house.stage.wallet.dialect.open(request)
        form = house.stage.wallet.dialect.recognise(opened)
        return does(house, house.stage.wallet.dialect.read_call(form, opened), request)

    house.stage.wallet_answers = answer
    audit = house.play(30)
    assert getattr(audit, DISHONEST[does])
    assert set(audit.total.values()) != {Decimal(0)}
    assert not audit.verdict
    assert not [fault for fault in audit.faults if "no transaction explains" in fault]

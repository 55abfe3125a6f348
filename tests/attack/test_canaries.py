"""Secrets and personal facts are canaries: none sings in a log line, a metric, a span, an error, a traceback, or in
`config show`.

10,000 events over all dialects, honest, mutated, forged, and broken inside by exceptions that quote what they met;
100,000 in `make torture`. Over sockets a few hundred more, with the settings shown.
"""

import base64
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from prometheus_client import generate_latest

from gateway.canon.faults import Fault
from gateway.canon.operations import Operation
from gateway.cli.config import show
from gateway.edge.drift import DriftWatch
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics, Told
from gateway.edge.spans import Spans
from gateway.exchange.callback import callback
from gateway.exchange.journey import Journey
from gateway.wire.message import Request
from tests.attack.forgeries import Forger
from tests.attack.messages import MORE, WRITTEN, Line
from tests.attack.test_bodies import mutant
from tests.attack.volume import ATTACKS, DIALECTS, SEED, rng_of
from tests.edge.test_app import House, Served
from tests.edge.test_tracing import Collector
from tests.exchange.driving import Story
from tests.exchange.made_secrets import secrets

EVENTS = max(100, ATTACKS // 2 if ATTACKS < 1_000_000 else 100_000)
#: What a player is, by the field of ours that holds it. An id of a transaction is no secret, and stands in the log.
PERSONAL = {
    "player": "canary-player-51",
    "session": "canary-session-52",
    "round": "canary-round-53",
    "request_id": "canary-req-54",
}
PERSON = {"nickname": "canary-nick-55", "country": "QZ"}
HEADERS = (
    ("User-Agent", "canary-agent-56"),
    ("X-Forwarded-For", "203.0.113.251"),
    ("Cookie", "canary-cookie-57"),
    ("tracestate", "canary-state-59=1"),
    ("baggage", "player=canary-baggage-60"),
)
SINGING = [
    *PERSONAL.values(),
    PERSON["nickname"],
    "canary-agent-56",
    "203.0.113.251",
    "canary-cookie-57",
    "canary-query-58",
    "canary-state-59",
    "canary-baggage-60",
]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Of spans."""
    there = Collector()
    yield there
    there.stop()


def spelled(secret: bytes) -> Iterator[bytes]:
    """As it is, and as it would stand in a header, a URL, a dump."""
    key = secret.removeprefix(b"whsec_")
    for one in {secret, key}:
        for line in one.splitlines() if one.startswith(b"-----") else [one]:
            if not line.startswith(b"-----") and len(line) > 8:
                yield from (line, line.hex().encode(), base64.b64encode(line), quote(line).encode())
                yield repr(line)[2:-1].encode()


def sings(text: bytes, canaries: list[bytes]) -> list[bytes]:
    """Which of them stand in it."""
    return [one for one in canaries if one in text]


class Recorded(Spans):
    """Spans as they would be sent, without the SDK that sends them."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def _record(self, name: str, kind: int, journey: Journey, seconds: float, facts: Any, *, wrong: bool) -> None:
        self.written.append(f"{name} {journey.trace} {journey.caller_span} {dict(facts)}")


class Choir:
    """One dialect's events, and everything that is written about them."""

    def __init__(self, name: str) -> None:
        self.line, self.rng = Line(name), rng_of("canaries", name)
        self.forger = Forger(self.line, self.rng)
        self.out = io.BytesIO()
        self.log = Log(self.out, "json")
        spoken = self.line.spoken
        self.metrics = Metrics({"acme": {str(each) for each in spoken.operations()}})
        self.drift = DriftWatch({"acme": name}, "canonical", self.metrics, self.log)
        self.spans = Recorded()
        self.renewed: Any = None

    def messages(self) -> Iterator[Request]:
        """Honest ones, of a player who is all canaries."""
        line = self.line
        number = 0
        while True:
            world = line.world
            if world is not self.renewed:
                self.renewed = world
                player, session = PERSONAL["player"], PERSONAL["session"]
                world.sandbox.open_player(player, world.currency, Decimal("99.00"), session=session, **PERSON)
            if line.name in WRITTEN:
                yield from (line.resigned(each) for each in WRITTEN[line.name])
                continue
            for operation in line.spoken.operations():
                number += 1
                facts = {**MORE.get(operation, {}), **PERSONAL}
                if line.world.dialect.name == "jdb":
                    facts.pop("round")
                try:
                    yield world.request(operation, f"t{number}", **facts)[2]
                except (Fault, ValueError):
                    continue

    def event(self, request: Request) -> None:
        """One of them: as it is, mutated, forged, or told while something breaks; then written about."""
        draw = self.rng.random()
        broken = None
        if draw < 0.2:
            request = mutant(self.line, request, self.rng)
        elif draw < 0.35:
            request = self.forger.forge(request) or request
        elif draw < 0.5:
            broken = self.rng.randrange(6)
        query = f"{request.query}&canary=canary-query-58" if self.rng.random() < 0.1 else request.query
        request = Request(request.method, request.path, query, (*request.headers, *HEADERS), request.body)
        journey = self.told(request, broken)
        if any(one in journey.transaction for one in SINGING):
            journey.transaction = ""  # a query that was cut made it part of the transaction's id, which the log tells
        told = self.rng.choice(list(Told))
        self.metrics.began()
        self.metrics.ended(journey, told, 0.1)
        self.log.line(journey, told, 0.1)
        self.spans.callback(journey, told, 0.1)
        if journey.bug is not None:
            self.log.bug(journey.bug, "callback")
        self.drift.saw("acme", journey.drift)

    def told(self, request: Request, broken: int | None) -> Journey:
        """Its journey; *broken*: the step of the story at which an exception comes that quotes everything."""
        self.line.told += 1
        if self.line.told % 200 == 0:
            self.line.renew()
        world = self.line.world
        journey = Journey("acme", world.dialect.name, world.clock.now, float("inf"), id="j")
        story = Story(None, world.call(Operation.BALANCE), journey, world.dialect, wallet=world.wallet.dialect)

        def throw(step: int, wish: Any) -> BaseException | None:
            return RuntimeError(f"{request!r} {wish!r} {secrets()!r}") if step == broken else None

        world.carry(callback(request, world.provider, world.wallet, journey, world.clock), story, [], throw)
        return journey


@pytest.mark.heavy
@pytest.mark.parametrize("name", DIALECTS)
def test_no_canary_sings(name: str, note: Callable[[str], None], capfd: pytest.CaptureFixture[str]) -> None:
    """Of the secrets of either end, and of the player: log, metrics, spans, the list of drift, both output streams."""
    choir = Choir(name)
    messages = choir.messages()
    many = -(-EVENTS // len(DIALECTS))
    for _ in range(many):
        choir.event(next(messages))
    written = choir.out.getvalue() + generate_latest(choir.metrics.registry) + orjson.dumps(choir.drift.listed())
    assert len(choir.spans.written) == many
    written += "".join(choir.spans.written).encode()
    written += "".join(capfd.readouterr()).encode()
    canaries = [
        *(each.encode() for each in SINGING),
        *(one for all_ in secrets().values() for each in all_ for one in spelled(each)),
    ]
    assert sings(written, canaries) == [], f"GATEWAY_ATTACK_SEED={SEED}"
    lines = choir.out.getvalue().splitlines()
    assert len(lines) >= many
    assert any(b'"event":"bug"' in line for line in lines), "nothing broke, so nothing was proved about what breaks"
    note(f"seed {SEED}, canaries in {name}: {many} events, none sang")


def test_a_canary_would_be_heard() -> None:
    """The ear itself: a secret in any of its spellings, and a player's name."""
    for each in secrets().values():
        for canary in spelled(each[0]):
            assert sings(b"{" + canary + b"}", list(spelled(each[0])))


async def test_no_canary_sings_over_sockets(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], collector: Collector
) -> None:
    """The real edge: honest, forged, garbled, too slow, outside every mount; then what an operator can look at."""
    house, rng = House(tmp_path), Random(SEED)
    traced = find_spec("opentelemetry") is not None  # an extra, which the lock brings
    otel = f'[otel]\nendpoint = "{collector.url}"\n'
    async with Served(house, more=otel if traced else "") as served:
        served.wallet.wallet.open_player(
            "canary-player-51", "EUR", Decimal("99.00"), session="canary-session-52", **PERSON
        )
        for number in range(100):
            for name, caller in served.callers.items():
                call = caller.call(
                    Operation.BET, player="canary-player-51", session="canary-session-52", round="canary-round-53"
                )
                _, request = caller.dialect.write_call(call, caller.keys, 0)
                body = bytearray(request.body)
                if number % 4 == 1:
                    body[rng.randrange(len(body))] ^= 1
                path = "/canary-query-58" if number % 9 == 5 else f"/{name}{request.path}"
                headers = {**dict(request.headers), **dict(HEADERS)}
                if number % 7 == 3:
                    headers["Content-Encoding"] = "canary-agent-56"
                async with served.client.post(served.url + path, data=bytes(body), headers=headers) as answer:
                    heard = await answer.read()
                assert not sings(heard, [one for value in house.secrets[name].values() for one in spelled(value)])
        seen = [served.out.getvalue()]
        for path in ("/metrics", "/drift", "/readyz", "/healthz", "/", "/nowhere"):
            async with served.client.get(served.admin + path) as answer:
                seen.append(await answer.read())
    assert (len(collector.spans) > 200) == traced
    seen.append(orjson.dumps([collector.spans, collector.resources]))
    assert show(config=house.path) == 0
    seen.append("".join(capfd.readouterr()).encode())
    canaries = [each.encode() for each in SINGING]
    canaries += [one for values in house.secrets.values() for value in values.values() for one in spelled(value)]
    assert sings(b"".join(seen), canaries) == []
    assert b"signing" in seen[-1]

"""A tiny operator on a real socket that answers as it is told, and what a simulated provider plays with it."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.torture.providers.beliefs import Belief
from tests.torture.providers.drivers import Live, Sockets
from tests.torture.providers.evenbet import EvenBet, FieldClient
from tests.torture.providers.marbles import Marbles
from tests.torture.providers.play import QUIET, Habits, Player
from tests.torture.providers.rounds import Provider
from tests.torture.providers.scorpio import Scorpio

KEY = b"test_secret_key"
NOW = 1_770_000_000.25
#: One bet in a round, which wins or loses for certain.
WINS = replace(QUIET, wins=1.0, more_bets=0, more_wins=0)
LOSES = replace(WINS, wins=0.0)

Said = tuple[int, Any]  # status and body; a body that is neither bytes nor text is written as JSON


class Silence:
    """The operator reads the message and never answers."""


class Reset:
    """The operator reads the message and closes the connection."""


@dataclass
class Message:
    """What the operator heard."""

    path: str
    headers: dict[str, str]
    raw: bytes

    def __getitem__(self, name: str) -> Any:
        return json.loads(self.raw)[name]

    @property
    def fields(self) -> dict[str, Any]:
        """The body."""
        return dict(json.loads(self.raw))


@dataclass
class Operator:
    """Answers *script* in order, then *honest* for ever. *heard*: every message, in order."""

    honest: Any
    script: list[Said | type[Silence] | type[Reset]] = field(default_factory=list)
    heard: list[Message] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One exchange."""
        message = Message(request.path, dict(request.headers), await request.read())
        self.heard.append(message)
        said = self.script.pop(0) if self.script else self.honest(message)
        if said is Silence:
            await self.gone.wait()
        if said in (Silence, Reset):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        status, body = said
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=status, body=raw, content_type="application/json")

    def told(self, name: str) -> list[Any]:
        """That field of every message, None where it has none."""
        return [message.fields.get(name) for message in self.heard]


def evenbet_says(message: Message) -> Said:
    """Success, whatever it is."""
    if message.path.endswith("/login"):
        return 200, {"token": "a session", "balance": 1000, "currency": "EUR", "currencyPrecision": 2}
    return 200, {"transactionId": message["transactionId"], "balance": 1000}


def scorpio_says(message: Message) -> Said:
    """Success, whatever it is."""
    return 200, {"balance": 10, "statusCode": "OK"}


def marbles_says(message: Message) -> Said:
    """Success, whatever it is."""
    return marbles_word("SUCCESS", message)


def marbles_word(status: str, message: Message | None = None) -> Said:
    """A status in the page's form."""
    who = {name: message[name] for name in ("requestId", "clientPlayerId")} if message else {}
    known = {"requestId": "r", "clientPlayerId": "1001", **who, "currency": "EUR", "balance": 1000}
    return 200, {"status": status, **known}


HONEST = {"evenbet": evenbet_says, "field": evenbet_says, "scorpio": scorpio_says, "marbles": marbles_says}


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """The key with which 155.io signs, made once."""
    return rsa.generate_private_key(65537, 2048)


def provider(account: str, habits: Habits = WINS, *, seed: int = 1, **knobs: Any) -> Provider:
    """An account with one player, 1001, in euros."""
    players = [Player("1001", "EUR", "a token")]
    given: dict[str, Any] = {"seed": seed, "now": lambda: NOW, "habits": habits, "mount": "", **knobs}
    if account == "scorpio":
        return Scorpio(account, players, token=KEY, **given)
    if account == "marbles":
        return Marbles(account, players, key=rsa_key(), **given)
    return (FieldClient if account == "field" else EvenBet)(account, players, key=KEY, **given)


def only(who: Provider, kind: str) -> Belief:
    """The one belief of a kind."""
    (found,) = (belief for belief in who.book if belief.kind == kind)
    return found


async def playing(url: str, who: Provider, rounds: Iterable[int] = (0,), **scales: Any) -> None:
    """Enter and play those rounds one after another; deadlines take a twentieth of their time, pauses none."""
    async with Sockets(url) as sockets:
        assert await Live(sockets, pauses=0.0).run(who.enter(who.players[0]))
        driver = Live(sockets, **{"pauses": 0.0, "deadlines": 0.05, **scales})
        for number in rounds:
            await driver.run(who.round(number))
        await driver.finish()

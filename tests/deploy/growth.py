"""A gateway that hears nothing twice: other ids, players, rounds, games, paths, fields, operations, keys in every call.

What a scrape finds before it, and after.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry

from gateway.canon.operations import Operation
from gateway.cli.caller import Caller
from tests.crowd.served import crowd

#: Connections at one time.
WIDE = 16
#: What comes in turn: bets that are taken, bets with a field of no row, and what is wrong before it is read.
TURNS = ("honest", "strange", *("forged", "elsewhere") * 3, *("nowhere",) * 2)


@dataclass
class Grown:
    """The series (name and labels) *before* and *after*; *classes*: how many calls ended in which."""

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    classes: Counter[str] = field(default_factory=Counter)


def series(registry: CollectorRegistry) -> frozenset[str]:
    """All that a scrape finds, without their values."""
    return frozenset(
        f"{sample.name}{sorted(sample.labels.items())}" for family in registry.collect() for sample in family.samples
    )


async def grow(calls: int, folder: Path) -> Grown:
    """Send *calls* callbacks over sockets, each with ids that nobody has used before, and look."""
    found = Grown()
    async with crowd(folder, "sqlite:journal.db", balance="100000000.00") as scene:
        app, caller = scene.apps[0], scene.callers[0]
        found.before = series(app.metrics.registry)
        numbers = iter(range(calls))
        await asyncio.gather(*(_play(caller, numbers) for _ in range(WIDE)))
        found.after = series(app.metrics.registry)
        for family in app.metrics.registry.collect():
            for sample in family.samples:
                if sample.name in ("gateway_callbacks_total", "gateway_unrouted_total"):
                    found.classes[sample.labels.get("outcome_class", "unrouted")] += int(sample.value)
    return found


async def _play(caller: Caller, numbers: Iterator[int]) -> None:
    host, port = urlsplit(caller.url).hostname, urlsplit(caller.url).port
    reader = writer = None
    for number in numbers:
        if writer is None:
            reader, writer = await asyncio.open_connection(host, port)
        writer.write(_message(caller, number))
        assert reader is not None
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        if b"connection: close" in lines:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()


def _message(caller: Caller, number: int) -> bytes:
    """The next call: one of TURNS."""
    turn, word = TURNS[number % len(TURNS)], f"n{number:x}"
    if turn in ("honest", "strange"):
        return _signed(caller, word, strange=turn == "strange")
    path = {"forged": "/slots/bet", "elsewhere": f"/slots/{word}", "nowhere": f"/{word}/bet"}[turn]
    return _raw("POST", f"{path}?{word}={word}", (("X-Signature", word),), f'{{"a-{word}": "{word}"}}'.encode(), word)


def _signed(caller: Caller, word: str, *, strange: bool) -> bytes:
    """A bet; a *strange* one is of a player that nobody knows, with a field of no row."""
    facts = {"round": f"round-{word}", "game": f"game-{word}", "transaction": word}
    if strange:
        facts |= {"player": f"player-{word}", "session": f"session-{word}"}
    form = caller.form(Operation.BET)
    draft = form.write(caller.call(Operation.BET, **facts), {})
    if strange:
        draft.body[f"field-{word}"] = word
    caller.keys.of(form.name).make(draft, 0)
    request = draft.request()
    target = f"/slots{request.path}" + (f"?{request.query}" if request.query else "")
    return _raw(request.method, target, request.headers, request.body, word)


def _raw(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes, word: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: gateway", f"X-{word}: {word}"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in ("host", "content-length")]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body

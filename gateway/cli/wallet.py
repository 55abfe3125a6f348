"""`gateway wallet`: the sandbox wallet alone, for a gateway that runs elsewhere."""

import asyncio
import math
import signal
from collections.abc import Callable
from contextlib import closing
from typing import Annotated, TypeVar

import apsw
from cyclopts import Parameter

from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.cli.madeup import made_up
from gateway.cli.serve import cannot_listen
from gateway.dialect.shelf import Shelf
from gateway.edge.addresses import parse_listen
from gateway.sandbox.moods import Mood, mood_of
from gateway.sandbox.promises import ALL, Promise, named
from gateway.sandbox.server import SandboxServer
from gateway.sandbox.wallet import Wallet
from gateway.wire.signatures import SecretFault

#: The table that the sandbox wallet speaks, and the player that is there from the start.
DIALECT, SECRET = "canonical", "signing"
PLAYER, CURRENCY, BALANCE = "1001", "EUR", 100

_Given = TypeVar("_Given")
_Read = TypeVar("_Read")


def wallet(
    *,
    listen: Annotated[str, Parameter(help="host:port; port 0 takes any free one.")] = "127.0.0.1:9000",
    mood: Annotated[str, Parameter(help="How it behaves: silent, half_body ...; --moods lists all.")] = "well",
    secret: Annotated[
        str | None, Parameter(help="The signing secret, whsec_ and base64; default: one made up for this run.")
    ] = None,
    seconds: Annotated[
        float, Parameter(help="What a slow answer takes, and how much later a late call is booked.")
    ] = 5.0,
    without: Annotated[
        list[str] | None,
        Parameter(negative="", help="A promise that it does not keep, once for each: " + ", ".join(sorted(ALL)) + "."),
    ] = None,
    books: Annotated[
        str, Parameter(help="An SQLite file that keeps the books, also when it is killed; default: in memory.")
    ] = ":memory:",
    fsync: Annotated[bool, Parameter(negative="", help="Keep them through a power cut as well; slower.")] = False,
    moods: Annotated[bool, Parameter(negative="", help="List the moods and end.")] = False,
) -> int:  # fmt: skip
    """The sandbox wallet alone: a real ledger behind the canonical API, and moods to break it with.

    It keeps the four promises that a wallet can make, but for those that --without withdraws; it says what that means.
    Books in a file may be read by others while it runs. A toy for development: its admin calls have no guard, so it
    belongs on loopback.
    """
    if moods:
        for each in Mood:
            print(f"{each.value:<22} {each.sentence}")
        return CLEAN
    began = _meant("--mood", mood_of, mood)
    withdrawn = _meant("--without", named, without or ())
    host, port = _meant("--listen", parse_listen, listen)
    if not 0 <= seconds < math.inf:
        raise Misuse("--seconds: a number of 0 or more")
    dialect = Shelf().dialect(DIALECT)
    value = secret.encode() if secret is not None else made_up(dialect)[SECRET]
    try:
        ledger = Wallet(books, promises=ALL - withdrawn, fsync=fsync)
    except (apsw.Error, ValueError) as fault:
        raise Misuse(f"--books {books}: {fault}") from None
    with closing(ledger):
        try:
            server = SandboxServer(
                dialect, {SECRET: [value]}, wallet=ledger, mood=began, slow_seconds=seconds, late_seconds=seconds
            )
        except SecretFault as fault:
            raise Misuse(f"--secret: {fault.why}") from None
        _welcome(ledger)
        return asyncio.run(_serve(server, host, port, value.decode() if secret is None else None))


def _meant(option: str, reads: Callable[[_Given], _Read], given: _Given) -> _Read:
    try:
        return reads(given)
    except ValueError as fault:
        raise Misuse(f"{option}: {fault}") from None


def _welcome(ledger: Wallet) -> None:
    """The player that is there from the start; in books that know it, what it owns stays what it was."""
    gift = BALANCE if ledger.ledger.player(PLAYER) is None else None
    ledger.open_player(PLAYER, CURRENCY, gift, session=f"session-{PLAYER}", launch=f"launch-{PLAYER}", nickname="Ann")


async def _serve(server: SandboxServer, host: str, port: int, made: str | None) -> int:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        await server.start(host, port)
    except OSError as fault:
        print(cannot_listen(fault, f"{host}:{port}"), flush=True)
        return FINDINGS
    print(explained(server.url, server.wallet, made), flush=True)
    await stopped.wait()
    await server.stop()
    return CLEAN


def explained(url: str, wallet: Wallet, made: str | None) -> str:
    """What whoever starts it needs to know."""
    kept = ", ".join(promise for promise in Promise if promise in wallet.promises) or "none"
    gone = "".join(f"without {each}: {each.withdrawn}\n" for each in Promise if each not in wallet.promises)
    secret = f"made up for this run:  export WALLET_SECRET={made}\n" if made else ""
    broken = f'{{"mood": "half_body", "player": "{PLAYER}", "operation": "bet", "count": 1}}'
    mixed = '{"mix": {"well": 9, "silent_after_booking": 1}, "seed": 7}'
    player = '{"player": "7", "currency": "EUR", "balance": "50.00", "session": "s-7"}'
    return f"""sandbox wallet at {url}, speaking the {DIALECT} dialect
player {PLAYER} has {wallet.balance(PLAYER)} {CURRENCY}, session session-{PLAYER}, launch token launch-{PLAYER}
promises kept: {kept}
{gone}{secret}
break it       curl {url}/sandbox/moods -d '{{"mood": "silent"}}'
... just once  curl {url}/sandbox/moods -d '{broken}'
... by chance  curl {url}/sandbox/moods -d '{mixed}'
mend it        curl -X DELETE {url}/sandbox/moods
all moods      gateway wallet --moods
a player       curl {url}/sandbox/players -d '{player}'
the books      curl {url}/sandbox/ledger
the calls      curl {url}/sandbox/calls
Ctrl+C stops it."""

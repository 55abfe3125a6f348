"""`gateway wallet`: the sandbox wallet alone, for a gateway that runs elsewhere."""

import asyncio
import signal
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.cli.madeup import made_up
from gateway.cli.serve import cannot_listen
from gateway.dialect.problems import suggest
from gateway.dialect.shelf import Shelf
from gateway.edge.settings import parse_listen
from gateway.sandbox.moods import Mood
from gateway.sandbox.server import SandboxServer
from gateway.sandbox.wallet import Wallet
from gateway.wire.signatures import SecretFault

#: The table that the sandbox wallet speaks, and the player that is there from the start.
DIALECT, SECRET = "canonical", "signing"
PLAYER, CURRENCY, BALANCE = "1001", "EUR", 100


def wallet(
    *,
    listen: Annotated[str, Parameter(help="host:port; port 0 takes any free one.")] = "127.0.0.1:9000",
    mood: Annotated[str, Parameter(help="How it behaves: silent, half_body ...; --moods lists all.")] = "well",
    secret: Annotated[
        str | None, Parameter(help="The signing secret, whsec_ and base64; default: one made up for this run.")
    ] = None,
    books: Annotated[str, Parameter(help="An SQLite file that keeps the books; default: in memory.")] = ":memory:",
    moods: Annotated[bool, Parameter(negative="", help="List the moods and end.")] = False,
) -> int:  # fmt: skip
    """The sandbox wallet alone: a real ledger behind the canonical API, and moods to break it with.

    A toy for development: its admin calls have no guard, so it belongs on loopback.
    """
    if moods:
        for each in Mood:
            print(f"{each.value:<22} {each.sentence}")
        return CLEAN
    if mood not in {str(each) for each in Mood}:
        near = suggest(mood, [str(each) for each in Mood])
        raise Misuse(f'there is no mood "{mood}"' + (f": {near}" if near else "; gateway wallet --moods lists all"))
    try:
        host, port = parse_listen(listen)
    except ValueError as fault:
        raise Misuse(f"--listen: {fault}") from None
    dialect = Shelf().dialect(DIALECT)
    value = secret.encode() if secret is not None else made_up(dialect)[SECRET]
    ledger = Wallet(books)
    try:
        server = SandboxServer(dialect, {SECRET: [value]}, wallet=ledger, mood=Mood(mood))
    except SecretFault as fault:
        ledger.close()
        raise Misuse(f"--secret: {fault.why}") from None
    ledger.open_player(
        PLAYER, CURRENCY, BALANCE, session=f"session-{PLAYER}", launch=f"launch-{PLAYER}", nickname="Ann"
    )
    try:
        return asyncio.run(_serve(server, host, port, value.decode() if secret is None else None))
    finally:
        ledger.close()


async def _serve(server: SandboxServer, host: str, port: int, made: str | None) -> int:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        await server.start(host, port)
    except OSError as fault:
        print(cannot_listen(fault, f"{host}:{port}"), flush=True)
        return FINDINGS
    print(explained(server.url, made), flush=True)
    await stopped.wait()
    await server.stop()
    return CLEAN


def explained(url: str, made: str | None) -> str:
    """What whoever starts it needs to know."""
    secret = f"made up for this run:  export WALLET_SECRET={made}\n" if made else ""
    broken = f'{{"mood": "half_body", "player": "{PLAYER}", "operation": "bet", "count": 1}}'
    player = '{"player": "7", "currency": "EUR", "balance": "50.00", "session": "s-7"}'
    return f"""sandbox wallet at {url}, speaking the {DIALECT} dialect
player {PLAYER} has {BALANCE}.00 {CURRENCY}, session session-{PLAYER}, launch token launch-{PLAYER}
{secret}
break it       curl {url}/sandbox/moods -d '{{"mood": "silent"}}'
... just once  curl {url}/sandbox/moods -d '{broken}'
mend it        curl -X DELETE {url}/sandbox/moods
all moods      gateway wallet --moods
a player       curl {url}/sandbox/players -d '{player}'
the books      curl {url}/sandbox/ledger
the calls      curl {url}/sandbox/calls
Ctrl+C stops it."""

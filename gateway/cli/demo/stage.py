"""Everything the demo needs on loopback: the sandbox wallet, the gateway as `serve` would run it, and the callers.

Secrets are made up for this run and live in a temporary folder, with a settings file that `gateway send --config` and
`gateway serve --config` can read as well. Nothing is written elsewhere.
"""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import aiohttp

from gateway.canon.calls import Call
from gateway.canon.outcomes import Outcome
from gateway.cli.caller import Caller
from gateway.cli.demo.scenarios import BALANCE, CURRENCY, scenarios_of
from gateway.cli.exits import Misuse
from gateway.cli.madeup import made_up
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.dialect.shelf import Shelf
from gateway.edge.app import App
from gateway.edge.logs import Log
from gateway.edge.preparing import prepare
from gateway.edge.settings import load, show
from gateway.sandbox.call_log import CallLog
from gateway.sandbox.moods import Mood
from gateway.sandbox.server import SandboxServer
from gateway.wire.message import Request

HOST = "127.0.0.1"
WALLET = "canonical"
#: How often ports are looked for, should somebody take one in the moment before we listen.
ATTEMPTS = 8
#: Which ports are tried first: callbacks, admin, wallet.
PORTS = {"callbacks": 8080, "admin": 8081, "wallet": 9000}
#: The player that is left for whoever tries `gateway send`.
PLAYER, SESSION = "1001", "session-1001"


class Witness(CallLog):
    """The wallet's own log, which also keeps the whole calls."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[Call, Mood, Outcome | None]] = []

    def note(self, message: Request, call: Call | None, mood: Mood | None, outcome: Outcome | None) -> None:
        """One more call."""
        super().note(message, call, mood, outcome)
        if call is not None and mood is not None:
            self.seen.append((call, mood, outcome))


@dataclass
class Stage:
    """The demo's parts while they run. *forging* holds keys that sign as well as the callers', and are nobody's."""

    folder: Path
    config: Path
    shelf: Shelf
    callers: dict[str, Caller]
    forging: dict[str, Keys]
    wallet: SandboxServer
    witness: Witness
    app: App
    log: Log
    served: "asyncio.Task[int]"
    addresses: dict[str, str]
    moved: list[str] = field(default_factory=list)

    async def hang_up(self) -> None:
        """End the silent answers that nobody waits for any more, so that a stop need not wait for them either."""
        port = int(self.wallet.url.rpartition(":")[2])
        await self.wallet.stop()
        await self.wallet.start(HOST, port)


@dataclass
class Cast:
    """The dialects that take part, compiled and proved, and how long that took."""

    shelf: Shelf
    tables: Path | None
    dialects: dict[str, Dialect]
    milliseconds: float


def cast_of(tables: Path | None) -> Cast:
    """Every dialect on the shelf that something can be played with, but the wallet's own. Raises Refused."""
    began = perf_counter()
    shelf = Shelf(*([tables] if tables else []))
    dialects = {name: shelf.dialect(name) for name in shelf.names if name != WALLET}
    able = {name: dialect for name, dialect in dialects.items() if scenarios_of(dialect)}
    return Cast(shelf, tables, able, (perf_counter() - began) * 1000)


@dataclass
class _Raised:
    """The wallet and the gateway, listening."""

    config: Path
    ports: dict[str, int]
    moved: list[str]
    wallet: SandboxServer
    witness: "Witness"
    app: App
    served: asyncio.Task[int]


@asynccontextmanager
async def raised(cast: Cast, folder: Path) -> AsyncIterator[Stage]:
    """Start everything; on leaving, stop it. OSError when no port can be had."""
    secrets = {name: made_up(dialect) for name, dialect in cast.dialects.items()}
    with (folder / "gateway.log").open("wb", buffering=0) as lines:
        log = Log(lines, "json")
        up = await _listening(cast, folder, secrets, log)
        wallet, app, served = up.wallet, up.app, up.served
        addresses = {name: f"http://{HOST}:{port}" for name, port in up.ports.items()}
        async with aiohttp.ClientSession(trust_env=False) as client:
            callers = {
                name: Caller(dialect, dialect.bind(_live(secrets[name]), "sender"),
                             f"{addresses['callbacks']}/{name}", client)
                for name, dialect in cast.dialects.items()
            }  # fmt: skip
            forging = {name: dialect.bind(_live(made_up(dialect)), "sender") for name, dialect in cast.dialects.items()}
            try:
                yield Stage(
                    folder, up.config, cast.shelf, callers, forging, wallet, up.witness, app, log, served, addresses,
                    up.moved,
                )  # fmt: skip
            finally:
                await wallet.stop()  # hangs up on whoever still waits for a silent answer
                if not served.done():
                    app.lifecycle.stop()
                await served
                wallet.wallet.close()


async def _listening(cast: Cast, folder: Path, secrets: dict[str, dict[str, bytes]], log: Log) -> _Raised:
    """Find ports and listen. A port that somebody takes between the two is looked for again; OSError in the end."""
    for attempt in range(ATTEMPTS):
        try:
            return await _listen_once(cast, folder, secrets, log)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _listen_once(cast: Cast, folder: Path, secrets: dict[str, dict[str, bytes]], log: Log) -> _Raised:
    ports, moved = free_ports()
    canonical = cast.shelf.dialect(WALLET)
    wallet_secret = made_up(canonical)
    config = _written(cast, folder, ports, wallet_secret, secrets)
    settings = load(config)
    if strange := [name for name, one in show(settings).items() if one.origin == "env"]:
        raise Misuse(
            f"the environment sets {', '.join(strange)} (GATEWAY_...); unset it: a demo is for nobody's wallet"
        )
    witness = Witness()
    wallet = SandboxServer(canonical, _live(wallet_secret), calls=witness)
    wallet.wallet.open_player(PLAYER, CURRENCY, BALANCE, session=SESSION, launch="launch-1001", nickname="Ann")
    app = App(settings, prepare(settings, config), log)
    started = asyncio.Event()
    try:
        await wallet.start(HOST, ports["wallet"])
        served = asyncio.create_task(app.run(lambda public, admin: started.set()))
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait({served, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if served.done():
            served.result()
    except OSError:
        await wallet.stop()
        wallet.wallet.close()
        raise
    return _Raised(config, ports, moved, wallet, witness, app, served)


def free_ports() -> tuple[dict[str, int], list[str]]:
    """A port for each listener, the next free one where the usual is taken; and a sentence for each that moved."""
    found: dict[str, int] = {}
    moved = []
    for name, usual in PORTS.items():
        for port in range(usual, usual + 200):
            if port not in found.values() and port not in {*PORTS.values()} - {usual} and _free(port):
                found[name] = port
                break
        else:
            raise OSError(f"no port is free from {usual} to {usual + 199}")
        if found[name] != usual:
            moved.append(f"port {usual} is taken: {name} listens on {found[name]}")
    return found, moved


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _live(secrets: dict[str, bytes]) -> dict[str, Sequence[bytes]]:
    return {name: [value] for name, value in secrets.items()}


def _written(
    cast: Cast, folder: Path, ports: dict[str, int], wallet: dict[str, bytes], secrets: dict[str, dict[str, bytes]]
) -> Path:
    """The settings file of this run, its secrets beside it, readable by this user alone."""
    lines = [
        "# The demo's own settings: made up for one run, gone with it. The callers' secrets stand here as well,",
        "# so that `gateway send --config` can sign; a real provider keeps its own.",
        f'public.listen = "{HOST}:{ports["callbacks"]}"',
        f'admin.listen = "{HOST}:{ports["admin"]}"',
        'journal.url = "sqlite:journal.db"',
        "drain.accept_grace = 0",
        f"drain.timeout = {max(max(each.deadlines_ms.values()) for each in cast.dialects.values()) / 1000 + 5:g}",
        "[wallet]",
        f'url = "http://{HOST}:{ports["wallet"]}"',
        f'dialect = "{WALLET}"',
        'promises = ["idempotent", "tombstones", "status", "references"]',
        *_kept(folder, "wallet", wallet),
    ]
    for name in cast.dialects:
        lines += [f"[providers.{name}]", f'dialect = "{name}"', *_kept(folder, name, secrets[name])]
        if cast.tables is not None:
            lines.append(f"tables = '{cast.tables.resolve()}'")
    config = folder / "gateway.toml"
    config.write_text("\n".join(lines) + "\n", "utf-8")
    return config


def _kept(folder: Path, owner: str, secrets: dict[str, bytes]) -> list[str]:
    lines = []
    for name, value in secrets.items():
        path = folder / f"{owner}.{name}"
        path.touch(0o600)
        path.write_bytes(value)
        lines.append(f'secrets.{name} = [{{ file = "{path.name}" }}]')
    return lines

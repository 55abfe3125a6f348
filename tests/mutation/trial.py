"""Tries mutants: one pytest process that has collected every test forks one child for each mutant.

`python -m tests.mutation.trial [MINUTES [SECONDS]]`, in a folder made by `drawing`. A first child runs every test over
the originals and notes which functions each reaches; then a mutant meets the tests that reach its function, quick ones
first, until one fails. What became of it is a line in results.jsonl at once: a run that is stopped goes on from there,
and a mutant whose line is taken away is tried again.
"""

import itertools
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from mutmut.configuration import config
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

from tests.mutation.drawing import read

HERE = Path.cwd()
REACHED, RESULTS, LAST = HERE / "reached.json", HERE / "results.jsonl", HERE / "last.txt"
KILLED, SURVIVED, TIMED_OUT, UNREACHED = "killed", "survived", "timed out", "no test reaches it"
#: Seconds a test may take beside what it took over the originals, many times over; bytes that a child may have.
GRACE_S, TIMES, MEMORY = 10.0, 20.0, 4 << 30


class Trials:
    """The plugin. *minutes*: after so many no further mutant is begun. *most*: seconds of tests that a mutant meets."""

    def __init__(self, minutes: float, most: float) -> None:
        self.until = time.monotonic() + 60 * minutes
        self.most = most
        self.failed = ""
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the first test that fails."""
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests once: run them for each mutant."""
        items = {item.nodeid: item for item in session.items}
        if not REACHED.exists():
            self._look(items)
        told = orjson.loads(REACHED.read_bytes())
        seconds: dict[str, float] = told["seconds"]
        self.seconds = seconds
        done = {orjson.loads(line)["name"] for line in RESULTS.read_bytes().splitlines()} if RESULTS.exists() else set()
        mutants = [mutant for mutant in read(HERE) if mutant.name not in done]
        for count, mutant in enumerate(mutants, 1):
            if time.monotonic() > self.until:
                break
            reaching = told["tests"].get(mangled_name_from_mutant_name(mutant.name), [])
            quick = sorted(reaching, key=lambda name: seconds[name])
            within = itertools.takewhile(lambda each: each[1] <= self.most, zip(quick, self._sums(quick), strict=True))
            chosen = [items[name] for name, _ in within]
            started = time.monotonic()
            end, test = self._try(mutant.name, chosen) if chosen else (UNREACHED, "")
            line = {"name": mutant.name, "end": end, "test": test, "tests": len(chosen)}
            with RESULTS.open("ab") as out:
                out.write(orjson.dumps(line) + b"\n")
            took = time.monotonic() - started
            print(f"{count}/{len(mutants)} {end} {mutant.name} ({took:.1f} s) {test}", flush=True)
        return True

    def _look(self, items: dict[str, pytest.Item]) -> None:
        """Which functions each test reaches, how long it takes; one that fails over the originals tries no mutant."""

        def every() -> None:
            reached: dict[str, list[str]] = {}
            failing: list[str] = []
            for name, item in items.items():
                state()._stats.clear()
                started = time.perf_counter()
                self._run([item])
                self.seconds[name] = time.perf_counter() - started
                if self.failed:
                    failing.append(name)
                    self.failed = ""
                    continue
                for function in state()._stats:
                    reached.setdefault(function, []).append(name)
            REACHED.write_bytes(orjson.dumps({"tests": reached, "seconds": self.seconds, "failing": failing}))

        self.seconds = dict.fromkeys(items, 60.0)
        status = self._fork("stats", every)
        if status != 0:
            REACHED.unlink(missing_ok=True)
            raise pytest.UsageError(f"no mutant can be tried: the tests of the originals ended at {LAST.read_text()}")

    def _sums(self, names: list[str]) -> Iterable[float]:
        """How long they take up to and with each."""
        return itertools.accumulate(self.seconds[name] for name in names)

    def _try(self, name: str, chosen: list[pytest.Item]) -> tuple[str, str]:
        """What becomes of a mutant, and the test that saw to it."""
        status = self._fork(name, lambda: self._run(chosen))
        if os.WIFSIGNALED(status):
            late = os.WTERMSIG(status) in {signal.SIGALRM, signal.SIGXCPU}
            return TIMED_OUT if late else KILLED, LAST.read_text()
        return (KILLED if os.WEXITSTATUS(status) else SURVIVED), (LAST.read_text() if os.WEXITSTATUS(status) else "")

    def _run(self, chosen: Iterable[pytest.Item]) -> None:
        """Run tests until one fails; one that takes too long ends the process."""
        for item in chosen:
            LAST.write_text(item.nodeid)
            signal.setitimer(signal.ITIMER_REAL, GRACE_S + TIMES * self.seconds[item.nodeid])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if self.failed:
                LAST.write_text(self.failed)
                return

    def _fork(self, mutant: str, work: Any) -> int:
        """Do that in a child in which the mutant is in force; how it ended. 1 is for a test that failed."""
        if child := os.fork():
            return os.waitpid(child, 0)[1]
        code = 3
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            if mutant != "stats":
                os.dup2(nothing, 2)
            set_mutant_under_test(mutant)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            work()
            code = 1 if self.failed else 0
        finally:
            os._exit(code)


def main() -> int:
    """Collect the tests that pyproject.toml names for mutmut, and try the mutants that were drawn."""
    minutes, most = (float(argument) for argument in (*sys.argv[1:], math.inf, math.inf)[:2])
    quiet = ["-p", "no:xdist", "-p", "no:cacheprovider", "-s", "--basetemp", str(HERE / "tmp")]
    tests = [*config().pytest_add_cli_args_test_selection, *config().pytest_add_cli_args]
    return int(pytest.main([*quiet, *tests], plugins=[Trials(minutes, most)]))


if __name__ == "__main__":
    sys.exit(main())

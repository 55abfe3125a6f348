"""The measurements, each in rounds that alternate between the contenders: the machine drifts, and all drift with it.

Everything ends in plain lists, one value per round, that go into the JSON as they are; medians are taken when they are
shown. Times are milliseconds or microseconds as the names say, memory is MB of 10^6 bytes.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import overload, postgres
from tests.bench.contenders import POSTGRES, ROOT, SQLITE, Contender
from tests.bench.everybody import everybody
from tests.bench.plan import Plan
from tests.bench.processes import Failed, clean_environment
from tests.bench.site import Cores, Site, at_work

#: Callbacks per second of the first latency figure; the other is a share of the contender's own peak.
STEADY, SHARE = 500, 0.6
#: How long 100,000 callbacks may take, in seconds; a slower contender's memory is taken after what it did till then.
LONGEST = 150
MILLION, LONGEST_MILLION = 1_000_000, 1200
_COMPILE = """
import time
from gateway.dialect.shelf import Shelf
began, used = time.perf_counter(), time.process_time()
shelf = Shelf()
names = [shelf.dialect(name).name for name in shelf.names]
print(len(names), (time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000)
"""


class Bench:
    """One run. *say* hears what is being done; `results` grows as it goes."""

    def __init__(
        self, plan: Plan, contenders: Sequence[Contender], tools: Path, work: Path, cores: Cores,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.plan, self.tools, self.work, self.cores, self.say = plan, tools, work, cores, say
        self.contenders = {each.name: each for each in contenders}
        self.results: dict[str, Any] = {name: {} for name in self.contenders}

    def run(self) -> None:
        """Everything that the plan asks for."""
        self.peaks()
        self.memory()
        self.sweep("by_connections", self.plan.connections, self.plan.connections_of, self._of_connections)
        self.sweep("by_body", self.plan.bodies, self.plan.bodies_of, self._of_body)
        self.sweep("by_providers", self.plan.providers, self.plan.providers_of, self._of_providers)
        self.sweep("by_processes", self.plan.processes, (POSTGRES,), self._of_processes)
        self.overload()
        self.compiles()

    def peaks(self) -> None:
        """CPU and callbacks per second at full speed, latencies, and how long a start takes."""
        for number in range(self.plan.rounds):
            for contender in self._in_turn(number):
                with self._lost(contender), at_work(contender, self.tools, self.work, self.cores) as site:
                    self._peak(contender, site, number)
                self._even(contender, number + 1)

    def _peak(self, contender: Contender, site: Site, number: int) -> None:
        self._note(contender, "start_ms", site.start_seconds * 1000)
        site.warm()
        burst = site.burst(self.plan.burst)
        for name in ("rate", "cpu_us", "busy", "wallet_us", "database_us"):
            self._note(contender, name, getattr(burst, name))
        self.say(
            f"round {number + 1}  {contender.name:<26} {burst.cpu_us:8.1f} us  {burst.rate:8.0f}/s  "
            f"core {burst.busy:4.0%} busy"
        )
        if self.plan.latency:
            self._latencies(contender, site, burst.rate)

    @contextmanager
    def _lost(self, contender: Contender) -> Iterator[None]:
        """What fails is told, and stands in the results; the run goes on."""
        try:
            yield
        except Failed as failed:
            self.say(f"LOST     {failed}")
            self.results[contender.name].setdefault("lost", []).append(str(failed))

    def _even(self, contender: Contender, rounds: int) -> None:
        """Every list has one entry per round, so that rounds can be compared; None for what was not measured."""
        kept = self.results[contender.name]
        names = ["start_ms", "rate", "cpu_us", "busy", "wallet_us", "database_us"]
        for name in [*names, *(("at_500", "at_60_percent") if self.plan.latency else ())]:
            values = kept.setdefault(name, [])
            values += [None] * (rounds - len(values))

    def _latencies(self, contender: Contender, site: Site, peak: float) -> None:
        for name, rate in (("at_500", STEADY), ("at_60_percent", int(SHARE * peak))):
            if rate > 0.9 * peak:
                self._note(contender, name, None)
                continue
            own = site.open(rate, self.plan.latency)
            bare = site.open(rate, self.plan.latency, directly=True)
            added = {each: max(0.0, own[each] - bare[each]) for each in ("p50", "p99", "p999")}
            self._note(contender, name, {"rate": rate, **added, "with": own, "direct": bare})
            shown = "  ".join(f"{each} {added[each]:.2f} ms" for each in added)
            bad = (
                f"  {own['bad']} of {own['sent']} refused: {own['problem']}; {site.process.said(1)}"
                if own["bad"]
                else ""
            )
            self.say(f"         {contender.name:<26} adds at {rate}/s: {shown}{bad}")

    def memory(self) -> None:
        """Resident memory after 100,000 callbacks, with every dialect loaded where a journal is kept."""
        for contender in self.contenders.values() if self.plan.memory else ():
            secrets = self.work / "secrets"
            secrets.mkdir(parents=True, exist_ok=True)
            more = everybody(secrets) if contender.name in (SQLITE, POSTGRES) else ""  # the others need a journal
            with (
                self._lost(contender),
                at_work(contender, self.tools, self.work, self.cores, more=more) as site,
            ):
                began = site.process.memory() / 1e6
                done = site.all_of(self.plan.memory, LONGEST)
                after = site.process.memory() / 1e6
                told = {"at_start_mb": began, "callbacks": done, "after_mb": after}
                if self.plan.million and contender.name == SQLITE:
                    told["million_callbacks"] = done + site.all_of(MILLION - done, LONGEST_MILLION)
                    told["after_million_mb"] = site.process.memory() / 1e6
                self.results[contender.name]["memory"] = told
                self.say(f"memory   {contender.name:<26} {began:6.1f} MB at start, {after:6.1f} MB after {done:,}")

    def sweep(
        self, name: str, values: Sequence[int], of: Sequence[str], measure: Callable[[Contender, int], float]
    ) -> None:
        """CPU per callback against one cause; every round goes through all values and all contenders."""
        for number in range(self.plan.sweeps if values else 0):
            for contender in self._in_turn(number, of):
                for value in values if number % 2 == 0 else values[::-1]:
                    with self._lost(contender):
                        cpu = measure(contender, value)
                        kept = self.results[contender.name].setdefault(name, {})
                        kept.setdefault(str(value), []).append(cpu)
                        self.say(f"{name:<14} {contender.name:<26} {value:>6}: {cpu:8.1f} us")

    def overload(self) -> None:
        """Goodput under ten times the load, and one provider beside another; see `tests.bench.overload`."""
        contender = self.contenders.get(SQLITE)
        if not self.plan.overload or contender is None:
            return
        with self._lost(contender):
            where = contender, self.tools, self.work, self.cores, self.plan.overload
            kept = self.results[contender.name]
            kept["goodput"] = overload.goodput(*where, self.plan.burst)
            self.say(f"goodput        {contender.name:<26} measured, {self.plan.overload} rounds")
            kept["isolation"] = overload.isolation(*where, median(kept["goodput"]["peak"]))

    def compiles(self) -> None:
        """How long all shipped tables take to compile and prove, in a process that has imported the gateway."""
        command = ["taskset", "-c", str(self.cores.contender), sys.executable, "-c", _COMPILE]
        env = {**clean_environment(), "PYTHONPATH": str(ROOT)}
        for _ in range(self.plan.compiles):
            done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
            count, wall, cpu = done.stdout.split()
            kept = self.results.setdefault("tables", {"count": int(count), "wall_ms": [], "cpu_ms": []})
            kept["wall_ms"].append(float(wall))
            kept["cpu_ms"].append(float(cpu))

    def _of_connections(self, contender: Contender, connections: int) -> float:
        with at_work(contender, self.tools, self.work, self.cores) as site:
            site.warm()
            burst = site.burst(self.plan.burst, connections=connections, crowded=True)
            if burst.refused:  # by our own choice: a crowd that the journal or the wallet cannot take in time
                self.say(f"         {contender.name:<26} refused {burst.refused} of {burst.callbacks}")
                kept = self.results[contender.name].setdefault("refused_by_connections", {})
                kept.setdefault(str(connections), []).append(burst.refused / burst.callbacks)
            return burst.cpu_us

    def _of_body(self, contender: Contender, padding: int) -> float:
        with at_work(contender, self.tools, self.work, self.cores) as site:
            site.warm()
            return site.burst(2, padding=padding).cpu_us

    def _of_providers(self, contender: Contender, providers: int) -> float:
        with at_work(contender, self.tools, self.work, self.cores, providers=providers) as site:
            site.warm()
            return site.burst(self.plan.burst).cpu_us

    def _of_processes(self, contender: Contender, processes: int) -> float:
        """Each of them gets the same rate, whatever their number: SHARE of a core's peak for those that share it.

        So nobody waits for the core, and commits hold as many callbacks. A lone one is also given all of SHARE.
        """
        with at_work(contender, self.tools, self.work, self.cores, processes=processes) as site:
            peak = site.warm(crowded=True)
            most = max(self.plan.processes)
            crowded = most if self.cores.for_more(most)[0] == self.cores.contender else 1
            kept = self.results[contender.name]
            each = kept.setdefault("rate_of_each_process", int(SHARE * peak / processes / crowded))
            if processes == 1:
                kept.setdefault("at_work", []).append(self._costs(site, int(SHARE * peak), 1))
            costs = self._costs(site, each * processes, processes)
            kept.setdefault("of_processes", {}).setdefault(str(processes), []).append(costs)
            return costs["cpu_us"]

    def _costs(self, site: Site, rate: int, processes: int) -> dict[str, float]:
        """What a callback costs at that rate, here and in the database."""
        before, used = postgres.written(), site.used()
        told = site.open(rate, 2 * self.plan.burst)
        spent = [late - early for early, late in zip(used, site.used(), strict=True)]
        after, count = postgres.written(), told["sent"]
        return {
            "cores": len({self.cores.contender, *self.cores.for_more(processes)}),
            "rate": rate,
            "refused": told["bad"] / count,
            "cpu_us": spent[0] * 1e6 / count,
            "database_us": spent[1] * 1e6 / count,
            "transactions": (after.transactions - before.transactions) / count,
            "rows": (after.rows - before.rows) / count,
            "wal_bytes": (after.wal_bytes - before.wal_bytes) / count,
            "connections": after.connections / processes,
            "memory_mb": site.process.memory() / 1e6 / processes,
        }

    def _note(self, contender: Contender, name: str, value: Any) -> None:
        self.results[contender.name].setdefault(name, []).append(value)

    def _in_turn(self, number: int, of: Sequence[str] | None = None) -> Iterator[Contender]:
        """Those of *of* that are here, every other round backwards."""
        here = [self.contenders[name] for name in of or self.contenders if name in self.contenders]
        return iter(here if number % 2 == 0 else here[::-1])

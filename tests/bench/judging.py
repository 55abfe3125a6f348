"""What a run must show, line by line: met, not met, or not measured. Ratios are taken by round, then the median."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.contenders import FASTAPI, FASTIFY, GO, LUA, OFF, POSTGRES, SQLITE

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """*value* is None when it was not measured; it must be at most (below, for latencies) *limit*."""

    what: str
    limit: float
    value: float | None
    spread: tuple[float, float] | None = None
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        """None: not measured."""
        return None if self.value is None else self.value <= self.limit

    @property
    def line(self) -> str:
        """For people."""
        word = {True: "met", False: "NOT MET", None: "not measured"}[self.met]
        if self.value is None:
            return f"{word:<13} {self.what}: at most {self.limit:.4g} {self.unit}"
        spread = f" ({self.spread[0]:.3f} to {self.spread[1]:.3f})" if self.spread else ""
        return f"{word:<13} {self.what}: {self.value:.3f} {self.unit}{spread}, at most {self.limit:.4g}"


def judge(results: Results) -> list[Judged]:
    """Every line of what must be shown."""
    return [*_cpu(results), *_latency(results), *_rest(results), *_overload(results.get(SQLITE, {}))]


def _cpu(results: Results) -> Iterator[Judged]:
    for other, limit in ((GO, 1.0), (FASTIFY, 0.9), (LUA, 2.5), (FASTAPI, 1 / 15)):
        yield _ratio(results, OFF, other, limit)
    for journal, limit in ((SQLITE, 1.8), (POSTGRES, 3.0)):
        yield _ratio(results, journal, OFF, limit)


def _ratio(results: Results, one: str, other: str, limit: float) -> Judged:
    pairs = zip(results.get(one, {}).get("cpu_us", []), results.get(other, {}).get("cpu_us", []), strict=False)
    ratios = sorted(left / right for left, right in pairs if left and right)
    what = f"CPU per callback, {one} / {other}"
    return Judged(what, limit, median(ratios), (ratios[0], ratios[-1])) if ratios else Judged(what, limit, None)


def _latency(results: Results) -> Iterator[Judged]:
    wanted = {SQLITE: {"p50": 2.0, "p99": 8.0, "p999": 25.0}, OFF: {"p50": 0.5, "p99": 2.0}}
    for name, limits in wanted.items():
        rounds = measured(results.get(name, {}), "at_500")
        for quantile, limit in limits.items():
            what = f"added latency at 500/s, {quantile}, {name}"
            values = sorted(each[quantile] for each in rounds)
            if values:
                yield Judged(what, limit, median(values), (values[0], values[-1]), "ms")
            else:
                yield Judged(what, limit, None, unit="ms")


def measured(found: Mapping[str, Any], name: str) -> list[Any]:
    """The rounds of *name* that were measured."""
    return [each for each in found.get(name, []) if each is not None]


def _rest(results: Results) -> Iterator[Judged]:
    off = results.get(OFF, {})
    memory = results.get(SQLITE, {}).get("memory", {})  # many dialects need a journal
    after = f"after {memory.get('callbacks', 100_000):,} callbacks"
    yield Judged(f"resident memory, all dialects, strict SQLite, {after}", 90.0, memory.get("after_mb"), unit="MB")
    grown = memory["after_million_mb"] / memory["after_mb"] if "after_million_mb" in memory else None
    yield Judged(f"memory after 1,000,000 callbacks / {after}", 1.05, grown)
    starts = measured(off, "start_ms")
    yield Judged("start to listening", 1000.0, median(starts) if starts else None, unit="ms")
    tables = results.get("tables")
    yield Judged("all tables compiled", 300.0, median(tables["wall_ms"]) if tables else None, unit="ms")
    yield from _processes(results.get(POSTGRES, {}).get("by_processes", {}))
    swept = {count: median(each) for count, each in off.get("by_providers", {}).items()}
    apart = max(swept.values()) / min(swept.values()) if len(swept) > 1 else None
    yield Judged("CPU from 1 to 300 providers, dearest / cheapest", 1.05, apart)


def _processes(swept: Mapping[str, list[float]]) -> Iterator[Judged]:
    """The median of so many processes by the median of one; the spread is that of their rounds."""
    one = swept.get("1")
    for count in ("2", "4"):
        what, several = f"CPU per callback, PostgreSQL, {count} processes / 1", swept.get(count)
        if one and several:
            base = median(one)
            yield Judged(what, 1.15, median(several) / base, (min(several) / base, max(several) / base))
        else:
            yield Judged(what, 1.15, None)


def _overload(found: Mapping[str, Any]) -> Iterator[Judged]:
    """By round, for each its neighbour in time; memory by what it was after the first overload."""
    goodput, beside = found.get("goodput", {}), found.get("isolation", {})
    pairs = zip(goodput.get("peak", []), goodput.get("overload", []), strict=True)
    yield _of_rounds("peak / goodput under ten times the load", 1 / 0.9, [peak / good for peak, good in pairs if good])
    memory = goodput.get("memory_mb", [])
    yield _of_rounds("memory after overload, last / first", 1.05, [memory[-1] / memory[0]] if memory else [])
    alone = beside.get("alone", {}).get("p99", [])
    for name in ("flood", "stall"):
        there = beside.get(name, {})
        grown = [late / early for early, late in zip(alone, there.get("p99", []), strict=True)] if there else []
        yield _of_rounds(f"p99 of a provider beside another one ({name}) / alone", 1.1, grown)
        errors = there.get("bad", [])
        yield Judged(f"its errors during {name}", 0, float(sum(errors)) if errors else None, unit="callbacks")


def _of_rounds(what: str, limit: float, values: list[float]) -> Judged:
    ordered = sorted(values)
    return Judged(what, limit, median(ordered), (ordered[0], ordered[-1])) if ordered else Judged(what, limit, None)

"""What so many callbacks per second need, computed from what one costs: `python -m tests.bench capacity`.

    make bench ARGS=processes                    measures
    make bench ARGS=capacity                     prints the tables that follow from it
    make bench ARGS="capacity --write"           and writes them into deploy/capacity.md
    make bench ARGS="capacity build/bench/full.json"

Everything that a table rests on stands in it, so the page can be checked without the measurement: `inputs` reads it.
"""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.contenders import POSTGRES, ROOT

PAGE = ROOT / "deploy" / "capacity.md"
RATES = (1_000, 10_000, 100_000)
BLOCK = re.compile(r"(?s)(<!-- generated: capacity -->\n)(.*?)(<!-- end -->\n)")


@dataclass(frozen=True)
class Inputs:
    """One callback with a strict PostgreSQL journal, and what is assumed of everything that the bench does not know."""

    gateway_us: float
    database_us: float
    transactions: float
    rows: float
    wal_bytes: float
    memory_mb: float
    connections: float
    busy: float = 0.6
    wallet_ms: float = 20.0
    wallet_calls: float = 1.05


#: How each input stands on the page.
SENTENCES = {
    "gateway_us": "gateway CPU per callback, us",
    "database_us": "PostgreSQL CPU per callback, us",
    "transactions": "transactions per callback",
    "rows": "rows written per callback",
    "wal_bytes": "write-ahead log per callback, bytes",
    "memory_mb": "memory of a process, MB",
    "connections": "connections of a process to PostgreSQL",
    "busy": "assumed: how busy a core may be at that rate",
    "wallet_ms": "assumed: how long the wallet takes, ms",
    "wallet_calls": "assumed: wallet calls per callback (reads, retries, reversals)",
}


def measured(results: Mapping[str, Any]) -> Inputs:
    """From the JSON of a run: what a callback costs one process, by what several cost more. KeyError: not measured."""
    found = results["results"][POSTGRES]
    of = {name: median(each[name] for each in found["at_work"]) for name in found["at_work"][0]}
    swept = [median(each["cpu_us"] for each in rounds) for _, rounds in sorted(found["of_processes"].items())]
    return Inputs(
        gateway_us=round(of["cpu_us"] * max(swept) / swept[0]),
        database_us=round(of["database_us"]),
        transactions=round(of["transactions"], 3),
        rows=round(of["rows"], 2),
        wal_bytes=round(of["wal_bytes"]),
        memory_mb=round(of["memory_mb"]),
        connections=round(of["connections"]),
    )


def needs(given: Inputs, rate: int) -> dict[str, float]:
    """What *rate* callbacks per second need. One process uses one core."""
    cores = rate * given.gateway_us / 1e6 / given.busy
    processes = ceil(cores)
    return {
        "gateway cores": cores,
        "gateway processes": processes,
        "gateway memory, MB": processes * given.memory_mb,
        "PostgreSQL transactions/s": rate * given.transactions,
        "PostgreSQL rows written/s": rate * given.rows,
        "PostgreSQL write-ahead log, MB/s": rate * given.wal_bytes / 1e6,
        "PostgreSQL cores": rate * given.database_us / 1e6 / given.busy,
        "connections to PostgreSQL": processes * given.connections,
        "wallet calls/s": rate * given.wallet_calls,
        "wallet connections at work": rate * given.wallet_calls * given.wallet_ms / 1000,
        "of these per process": rate * given.wallet_calls * given.wallet_ms / 1000 / processes,
    }


def tables(given: Inputs) -> str:
    """Both tables, as they stand on the page."""
    lines = ["| input | value |", "|---|---:|"]
    lines += [f"| {SENTENCES[name]} | {value:g} |" for name, value in asdict(given).items()]
    lines += ["", f"| callbacks/s | {' | '.join(f'{rate:,}' for rate in RATES)} |", "|---|" + "---:|" * len(RATES)]
    found = [needs(given, rate) for rate in RATES]
    lines += [f"| {what} | {' | '.join(_shown(each[what]) for each in found)} |" for what in found[0]]
    return "\n".join(lines) + "\n"


def _shown(value: float) -> str:
    return f"{value:.1f}" if value < 100 and value != int(value) else f"{value:,.0f}"


def inputs(page: str) -> Inputs:
    """What a page's tables say they rest on."""
    values = {cells[1].strip(): cells[2].strip() for cells in (line.split("|") for line in page.splitlines())
              if len(cells) == 4}  # fmt: skip
    return Inputs(**{each.name: float(values[SENTENCES[each.name]]) for each in fields(Inputs)})


def main(words: Sequence[str]) -> int:
    """Print the tables, or write them. The exit code: 1 where there is no measurement."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench capacity", description="What a deployment needs.")
    parser.add_argument("results", nargs="?", type=Path, default=ROOT / "build" / "bench" / "processes.json")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.relative_to(ROOT)}")
    given = parser.parse_args(words)
    try:
        told = json.loads(given.results.read_text())
        made = tables(measured(told))
    except (OSError, KeyError) as fault:
        print(f"{given.results}: no measurement of processes ({fault!r}); make bench ARGS=processes")
        return 1
    print(made, end="")
    if given.write:
        PAGE.write_text(BLOCK.sub(lambda found: found[1] + made + found[3], PAGE.read_text("utf-8")), "utf-8")
    return 0

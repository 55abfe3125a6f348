"""The table, the judgements, the JSON and the plot of a run."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.contenders import ROOT
from tests.bench.judging import Judged, measured
from tests.bench.site import Cores

HERE = Path(__file__).parent


def machine(cores: Cores) -> dict[str, Any]:
    """What the figures were taken on."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    return {
        "cpu": model,
        "cores": cores.count,
        "pinned": {
            "contender": cores.contender,
            "load": cores.load,
            "wallet": cores.wallet,
            "database": cores.database,
        },
        "load_average": os.getloadavg(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": _said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        "nginx": _said("nginx", "-v"),
        "node": _said("node", "--version"),
    }


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip()


def about(machine: Mapping[str, Any]) -> list[str]:
    """The lines above a table."""
    pinned = machine["pinned"]
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, commit {machine['commit']}",
        f"the contender has core {pinned['contender']} to itself; load generator on core {pinned['load']}, wallet on"
        f" {pinned['wallet']}, PostgreSQL on {pinned['database']}",
    ]
    if machine["cores"] == 2:
        lines.append(
            "only two cores: load, wallet and database share one, so a fast contender's peak may be theirs, not its own"
            " (its core is then not 100 % busy); CPU per callback is what to compare"
        )
    if machine["load_average"][0] > 0.7:
        lines.append(
            f"OTHERS ARE AT WORK (load average {machine['load_average'][0]:.1f}): read ratios of CPU, not latencies"
        )
    return lines


def table(results: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """One row per contender; medians, the CPU with its lowest and highest round."""
    head = (
        f"{'':<26} {'CPU us/callback':>24} {'database':>9} {'/s, 1 core':>10} {'busy':>5} {'start ms':>9} {'MB':>6}"
        f"  {'added at 500/s: p50 / p99 / p99.9':<34}{'at 60 % of peak':<34}"
    )
    rows = [_row(name, results[name]).rstrip() for name in names if measured(results[name], "cpu_us")]
    return [head.rstrip(), *rows] if rows else []


def _row(name: str, found: Mapping[str, Any]) -> str:
    cpu = measured(found, "cpu_us")
    spread = f"{median(cpu):.1f} ({min(cpu):.1f} to {max(cpu):.1f})"
    rate, busy, start, database = (median(measured(found, key)) for key in ("rate", "busy", "start_ms", "database_us"))
    memory = f"{found['memory']['after_mb']:.0f}" if "memory" in found else ""
    return (
        f"{name:<26} {spread:>24} {f'{database:.1f}' if database else '':>9} {rate:>10.0f} {busy:>5.0%}"
        f" {start:>9.0f} {memory:>6}  {_added(found, 'at_500'):<34}{_added(found, 'at_60_percent')}"
    )


def _added(found: Mapping[str, Any], name: str) -> str:
    rounds = measured(found, name)
    if not rounds:
        return "slower than that" if name in found else ""
    return " / ".join(f"{median(each[q] for each in rounds):.2f}" for q in ("p50", "p99", "p999")) + " ms"


def sweeps(results: Mapping[str, Any]) -> list[str]:
    """CPU per callback against connections, body size, providers and processes."""
    words = {"by_connections": "connections", "by_body": "bytes more in the body", "by_providers": "providers"}
    lines = []
    for key, word in words.items():
        for name, found in results.items():
            if key in found:
                shown = "   ".join(f"{value}: {median(each):.1f}" for value, each in _by_size(found[key]))
                lines.append(f"CPU us by {word:<24} {name:<26} {shown}")
    for name, found in results.items():
        for count, rounds in _by_size(found.get("of_processes", {})):
            facts = {key: median(each[key] for each in rounds) for key in rounds[0]}
            low, high = (end(each["cpu_us"] for each in rounds) for end in (min, max))
            lines.append(
                f"{name}, {count} processes on {facts['cores']:.0f} core(s): {facts['cpu_us']:.1f} us ({low:.1f} to"
                f" {high:.1f}), {facts['rate']:.0f}/s, PostgreSQL {facts['database_us']:.0f} us,"
                f" {facts['transactions']:.3f} transactions and {facts['rows']:.2f} rows per callback,"
                f" {facts['memory_mb']:.0f} MB each"
            )
    for name, found in results.items():
        for state, told in found.get("isolation", {}).items():
            lines.append(
                f"{name}, a provider beside another one, {state}: p50 {median(told['p50']):.1f} ms, p99"
                f" {median(told['p99']):.1f} ms ({min(told['p99']):.1f} to {max(told['p99']):.1f}),"
                f" {sum(told['bad'])} not answered well"
            )
            if stalls := [each for round_ in told["stood_still"] for each in round_]:
                most = f"for up to {max(stalls):.0f} ms"
                lines.append(f"    the disk stood still {most} beside {len(stalls)} measurements more, taken again")
            lines += [f"    {each}" for round_ in told["why"] for each in round_]
        if "goodput" in found:
            shown = {key: median(values) for key, values in found["goodput"].items()}
            lines.append(
                f"{name}: {shown['peak']:.0f}/s at the peak; ten times the callers: {shown['overload']:.0f}/s in time,"
                f" {shown['refused']:.0f} refused, {shown['late']:.0f} late, {shown['memory_mb']:.0f} MB"
            )
    return lines


def _by_size(swept: Mapping[str, list[Any]]) -> list[tuple[str, list[Any]]]:
    return sorted(swept.items(), key=lambda each: int(each[0]))


def write(folder: Path, name: str, told: Mapping[str, Any]) -> Path:
    """The JSON file of a run."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(told, indent=1))
    return path


def plot(path: Path, tools: Path, say: Callable[[str], None]) -> None:
    """Draw the JSON file beside it, by the bench's own Python; says why there is no plot."""
    picture = path.with_suffix(".png")
    command = [str(tools / "python" / "bin" / "python"), str(HERE / "plot.py"), str(path), str(picture)]
    env = {**os.environ, "MPLCONFIGDIR": str(tools / "matplotlib"), "MPLBACKEND": "Agg"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    say(f"plot: {picture}" if done.returncode == 0 else f"no plot: {done.stderr.strip().rpartition(chr(10))[2]}")


def told(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """The judgements, for the JSON."""
    return [{"what": each.what, "limit": each.limit, "value": each.value, "met": each.met} for each in judged]

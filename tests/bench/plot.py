"""Draw a results file: `python plot.py RESULTS.json PICTURE.png`. Runs in the bench's own environment (matplotlib)."""

import json
import sys
from pathlib import Path
from statistics import median

from matplotlib import pyplot as plt

OURS, PEER, FLOOR = "#1f5fa8", "#8a8f98", "#c9ccd1"


def colour(name: str) -> str:
    """Ours stand out; what does not translate is a floor, not a peer."""
    return OURS if name.startswith("gateway") else FLOOR if "pass-through" in name else PEER


def known(value):
    """A list of rounds without those that were lost."""
    return [each for each in value if each is not None] if isinstance(value, list) else value


def cpu(axes, found) -> None:
    """Bars with the spread of the rounds, from 0: twice as long is twice as much."""
    names = sorted(found, key=lambda name: -median(found[name]["cpu_us"]))
    values = [median(found[name]["cpu_us"]) for name in names]
    spread = [
        [value - min(found[name]["cpu_us"]) for name, value in zip(names, values, strict=True)],
        [max(found[name]["cpu_us"]) - value for name, value in zip(names, values, strict=True)],
    ]
    axes.barh(names, values, xerr=spread, color=[colour(name) for name in names], ecolor="#333333", capsize=2)
    for at, value in enumerate(values):
        axes.text(value + spread[1][at] + max(values) * 0.015, at, f"{value:.0f}", va="center", fontsize=8)
    axes.set_xlim(0, max(value + more for value, more in zip(values, spread[1], strict=True)) * 1.12)
    axes.set_title("CPU per callback, microseconds")


def latency(axes, found, key: str, title: str) -> None:
    """p50, p99, p99.9 on one line each."""
    rows = {name: [each for each in told.get(key, []) if each] for name, told in found.items()}
    rows = {name: rounds for name, rounds in rows.items() if rounds}
    names = sorted(rows, key=lambda name: -median(each["p99"] for each in rows[name]))
    for at, name in enumerate(names):
        values = [max(0.01, median(each[q] for each in rows[name])) for q in ("p50", "p99", "p999")]
        axes.plot(values, [at] * 3, color=colour(name), linewidth=1)
        for value, mark in zip(values, "o|D", strict=True):
            axes.plot(value, at, mark, color=colour(name), markersize=6)
    axes.set_yticks(range(len(names)), names)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_title(title)


def sweep(axes, found, key: str, title: str, shift: int = 0) -> None:
    """CPU, from 0, against a cause."""
    ticks = set()
    for name, told in found.items():
        if key in told:
            swept = sorted((int(cause) + shift, median(each)) for cause, each in told[key].items())
            causes, values = zip(*swept, strict=True)
            ticks |= {*causes}
            line = axes.plot(causes, values, "o-", label=name, markersize=4)[0]
            if name.startswith("gateway, journal off"):
                line.set(color=OURS, linewidth=2)
    axes.set_xscale("log")
    axes.set_xticks(sorted(ticks), [f"{tick:g}" for tick in sorted(ticks)])
    axes.minorticks_off()
    axes.set_ylim(0, axes.get_ylim()[1] * 1.05)
    axes.set_title(title)
    axes.legend(fontsize=7)


def main(source: str, picture: str) -> None:
    """Only the panels that were measured."""
    told = json.loads(Path(source).read_text())
    found = {name: {key: known(value) for key, value in each.items()} for name, each in told["results"].items()}
    swept = {name: each for name, each in found.items() if each.get("by_processes")}
    found = {name: each for name, each in found.items() if each.get("cpu_us")} or swept
    panels = [lambda axes: cpu(axes, found)] if any("cpu_us" in each for each in found.values()) else []
    for key, title in (("at_500", "at 500/s"), ("at_60_percent", "at 60 % of its own peak")):
        if any(each.get(key) for each in found.values()):
            title = f"added latency {title}, ms: p50 o, p99 |, p99.9 ◆"
            panels.append(lambda axes, key=key, title=title: latency(axes, found, key, title))
    for key, title, shift in (
        ("by_connections", "CPU us against concurrent callbacks", 0),
        ("by_body", "CPU us against body size, bytes", 300),
        ("by_providers", "CPU us against providers", 0),
        ("by_processes", "CPU us against processes on one port", 0),
    ):
        if any(key in each for each in found.values()):
            panels.append(lambda axes, key=key, title=title, shift=shift: sweep(axes, found, key, title, shift))
    rows = (len(panels) + 1) // 2
    figure, grid = plt.subplots(
        rows, min(2, len(panels)), figsize=(7.5 * min(2, len(panels)), 3.8 * rows), squeeze=False
    )
    for axes, draw in zip(grid.flat, panels, strict=False):
        draw(axes)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        axes.title.set_size(10)
    for axes in list(grid.flat)[len(panels) :]:
        axes.remove()
    machine = told["machine"]
    figure.suptitle(f"{machine['cpu']}, {machine['cores']} cores; commit {machine['commit']}", fontsize=9)
    figure.tight_layout()
    figure.savefig(picture, dpi=100 if len(panels) > 1 else 160)  # one panel alone would be a stamp


main(*sys.argv[1:])

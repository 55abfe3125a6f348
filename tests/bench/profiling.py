"""Where the CPU of one Python contender goes: py-spy while it is at full speed, as a flame graph and as a list."""

import os
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.bench.contenders import Contender
from tests.bench.processes import Failed
from tests.bench.site import Cores, at_work

#: A sample every 5 ms; the profiler reads from outside, on the load's core.
RATE = 200
SHOWN = 60


def profile(
    contender: Contender, tools: Path, work: Path, out: Path, cores: Cores, seconds: int, say: Callable[[str], None]
) -> None:
    """Writes *out*/profile.svg and profile.txt (folded stacks), says the costliest functions. Failed without py-spy."""
    program = tools / "python" / "bin" / "py-spy"
    if not program.exists():
        raise Failed("a profile needs py-spy, which could not be installed")
    folded, graph = out / "profile.txt", out / "profile.svg"
    with at_work(contender, tools, work, cores) as site:
        site.warm()
        for path, kind in ((folded, "raw"), (graph, "flamegraph")):
            load = threading.Thread(target=site.burst, args=(seconds + 2,), kwargs={"crowded": True})
            load.start()
            options = ["--rate", str(RATE), "--duration", str(seconds), "--format", kind, "--output", str(path)]
            command = ["taskset", "-c", str(cores.load), str(program), "record", *options]
            done = subprocess.run(
                [*command, "--pid", str(site.process.pid)], capture_output=True, text=True, check=False
            )
            load.join()
            if done.returncode != 0:
                raise Failed(f"py-spy: {done.stderr}")
    for line in shares(folded.read_text().splitlines()):
        say(line)
    say(f"flame graph: {os.path.relpath(graph)}")


def shares(stacks: list[str]) -> list[str]:
    """The functions with the most samples below them, and of them those on top, in percent."""
    below: Counter[str] = Counter()
    top: Counter[str] = Counter()
    for line in stacks:
        frames, _, count = line.rpartition(" ")
        names = [re.sub(r":\d+\)$", ")", frame) for frame in frames.split(";")]
        top[names[-1]] += int(count)
        for name in set(names):
            below[name] += int(count)
    total = max(1, top.total())
    return [
        "  with all below it   itself",
        *(
            f"{100 * count / total:18.1f} % {100 * top[name] / total:6.1f} %  {name}"
            for name, count in below.most_common(SHOWN)
        ),
    ]

"""REPORT.md: what became of the mutants of a sample, module by module, and why those that live do.

The reason of a survivor comes from judged.toml, found by its function and its two lines; one that nobody has judged
says so. What was not tried is counted as not tried, and in no share.
"""

import subprocess
import time
import tomllib
from collections import Counter
from pathlib import Path

import orjson

from tests.mutation.drawing import Mutant
from tests.mutation.trial import KILLED, REACHED, RESULTS, SURVIVED, TIMED_OUT, UNREACHED

HERE = Path(__file__).parent
REPORT, JUDGED = HERE / "REPORT.md", HERE / "judged.toml"
LIVING = (SURVIVED, UNREACHED)


def write(drawn: list[Mutant], of: int, seed: int, commit: str, folder: Path) -> None:
    """The report about them, from the results in that folder; prints the share. *commit*: of what was mutated."""
    lines = map(orjson.loads, (folder / RESULTS.name).read_bytes().splitlines())
    ends = {line["name"]: line["end"] for line in lines}
    tried = [mutant for mutant in drawn if mutant.name in ends]
    living = [mutant for mutant in tried if ends[mutant.name] in LIVING]
    late = sum(ends[mutant.name] == TIMED_OUT for mutant in tried)
    share = 100.0 * (len(tried) - len(living)) / max(1, len(tried))
    strict = 100.0 * (len(tried) - len(living) - late) / max(1, len(tried))
    head = [
        "# Mutants of money, exchange and journal", "",
        f"{time.strftime('%Y-%m-%d')}, commit {commit}, seed {seed}: {len(drawn)} of {of} mutants drawn, "
        f"{len(tried)} tried.", "",
        f"Killed: {share:.1f} %, {late} of them by running out of time (without those: {strict:.1f} %).", "",
        "Written by `make mutants`; another sample: `make mutants ARGS=\"--seed N\"`.", "",
        "| Module | Tried | Killed | Timed out | Survived |", "|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    failing = orjson.loads((folder / REACHED.name).read_bytes())["failing"]
    if failing:
        head[4:4] = [f"Tests that fail over the originals, and met no mutant: {', '.join(failing)}.", ""]
    text = "\n".join([*head, *table(tried, ends), "", "## Survivors", "", *survivors(living, ends)])
    REPORT.write_text(text + "\n", "utf-8")
    print(f"{share:.1f} % of {len(tried)} killed ({strict:.1f} % without timeouts); {REPORT}")


def table(tried: list[Mutant], ends: dict[str, str]) -> list[str]:
    """A row for each module, and one for all."""
    counts: dict[str, Counter[str]] = {}
    for mutant in tried:
        for name in (mutant.module, "all"):
            counts.setdefault(name, Counter())[ends[mutant.name]] += 1
    every = counts.pop("all", Counter())
    rows = [*sorted(counts.items()), ("all", every)]
    return [
        f"| {name} | {count.total()} | {count[KILLED]} | {count[TIMED_OUT]} | {sum(count[end] for end in LIVING)} |"
        for name, count in rows
    ]


def survivors(living: list[Mutant], ends: dict[str, str]) -> list[str]:
    """Each with its change and its reason."""
    judged = tomllib.loads(JUDGED.read_text("utf-8")).get("survivor", []) if JUDGED.exists() else []
    why = {(entry["function"], entry["was"], entry["now"]): entry["why"] for entry in judged}
    lines = []
    for mutant in sorted(living, key=lambda mutant: mutant.name):
        function = f"{mutant.module}.{mutant.function}"
        reason = why.get((function, mutant.was, mutant.now), "not judged")
        unreached = " (no test reaches it)" if ends[mutant.name] == UNREACHED else ""
        change = f"`{mutant.was or ' '}` became `{mutant.now or 'nothing'}`"
        lines.append(f"- `{function}`{unreached}: {change}: {reason}")
    return lines or ["None."]


def commit() -> str:
    """The commit that is checked out, with a plus if the files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=10"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
    return done.stdout.strip() or "unknown"

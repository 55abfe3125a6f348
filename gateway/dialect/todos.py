"""What is left to do in a file that somebody began: every TODO is a warning, so `check` lists them as a work list."""

import re

from gateway.dialect.problems import Problem
from gateway.dialect.source import Source, Span

_TODO = re.compile(r"\bTODO\b.*")


def todo_problems(source: Source) -> list[Problem]:
    """GW407, a warning, for every line with a TODO."""
    problems = []
    for number, line in enumerate(source.text.splitlines(), 1):
        if hit := _TODO.search(line):
            text = hit[0].rstrip()
            for quote in "\"'":
                if line[: hit.start()].count(quote) % 2:  # inside a string: it ends with the string
                    text = text.partition(quote)[0].rstrip()
            says = text.removeprefix("TODO").lstrip(" :") or "something is left to do here"
            span = Span(number, hit.start() + 1, len(text))
            problems.append(Problem("GW407", source, (), f"to do: {says}", "put it right, and take the TODO away",
                                    warning=True, span=span))  # fmt: skip
    return problems

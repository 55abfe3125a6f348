"""Playing a written walk-through: its texts are saved, its diffs applied, its commands run, as a reader would.

"save this as `NAME`" before a block is a file; a `diff` block begins with `--- NAME`, its hunks are parted by `@@`;
each `gateway ...` line of a plain block is a command, and what stands behind its `#` must be a part of what it prints.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAVED = re.compile(r"[Ss]ave this as `([^`]+)`[^`]*\Z")


@dataclass(frozen=True)
class Step:
    """*kind*: "file", "diff" or "command". *name*: the file. *text*: the file's, the diff's hunks, or the command."""

    kind: str
    name: str
    text: str
    prints: str = ""


def steps(text: str) -> Iterator[Step]:
    """Everything that a reader does, in order."""
    end = 0
    for match in BLOCK.finditer(text):
        language, body = match[1], match[2]
        before, end = text[end : match.start()], match.end()
        if language == "diff":
            head, _, hunks = body.partition("\n")
            yield Step("diff", head.removeprefix("--- "), hunks)
        elif saved := SAVED.search(before.rstrip() + "\n"):
            yield Step("file", saved[1], body)
        elif not language:
            for line in body.splitlines():
                if line.startswith("gateway "):
                    words, _, prints = line.partition("  #")
                    yield Step("command", "", words.strip(), prints.strip().strip('"'))


def applied(text: str, hunks: str) -> str:
    """*text* with each hunk: its `-` lines, which stand there once and together, become its `+` lines."""
    for hunk in re.split(r"^@@\n", hunks, flags=re.MULTILINE):
        lines = hunk.splitlines()
        old = "".join(f"{line[1:]}\n" for line in lines if line[:1] in "- ")
        new = "".join(f"{line[1:]}\n" for line in lines if line[:1] in "+ ")
        found = f"\n{text}".count(f"\n{old}")
        assert found == 1, f"these lines stand there {found} times:\n{old}"
        text = f"\n{text}".replace(f"\n{old}", f"\n{new}")[1:]
    return text


def play(text: str, folder: Path, run: Callable[[list[str]], tuple[int, str]]) -> list[Step]:
    """Do everything in *folder*. *run*: words of a command -> exit code and what it printed. The steps, as done."""
    done = list(steps(text))
    for step in done:
        if step.kind == "file":
            (folder / step.name).write_text(step.text, "utf-8")
        elif step.kind == "diff":
            path = folder / step.name
            path.write_text(applied(path.read_text("utf-8"), step.text), "utf-8")
        else:
            code, printed = run(shlex.split(step.text)[1:])
            assert step.prints in printed, f"{step.text}\n{printed}"
            assert code == (1 if "no answer" in step.prints else 0), f"{step.text}: {code}\n{printed}"
    return done

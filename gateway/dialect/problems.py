"""Complaints about a table or a settings file: where, what, and what to do about it.

A check collects every `Problem` it finds and raises them together as `Refused`; `render` shows them to a person with
the line, a caret and the remedy. The formats for machines are in `reports.py`, the long page of a code in `pages.py`.
Texts hold names, rules and what the file itself says, never a secret's value.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gateway.dialect.source import KeyPath, Source, Span


@dataclass(frozen=True)
class Problem:
    """One complaint. *says* is the fact in one line, *remedy* what to do, *hint* the few words beside the caret.

    It stands at *keypath* of *source* (its key or its value, narrowed to *part* of the token) unless *span* says where.
    A keypath that is not in the file stands at the nearest enclosing one that is. Without a source it has no place.
    """

    code: str
    source: "Source | None"
    keypath: "KeyPath"
    says: str
    remedy: str = ""
    what: Literal["key", "value"] = "value"
    warning: bool = False
    hint: str = ""
    part: str = ""
    span: "Span | None" = None

    @property
    def file(self) -> str:
        """The file as complaints show it, or an empty text."""
        return str(self.source.path) if self.source else ""

    @property
    def place(self) -> "Span | None":
        """Where it stands; None without a source, or when nothing of the file could be read."""
        if self.source is None or not self.source.text:
            return None
        return self.span or self.source.position(self.keypath, self.what, self.part)


class Refused(Exception):
    """A file that cannot be used. `problems` holds every complaint, in reading order, warnings included."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return render(self.problems)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """*problems* by file, line, column and code, each said once."""
    once = dict.fromkeys(problems)
    return sorted(once, key=lambda one: (one.file, *(one.place or (0, 0))[:2], one.code, one.says))


def suggest(word: str, words: Iterable[str]) -> str | None:
    """`did you mean "insufficient_funds"?` when one of *words* is near *word* (letter case aside), else None."""
    known = {each.casefold(): each for each in words}
    near = get_close_matches(word.casefold(), known, n=1)
    return f'did you mean "{known[near[0]]}"?' if near else None


def render(problems: Iterable[Problem], *, total_tables: int | None = None, elapsed_ms: float | None = None) -> str:
    """Every complaint in reading order, for a person. With *total_tables*, a closing line that counts them."""
    ordered = in_order(problems)
    lines = [line for problem in ordered for line in _shown(problem)]
    if total_tables is not None:
        lines.append(_count(ordered, total_tables) + ("" if elapsed_ms is None else f" ({elapsed_ms:.0f} ms)"))
    return "\n".join(lines)


def _shown(problem: Problem) -> list[str]:
    code = f"{problem.code} warning:" if problem.warning else problem.code
    place, source = problem.place, problem.source
    if source is None or place is None:
        head = f"{problem.file}: " if problem.file else ""
        return [f"{head}{code} {_clean(problem.says)}", *([f"   = {_clean(problem.remedy)}"] if problem.remedy else [])]
    line = source.line(place.line)
    number = str(place.line)
    gutter = " " * len(number)
    hint = f" {_clean(problem.hint)}" if problem.hint else ""
    carets = "^" * max(1, _width(line[place.column - 1 : place.column - 1 + place.length]))
    return [
        f"{problem.file}:{place.line}:{place.column}: {code} {_clean(problem.says)}",
        f"{gutter} |",
        f"{number} | {_clean(line)}".rstrip(),
        f"{gutter} | {_blank(line[: place.column - 1])}{carets}{hint}",
        *([f"{gutter} = {_clean(problem.remedy)}"] if problem.remedy else []),
    ]


def _count(problems: Sequence[Problem], total: int) -> str:
    warnings = sum(problem.warning for problem in problems)
    errors = len(problems) - warnings
    counts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((errors, "problem"), (warnings, "warning")) if n]
    tables = f"{total} table{'' if total == 1 else 's'}"
    if not counts:
        return f"no problems in {tables}"
    return f"{', '.join(counts)} in {len({problem.file for problem in problems})} of {tables}"


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _width(text: str) -> int:
    return sum(_columns(char) for char in text)


def _blank(text: str) -> str:
    return "".join("\t" if char == "\t" else " " * _columns(char) for char in text)

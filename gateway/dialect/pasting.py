"""Where in a table's file a proposed row belongs, however the table is written: heads, dotted keys, inline tables.

Every place that comes into question is tried, and the first one is taken that gives the table, and the row beside.
"""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from gateway.dialect.proposals import Proposal, dotted


@dataclass(frozen=True, slots=True)
class Place:
    """*text* goes after line *line* (from 1; 0: at the head), or *into* what is opened there. *table*: the result."""

    line: int
    text: str
    table: str
    into: str = ""


def place(table: str, proposal: Proposal) -> Place | None:
    """Where *proposal* goes in the text of a *table* that parses; None where only a person can tell."""
    if proposal.sample:
        return None
    lines = table.splitlines()
    if not proposal.keys:
        found = next((number for number, keys in _heads(lines) if keys == proposal.under), len(lines))
        return _after(lines, found, proposal.line())
    due = _with(tomllib.loads(table), proposal)
    for candidate in _candidates(lines, proposal):
        try:
            if tomllib.loads(candidate.table) == due:
                return candidate
        except tomllib.TOMLDecodeError:
            continue
    return None


def _with(data: dict[str, Any], proposal: Proposal) -> dict[str, Any]:
    """The table's values, and the row's."""
    whole = deepcopy(data)
    node = whole
    *outer, last = (*proposal.under, *proposal.keys)
    for key in outer:
        node = node.setdefault(key, {})
    value = tomllib.loads(f"x = {proposal.literal}")["x"]
    node[last] = value + node.get(last, []) if isinstance(value, list) and value else value
    return whole


def _candidates(lines: list[str], proposal: Proposal) -> Iterator[Place]:
    keys = (*proposal.under, *proposal.keys)
    for number, column in _opened(lines, keys[-1], "["):
        yield _inside(lines, number, column, proposal.literal[1:-1], f"the list {dotted(keys[-2:])}")
    heads = {found: number for number, found in _heads(lines)}
    for length in range(len(keys) - 1, 0, -1):
        if keys[:length] in heads:
            yield _after(lines, heads[keys[:length]], proposal.line(length))
        for number, column in _opened(lines, dotted(keys[length - 1 : length]), "{"):
            row = f"{dotted(keys[length:])} = {proposal.literal}"
            yield _inside(lines, number, column, row, dotted(keys[:length]))
    yield _after(lines, len(lines), f"[{proposal.section}]\n{proposal.line(len(proposal.under))}")
    first = min((number for number, _ in _heads(lines)), default=len(lines) + 1)
    yield _after(lines, first - 1, proposal.line())


def _heads(lines: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every `[section]` with its line."""
    for number, line in enumerate(lines, 1):
        if match := re.fullmatch(r"\[([^\[\]]+)\]\s*(#.*)?", line.strip()):
            try:
                node: Any = tomllib.loads(f"[{match[1]}]")
            except tomllib.TOMLDecodeError:
                continue
            keys: list[str] = []
            while node:
                ((key, node),) = node.items()
                keys.append(key)
            yield number, tuple(keys)


def _opened(lines: list[str], key: str, bracket: str) -> Iterator[tuple[int, int]]:
    """Every line, and the column behind the bracket, in which *key* is given a list or an inline table."""
    wanted = re.compile(rf"(?<![\w-]){re.escape(key)}\s*=\s*{re.escape(bracket)}")
    for number, line in enumerate(lines, 1):
        for match in wanted.finditer(line):
            yield number, match.end()


def _after(lines: list[str], number: int, text: str) -> Place:
    return Place(number, text, "\n".join([*lines[:number], text, *lines[number:], ""]))


def _inside(lines: list[str], number: int, column: int, text: str, into: str) -> Place:
    line = lines[number - 1]
    rest = line[column:].lstrip()
    comma = "" if rest[:1] in ("}", "]") else ", " if rest else ","
    changed = f"{line[:column]} {text}{comma or ' '}{rest}"
    return Place(number, text, "\n".join([*lines[: number - 1], changed, *lines[number:], ""]), into)

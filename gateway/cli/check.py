"""`gateway check`: every complaint about every table at once; nothing is asked of the network, nothing is written."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from gateway.cli.exits import CLEAN, FINDINGS, MISUSE, WARNINGS, Misuse
from gateway.cli.tables import Folders, dialect_of, shelf
from gateway.dialect.asked import examples_of
from gateway.dialect.conversations import Conversations
from gateway.dialect.problems import Problem, Refused, render
from gateway.dialect.reports import FORMATS
from gateway.dialect.shelf import Shelf
from gateway.dialect.todos import todo_problems
from gateway.dialect.widths import width_problems

_UNREADABLE = frozenset({"GW002", "GW003"})


def check(
    *paths: Annotated[str, Parameter(help="A table, a folder of tables, or a dialect's name; default: all there are.")],
    format: Literal["text", "json", "github", "sarif"] = "text",
    strict: Annotated[bool, Parameter(negative="")] = False,
    tables: Folders = (),
) -> int:
    """Find everything that is wrong with tables: rows, proofs under every option, examples, widths.

    Exit codes: 0 clean, 1 findings, 2 a file that cannot be read, 3 warnings under --strict.

    Parameters
    ----------
    format
        text for people; json, github (annotations) or sarif for machines.
    strict
        Warnings count: exit 3 when there is nothing worse.
    """
    began = time.monotonic()
    found = list(chosen(paths, tables))
    problems = [problem for where, name in found for problem in complaints(where, name)]
    if format == "text":
        elapsed = (time.monotonic() - began) * 1000
        print(render(problems, total_tables=len(found), elapsed_ms=elapsed))
    elif text := FORMATS[format](problems):
        print(text)
    return exit_code(problems, strict=strict)


def chosen(paths: Iterable[str], folders: Folders) -> Iterable[tuple[Shelf, str]]:
    """The tables that *paths* mean, each once. Misuse for what is neither a file, a folder, nor a dialect."""
    seen = set()
    for where, name in _chosen(tuple(paths), folders):
        if (path := where.path(name).resolve()) not in seen:
            seen.add(path)
            yield where, name


def _chosen(paths: tuple[str, ...], folders: Folders) -> Iterable[tuple[Shelf, str]]:
    if not paths:
        where = shelf(folders)
        yield from ((where, name) for name in where.names)
    for text in paths:
        path = Path(text)
        if path.is_dir():
            where = shelf(folders, path)
            names = [name for name in where.names if where.path(name).parent == path]
            if not names:
                raise Misuse(f"{text}: no tables in this folder")
            yield from ((where, name) for name in names)
        elif path.is_file():
            yield shelf(folders, path.parent), dialect_of(path)
        elif "/" in text or text.endswith(".toml"):
            raise Misuse(f"{text}: there is no such file or folder")
        else:
            where = shelf(folders)
            where.path(text)
            yield where, text


def complaints(where: Shelf, name: str) -> list[Problem]:
    """Everything about one table: its proofs under every option, then, once these hold, its examples and widths."""
    try:
        problems = where.check(where.source(name))
        if not any(not each.warning for each in problems):
            problems += Conversations.load(where, name).run()
            problems += examples_of(where, name)
        return [*problems, *width_problems(where, name), *_to_do(where, name)]
    except Refused as refused:
        return refused.problems


def _to_do(where: Shelf, name: str) -> list[Problem]:
    files = (where.source(name), where.beside(name))
    return [problem for source in files if source is not None for problem in todo_problems(source)]


def exit_code(problems: list[Problem], *, strict: bool = False) -> int:
    """0 clean, 1 findings, 2 unreadable, 3 only warnings and *strict*."""
    if any(each.code in _UNREADABLE for each in problems):
        return MISUSE
    if any(not each.warning for each in problems):
        return FINDINGS
    return WARNINGS if problems and strict else CLEAN

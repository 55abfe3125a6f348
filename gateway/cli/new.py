"""`gateway new`: begin a table, from a pasted callback or like another dialect."""

import re
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.cli.incoming import parse_message, read
from gateway.cli.sample import Guess, guess
from gateway.cli.scaffold import copied, examples, table, variant
from gateway.dialect.problems import Refused, render
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import Source
from gateway.dialect.todos import todo_problems
from gateway.wire.message import Garbled, Request

#: Stands for a callback where nobody has one yet.
SAMPLE = b"""{"sessionId": "s-1", "playerId": "1001", "transactionId": "t-1", "roundId": "r-1", "gameId": "g-1",
  "amount": 1.50, "currency": "EUR"}"""


def new(
    name: Annotated[str, Parameter(help="The dialect's name, and its files': small letters, digits, - and _.")],
    *,
    from_sample: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help='A pasted callback: a JSON or form body, or a whole HTTP message; "-" for stdin.',
        ),
    ] = None,
    like: Annotated[str | None, Parameter(help="A dialect that this one resembles: writes only what differs.")] = None,
    tables: Annotated[
        Path | None, Parameter(help="The folder to write to; default: ./mappings if it is there, else here.")
    ] = None,
) -> int:
    """Begin a table: NAME.toml and NAME.examples.toml, which compile, with a TODO at everything that was guessed.

    With --from-sample, fields, money, times and the operation are guessed from a callback; with --like, the table
    extends another one. Files that are there already are never touched.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise Misuse(f'"{name}" is not a name for a dialect: small letters, digits, - and _')
    if from_sample is not None and like is not None:
        raise Misuse("--from-sample and --like: choose one")
    folder = tables or (Path("mappings") if Path("mappings").is_dir() else Path())
    if not folder.is_dir():
        raise Misuse(f"--tables {folder}: there is no such folder")
    paths = folder / f"{name}.toml", folder / f"{name}.examples.toml"
    for path in paths:
        if path.exists():
            raise Misuse(f"{path} is there already; it is not touched")
    schema = (folder / "schema.json").is_file()
    if like is not None:
        _write_like(name, like, folder, paths, schema)
        whole = True
    else:
        whole = _write_guess(name, _guessed(from_sample), folder, paths, schema)
    _tell(paths)
    return CLEAN if whole else FINDINGS


def _write_like(name: str, like: str, folder: Path, paths: tuple[Path, Path], schema: bool) -> None:
    parent = Shelf(folder).path(like)
    old = parent.with_suffix(".examples.toml")
    paths[0].write_text(variant(name, like, schema), "utf-8")
    if old.is_file():
        paths[1].write_text(copied(name, like, old.read_text("utf-8")), "utf-8")


def _guessed(sample: str | None) -> Guess:
    request = Request("POST", "/bet", body=SAMPLE) if sample is None else parse_message(read(sample))
    try:
        return guess(request)
    except Garbled as garbled:
        raise Misuse(f"{sample}: neither JSON nor a form can be read in it: {garbled}") from None


def _write_guess(name: str, found: Guess, folder: Path, paths: tuple[Path, Path], schema: bool) -> bool:
    """Write both files; False when the guess does not compile, which is said, and only the table is there."""
    paths[0].write_text(table(name, found, schema), "utf-8")
    operation = f"{found.operation}" + ("" if found.guessed_operation else " (a guess)")
    print(f"read as: {operation}; recognised {', '.join(found.fields) or 'nothing'}")
    try:
        dialect = Shelf(folder).dialect(name)
    except Refused as refused:
        print(f"the guess does not compile yet:\n\n{render(refused.problems)}\n")
        return False
    paths[1].write_text(examples(dialect, found, time.time()), "utf-8")
    return True


def _tell(paths: tuple[Path, Path]) -> None:
    """What was written, what is left to do, and what to type next."""
    for path in paths:
        if path.is_file():
            print(f"wrote {path}")
    work = todo_problems(Source.read(paths[0]))
    print(f"\n{len(work)} things to do in {paths[0]}:\n")
    for problem in work:
        line = problem.place.line if problem.place else 0
        print(f"  line {line:>3}  {problem.says.removeprefix('to do: ')}")
    print(f"\nnext:\n  gateway check {paths[0]}\n  gateway test {paths[0]}\n  gateway describe {paths[0]}")

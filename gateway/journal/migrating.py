"""A journal's schema as numbered steps of SQL, the same scheme for every store: `schema/<store>/0001_name.sql`.

Steps expand before they contract: one adds what the next program needs, and only a later one takes away what no program
uses any more. Each step's first line says `-- readable from N`: a program that knows the steps up to N, or more, can
work with a file after this step. So a program may be rolled back one release without touching the file. A released
step is never edited.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from gateway.journal.wishes import JournalRefused

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_FIRST_LINE = re.compile(r"-- readable from (\d+)\n")

#: Which steps a file has had; every store makes it first. The same words in every SQL.
VERSIONS = (
    "CREATE TABLE IF NOT EXISTS versions"
    " (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, readable_from INTEGER NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One file of SQL. *readable_from*: the least step that a program must know to work with what it leaves."""

    number: int
    name: str
    readable_from: int
    sql: str


def steps(store: str) -> tuple[Step, ...]:
    """The steps of a store (`sqlite`, `postgres`), in order."""
    found = []
    for file in files("gateway.journal").joinpath("schema", store).iterdir():
        if (name := _NAME.fullmatch(file.name)) is None:
            continue
        sql = file.read_text("utf-8")
        if (first := _FIRST_LINE.match(sql)) is None:
            raise ValueError(f"{file.name}: the first line must be `-- readable from N`")
        found.append(Step(int(name[1]), name[2], int(first[1]), sql))
    found.sort(key=lambda step: step.number)
    if not found or [step.number for step in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"the steps of {store} are not numbered 1, 2, 3, ...: {[step.number for step in found]}")
    return tuple(found)


def missing(known: tuple[Step, ...], had: Mapping[int, int], where: str) -> tuple[Step, ...]:
    """The steps that *where* lacks. *had*: the `readable_from` of each step it had, by number.

    Raises JournalRefused where a newer program has left it so that this one can no longer read it.
    """
    newest = known[-1].number
    if (least := max(had.values(), default=0)) > newest:
        raise JournalRefused(
            f"{where} was written by a newer gateway: it needs one that knows schema step {least},"
            f" this one knows {newest}; start the newer version again"
        )
    return tuple(step for step in known if step.number not in had)

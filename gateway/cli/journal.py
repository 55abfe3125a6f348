"""`gateway journal`: is it sound, a copy of it, and what is too old to be kept."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.cli.journals import Config, at_desk
from gateway.journal.reading import Desk


def check(*, config: Config) -> int:
    """Is the journal sound? The file itself, and what must be true of every operation in it.

    Exit code 1 when something is found; each finding is one line.
    """
    found = at_desk(config, lambda desk: desk.check())
    if found is None:
        return FINDINGS
    for line in found:
        print(line)
    if not found:
        print("sound")
    return FINDINGS if found else CLEAN

"""The tables that a command works on: `--tables DIR`, and a dialect named by its name or by its file."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.exits import Misuse
from gateway.dialect.shelf import Shelf

_FOLDERS = "A further folder of tables, looked into before the shipped ones; may be repeated."
_CHOICES = "name=choice: a choice among the table's own options; may be repeated."

#: `--tables DIR`, repeatable: folders that are looked into before the shipped tables.
Folders = Annotated[tuple[Path, ...], Parameter(name="--tables", negative="", show_default=False, help=_FOLDERS)]
#: `--option name=choice`, repeatable: the table's own switches.
Choices = Annotated[tuple[str, ...], Parameter(name="--option", negative="", show_default=False, help=_CHOICES)]


def shelf(folders: Folders, *more: Path) -> Shelf:
    """The shipped tables behind those of *folders*. Misuse for a folder that is none."""
    for folder in folders:
        if not folder.is_dir():
            raise Misuse(f"--tables {folder}: there is no such folder")
    return Shelf(*more, *folders)


def dialect_of(path: Path) -> str:
    """The dialect that a file belongs to: its table, its requests, or the examples of either."""
    return path.name.removesuffix(".toml").removesuffix(".examples").removesuffix(".outbound")


def named(dialect: str, folders: Folders) -> tuple[Shelf, str]:
    """The shelf and the name of a dialect that is given by name, or as the path of its file. Misuse, Refused."""
    path = Path(dialect)
    if dialect.endswith(".toml") or "/" in dialect:
        if not path.is_file():
            raise Misuse(f"{dialect}: there is no such file")
        return shelf(folders, path.parent), dialect_of(path)
    found = shelf(folders)
    found.path(dialect)
    return found, dialect


def pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    """`name=value` texts as a mapping. Misuse where the "=" is missing."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Misuse(f"{option} {text}: write it as {option} name=value")
        found[name] = value
    return found

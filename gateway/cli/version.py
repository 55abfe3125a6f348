"""`gateway version`: what runs here, and which tables it holds."""

import hashlib
import json
import platform
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import gateway
from gateway.cli.commit import commit
from gateway.cli.tables import Folders, shelf
from gateway.dialect.shelf import Shelf


def version(*, json: Annotated[bool, Parameter(negative="")] = False, tables: Folders = ()) -> None:
    """What runs here, and which tables it holds, each with the beginning of its file's SHA-256.

    Parameters
    ----------
    json
        As JSON.
    """
    found = facts(shelf(tables))
    print(_as_json(found) if json else _as_text(found))


def facts(tables: Shelf) -> dict[str, Any]:
    """Everything that `gateway version` tells."""
    return {
        "gateway": gateway.__version__,
        "commit": commit(Path(gateway.__file__).parent),
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "uvloop": metadata.version("uvloop") if find_spec("uvloop") else None,
        "aiohttp": metadata.version("aiohttp"),
        "dialects": {name: short_hash(tables, name) for name in tables.names},
    }


def short_hash(tables: Shelf, name: str) -> str:
    """The first 12 hex digits of the SHA-256 of a table's file."""
    return hashlib.sha256(tables.path(name).read_bytes()).hexdigest()[:12]


def _as_json(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=1)


def _as_text(found: dict[str, Any]) -> str:
    head = [f"gateway {found['gateway']}", f"Python {found['python']} on {found['platform']}"]
    head += [f"aiohttp {found['aiohttp']}", f"uvloop {found['uvloop'] or 'no'}"]
    head += [f"commit {found['commit'] or 'not known'}"]
    width = max(map(len, found["dialects"]), default=0)
    return "\n".join([*head, *(f"  {name:{width}}  {mark}" for name, mark in found["dialects"].items())])

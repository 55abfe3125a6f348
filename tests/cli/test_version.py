"""`gateway version`: what runs here."""

import hashlib
import json
import platform
from pathlib import Path

import gateway as package
from tests.cli.conftest import Gateway


def test_facts(gateway: Gateway, root: Path) -> None:
    """Version, Python, libraries, and the beginning of each table's SHA-256."""
    found = json.loads(gateway("version", "--json").out)
    assert found["gateway"] == package.__version__
    assert found["python"] == platform.python_version()
    table = (root / "mappings" / "scorpio.toml").read_bytes()
    assert found["dialects"]["scorpio"] == hashlib.sha256(table).hexdigest()[:12]


def test_text(gateway: Gateway) -> None:
    """The same for people; --version is the number alone."""
    ended = gateway("version")
    assert ended.out.startswith(f"gateway {package.__version__}\nPython ")
    assert gateway("--version").out.strip() == package.__version__


def test_tables_of_ones_own(gateway: Gateway, tables: Path) -> None:
    """A folder of --tables hides the shipped table of the same name."""
    with (tables / "scorpio.toml").open("a") as file:
        file.write("# mine\n")
    shipped = json.loads(gateway("version", "--json").out)["dialects"]
    mine = json.loads(gateway("version", "--json", "--tables", tables).out)["dialects"]
    assert mine.pop("scorpio") != shipped.pop("scorpio")
    assert mine == shipped

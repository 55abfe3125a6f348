"""The simulated providers and the auditor owe the gateway nothing: they import none of it, and read no table."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TORTURE = ROOT / "tests" / "torture"
MODULES = sorted([TORTURE / "auditor.py", TORTURE / "ledger.py", *(TORTURE / "providers").glob("*.py")])
#: Beside the standard library: a client, signatures, the database, the decimals of currencies, and themselves.
MAY = sys.stdlib_module_names | {"aiohttp", "cryptography", "apsw", "iso4217"}
OWN = ("tests.torture.providers.", "tests.torture.ledger")


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import"
            found.add(str(node.module))
    return found


def test_there_is_something_to_read() -> None:
    """One file for each dialect, the rounds, the beliefs, the drivers, the auditor."""
    names = {path.stem for path in MODULES}
    assert names >= {"marbles", "evenbet", "scorpio", "rounds", "beliefs", "drivers", "play", "auditor", "ledger"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_of_the_gateway_is_imported(path: Path) -> None:
    """Only the standard library, four packages and one another; no importing by name, and no table is opened."""
    outside = {name for name in imported(path) if name.partition(".")[0] not in MAY and not name.startswith(OWN)}
    assert outside == set()
    words = path.read_text("utf-8")
    assert [word for word in ("importlib", "__import__", "mappings", ".toml", "exec(", "eval(") if word in words] == []


def test_they_load_where_there_is_no_gateway() -> None:
    """In a process in which `gateway` cannot be imported."""
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES]
    script = "import sys\nsys.modules['gateway'] = None\n" + "".join(f"import {name}\n" for name in names)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

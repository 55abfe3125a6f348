"""The sources are clean by the tools that everyone can run: ruff, mypy, tombi."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = {
    "ruff check": ["ruff", "check", "--quiet", "."],
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "mypy": ["mypy"],
}


def run(command: list[str], root: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool that is installed beside this interpreter."""
    program = Path(sys.executable).parent / command[0]
    return subprocess.run([str(program), *command[1:]], cwd=root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("tool", TOOLS)
def test_sources(tool: str, root: Path, note: Callable[[str], None]) -> None:
    """Lint, format (lines of at most 120) and strict types have no findings."""
    started = time.monotonic()
    done = run(TOOLS[tool], root)
    note(f"{time.monotonic() - started:8.1f} s {tool}")
    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"


def test_tables_are_sound_toml_and_fit_the_schema(root: Path, note: Callable[[str], None]) -> None:
    """tombi, offline, has nothing to say about any shipped table, example or settings file; warnings count."""
    files = sorted(
        str(path.relative_to(root)) for folder in ("mappings", "deploy") for path in root.glob(f"{folder}/*.toml")
    )
    assert files
    started = time.monotonic()
    done = run(["tombi", "lint", "--offline", "--error-on-warnings", *files], root)
    note(f"{time.monotonic() - started:8.1f} s tombi lint, {len(files)} files")
    assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"

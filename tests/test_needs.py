"""What needs a system package is skipped aloud by `make test` and fails in `.ci/run`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = """
import pytest

@pytest.mark.needs("no-such-command-anywhere")
def test_absent():
    raise AssertionError("it ran")

@pytest.mark.needs("sh")
def test_present():
    pass
"""


@pytest.mark.parametrize(
    ("ci", "closing", "code"), [("", "1 passed, 1 skipped", 0), ("1", "1 passed, 1 error", 1)], ids=["make", "ci"]
)
def test_an_absent_command(ci: str, closing: str, code: int, root: Path, tmp_path: Path) -> None:
    """The reason names the command; the run with GATEWAY_CI=1 is red; the closing line stands last."""
    sample = tmp_path / "test_sample.py"
    sample.write_text(SAMPLE)
    own = ["-c", "pyproject.toml", "--rootdir", ".", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *own, str(sample)],
        cwd=root,
        env=os.environ | {"GATEWAY_CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    lines = done.stdout.strip().splitlines()
    assert lines[-1].startswith(closing)
    assert "needs no-such-command-anywhere, a system package that is not installed here" in done.stdout
    assert lines.index("seconds per suite:") < len(lines) - 1

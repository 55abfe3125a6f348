"""What a serving process has no use for is not loaded: each of these costs megabytes in every process."""

import json
import subprocess
import sys

import pytest

#: By the command that is served with: who needs it imports it when it is needed.
UNUSED = ("structlog", "rich", "pygments", "asyncpg", "opentelemetry", "hypothesis", "gateway.journal.sqlite.desk")
_LOADED = "import json, sys, gateway.cli.serve; print(json.dumps(sorted(sys.modules)))"


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that `gateway serve` has imported when it reads its settings."""
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", UNUSED)
def test_who_serves_does_not_load(loaded: set[str], module: str) -> None:
    """What draws on terminals, what belongs to a choice of the settings, and what is for people who look in."""
    assert module not in loaded

"""What every suite shares: the order of the suites, what a test needs of the system, the seconds of each suite."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FIRST = ("test_house.py", "test_floors.py", "canon", "wire", "dialect", "journal", "exchange", "sandbox", "edge", "cli")
LAST = "test_coverage.py"

NOTES: pytest.StashKey[list[str]] = pytest.StashKey()
SECONDS: Counter[str] = Counter()
COUNTS: Counter[str] = Counter()


def suite(nodeid: str) -> str:
    """The folder or file directly under tests/ that a test belongs to."""
    return nodeid.partition("::")[0].removeprefix("tests/").partition("/")[0]


def rank(item: pytest.Item) -> tuple[int, str]:
    """Cheap checks first, then the floors from the ground up, then what looks at everything, coverage last."""
    name = suite(item.nodeid)
    if name == LAST:
        return len(FIRST) + 1, name
    return (FIRST.index(name), name) if name in FIRST else (len(FIRST), name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of this repository's own tests."""
    parser.addoption("--update-refusals", action="store_true", help="write the complaints about broken tables anew")


def pytest_configure(config: pytest.Config) -> None:
    """Start with no notes."""
    config.stash[NOTES] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the suites in order; inside a suite nothing moves."""
    items.sort(key=rank)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, aloud, what needs a command that is not installed; under GATEWAY_CI=1 that is a failure."""
    for marker in item.iter_markers("needs"):
        absent = [command for command in marker.args if shutil.which(command) is None]
        if absent:
            reason = f"needs {', '.join(absent)}, a system package that is not installed here"
            if os.environ.get("GATEWAY_CI") == "1":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add a test's seconds, set-up and tear-down included, to its suite."""
    SECONDS[suite(report.nodeid)] += report.duration
    COUNTS[suite(report.nodeid)] += report.when == "call"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the notes and the seconds per suite, before the closing line."""
    for note in config.stash[NOTES]:
        terminalreporter.write_line(note)
    terminalreporter.write_line("seconds per suite:")
    for name in SECONDS:
        terminalreporter.write_line(f"{SECONDS[name]:8.1f}  {name} ({COUNTS[name]} tests)")


@pytest.fixture
def note(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Say a line that is printed at the end of the run, passed or failed."""
    return pytestconfig.stash[NOTES].append


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds gateway/, mappings/ and tests/."""
    return ROOT

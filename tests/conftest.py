"""What every suite shares: order, needs, seconds per suite, and the floor under coverage.

Suites run on as many processes as the machine has cores. Coverage is measured of the suites that test the floors it is
asked of; the others, and tests marked heavy, run without a tracer. At the end of a whole run each of those floors is
judged, and counted as one more test.

What tests write lies in memory where there is room: a disk that stands still for half a second, as virtual ones do, is
a callback not answered in time, and no fault of ours. What a disk does wrong has tests of its own.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import coverage
import orjson
import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
FIRST = ("test_house.py", "test_floors.py", "canon", "wire", "dialect", "journal", "exchange", "sandbox", "edge", "cli")
#: The floors that money passes through, of which the suites of the same names must take this share, in percent;
#: with `asked`, the stories in which we do the asking, `madeup`, what only made-up dialects do, and `pairs`.
MEASURED = ("canon", "wire", "dialect", "journal", "exchange")
TRACED = (*MEASURED, "asked", "madeup", "pairs")
LEAST = 95.0

#: No example is judged by the clock: the machine may be busy.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

#: Bytes that must be free there.
MEMORY, ROOM = Path("/dev/shm"), 4 << 30

NOTED: list[str] = []
SECONDS: Counter[str] = Counter()
COUNTS: Counter[str] = Counter()


def suite(nodeid: str) -> str:
    """The folder or file directly under tests/ that a test belongs to."""
    return nodeid.partition("::")[0].removeprefix("tests/").partition("/")[0]


def rank(item: pytest.Item) -> tuple[int, str]:
    """Cheap checks first, then the floors from the ground up, then what looks at everything."""
    name = suite(item.nodeid)
    return (FIRST.index(name), name) if name in FIRST else (len(FIRST), name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of this repository's own tests."""
    parser.addoption("--update-refusals", action="store_true", help="write the complaints about broken tables anew")


def pytest_configure(config: pytest.Config) -> None:
    """A folder in memory for everything temporary, removed at the end; the processes of one run share it."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM
    if not roomy or "TMPDIR" in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="gw-", dir=MEMORY)
    os.chmod(folder, 0o711)  # PostgreSQL runs as another user below it
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Trace only what coverage is asked of: a tracer doubles the time of everything else."""
    paused = []
    if suite(item.nodeid) not in TRACED or item.get_closest_marker("heavy"):
        while running := coverage.Coverage.current():  # a process of many has one of its own, and pytest's
            running.stop()
            paused.append(running)
    try:
        return (yield)
    finally:
        for stopped in reversed(paused):
            stopped.start()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add a test's seconds, set-up and tear-down included, to its suite; keep what it noted."""
    if report.when == "teardown":
        NOTED.extend(str(value) for name, value in report.user_properties if name == "note")
    SECONDS[suite(report.nodeid)] += report.duration
    COUNTS[suite(report.nodeid)] += report.when == "call"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """After a whole run that was measured: judge each measured floor, as one more test."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    whole = not session.config.getoption("file_or_dir") and session.config.getoption("cov_source", None)
    if reporter is None or hasattr(session.config, "workerinput") or not whole:
        return
    measured = coverage.Coverage()
    measured.load()
    for package in MEASURED:
        gaps = short_of(measured, package)
        word = "failed" if gaps else "passed"
        place = (f"gateway/{package}", None, f"coverage of {package}")
        report = pytest.TestReport(place[2], place, {}, word, gaps or None, "call")
        reporter.stats.setdefault(word, []).append(report)
        if gaps:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def short_of(measured: coverage.Coverage, package: str) -> str:
    """What was not taken of a floor, if that is too much; notes the figures."""
    out = ROOT / ".coverage.json"
    try:
        measured.json_report(outfile=str(out), include=[f"gateway/{package}/*"])
        told = orjson.loads(out.read_bytes())
    finally:
        out.unlink(missing_ok=True)
    totals = told["totals"]
    branches = 100.0 * totals["covered_branches"] / max(1, totals["num_branches"])
    lines = 100.0 * totals["covered_lines"] / max(1, totals["num_statements"])
    NOTED.append(f"coverage of {package}: branches {branches:.1f} %, lines {lines:.1f} %")
    if min(branches, lines) >= LEAST:
        return ""
    gaps = [
        f"{name}: lines {file['missing_lines']}, branches {file['missing_branches']}"
        for name, file in told["files"].items()
        if file["missing_lines"] or file["missing_branches"]
    ]
    return f"{package} is below {LEAST} %; not taken:\n" + "\n".join(gaps)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the notes and the seconds per suite, before the closing line."""
    for note in NOTED:
        terminalreporter.write_line(note)
    terminalreporter.write_line("seconds per suite:")
    for name in SECONDS:
        terminalreporter.write_line(f"{SECONDS[name]:8.1f}  {name} ({COUNTS[name]} tests)")


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say a line that is printed at the end of the run, passed or failed, whichever process ran the test."""
    return lambda line: request.node.user_properties.append(("note", line))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds gateway/, mappings/ and tests/."""
    return ROOT

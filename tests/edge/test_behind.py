"""Log lines that nobody reads block nobody: on a pipe that is full, and one that is broken."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from gateway.edge.behind import Behind

Eventually = Callable[..., Any]


async def test_lines_are_written_a_little_later_and_in_order(eventually: Eventually) -> None:
    """Every one of them, by another thread."""
    out = io.BytesIO()
    behind = Behind(out)
    for number in range(1000):
        behind.write(b"%d\n" % number)
        behind.flush()
    await eventually(lambda: out.getvalue() == b"".join(b"%d\n" % number for number in range(1000)))
    behind.close()


def test_a_full_pipe_blocks_nobody_and_says_what_it_cost() -> None:
    """Nobody reads: the writer goes on at once, lines are dropped, and counted where they would have stood."""
    reads, writes = os.pipe()
    with os.fdopen(writes, "wb", buffering=0) as stream, os.fdopen(reads, "rb", buffering=0) as pipe:
        behind = Behind(stream, most=100)
        began, line = time.monotonic(), b"x" * 10_000 + b"\n"
        for _ in range(20):  # 64 KiB and more: the pipe is full, and its thread stuck
            behind.write(line)
            behind.flush()
        time.sleep(0.2)
        for _ in range(500):
            behind.write(line)
            behind.flush()
        assert time.monotonic() - began < 2.0
        seen = b""
        while b"dropped" not in seen:
            seen += pipe.read(100_000)
        behind.close()
    told = orjson.loads(next(each for each in seen.splitlines() if b"dropped" in each))
    assert told == {"event": "log", "dropped": 400}
    assert seen.count(line) == 120


def test_a_broken_pipe_ends_nothing() -> None:
    """Whoever read has gone: the thread goes on, so does everybody else."""
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb", buffering=0) as stream:
        behind = Behind(stream)
        for _ in range(2):
            behind.write(b"x\n")
            behind.flush()
            time.sleep(0.1)
            assert behind._thread.is_alive()
        behind.close()


def test_what_is_left_is_written_when_the_process_ends() -> None:
    """The last line of a process is not lost."""
    said = "from gateway.edge.logs import Log; Log(style='json').event('stopped')"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, check=True)
    assert orjson.loads(done.stdout)["event"] == "stopped"


@pytest.mark.parametrize(("style", "found"), [("json", b'"dropped":3'), ("text", b"dropped=3")])
def test_what_was_dropped_is_said_in_the_style_of_the_log(style: str, found: bytes) -> None:
    """A log for people holds no line for machines, nor the other way round; and the line has its time, as all have."""
    said = f"""
import os, sys
from gateway.edge.logs import Log
log = Log(style={style!r})
behind = log._write.__self__
behind._dropped = 3
log.event("started")
"""
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, check=True)
    (line,) = (each for each in done.stdout.splitlines() if b"dropped" in each)
    assert found in line
    assert b"warning" in line
    assert line.startswith(b"{") == (style == "json")

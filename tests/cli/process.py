"""The command line in a process of its own, as a shell runs it."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "gateway"]
SECONDS = 60


def surroundings(**more: str) -> dict[str, str]:
    """The environment without this machine's own GATEWAY_* variables, from which `-m gateway` finds the checkout."""
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith("GATEWAY_")}
    return {**clean, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **more}


def gateway(*words: str, cwd: Path, env: Mapping[str, str] | None = None, given: str = "") -> tuple[int, str, str]:
    """Run one command to its end: exit code, stdout, stderr."""
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=cwd,
        env=surroundings(**(env or {})),
        input=given,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class Running:
    """A command that goes on until it is told to stop; `until` reads its output up to a line."""

    def __init__(self, *words: str, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            cwd=cwd,
            env=surroundings(**(env or {})),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, text: str) -> str:
        """The first line that holds *text*; fails with all that was said when the process ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                return self.lines[-1]
        raise AssertionError(f"it ended without saying {text!r}:\n" + "\n".join(self.lines))

    def stop(self, number: int) -> int:
        """Send the signal; the exit code. What was said until the end is in `lines`."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=SECONDS)
        self.lines += out.splitlines()
        return self.process.returncode

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def free_port() -> int:
    """A port of loopback that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""Processes of a bench: pinned to one core, their output in files, their CPU and memory read from /proc."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Failed(RuntimeError):
    """A process of the bench did not do what it was started for; the text ends with what it said."""


class Process:
    """A command on one core. Its output goes to *log*. To be used in a `with`, or stopped."""

    def __init__(
        self, command: list[str], *, core: int, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                ["taskset", "-c", str(core), *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd,
                env={**clean_environment(), **(env or {})}, start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def listening(self, port: int, seconds: float = 30.0) -> float:
        """Wait until *port* of loopback takes connections; the seconds that it took. Failed when it never does."""
        began = time.perf_counter()
        while True:
            if self._process.poll() is not None or time.perf_counter() - began > seconds:
                self.stop()
                raise Failed(f"nobody listens on {port}\n{self.said()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return time.perf_counter() - began
            time.sleep(0.002)

    def cpu(self) -> float:
        """See `cpu_of`."""
        return cpu_of(self.pid)

    def memory(self) -> int:
        """Resident bytes of the tree."""
        return sum(_resident(pid) for pid, _ in _tree(self.pid))

    def said(self, most: int = 8) -> str:
        """The last lines of its output, without the callbacks that went well."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([line[:400] for line in lines if '"outcome":"ok"' not in line][-most:])

    def stop(self) -> None:
        """SIGTERM, and SIGKILL after ten seconds, to this process (which ends its own children)."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait(10)


class Several:
    """Processes of one contender that share a port; *ports* are their own, where they listen only once they serve."""

    def __init__(self, each: list[Process], ports: list[int]) -> None:
        self.each, self._ports = each, ports
        self.pid = each[0].pid

    def __enter__(self) -> "Several":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def listening(self, port: int, seconds: float = 30.0) -> float:
        """Wait until all of them do; the seconds that it took. Failed when one never does."""
        began = time.perf_counter()
        for process, own in zip(self.each, self._ports, strict=True):
            process.listening(own, seconds)
        self.each[-1].listening(port, seconds)
        time.sleep(0.2)  # the public port is the last that each of them opens
        return time.perf_counter() - began

    def cpu(self) -> float:
        """Of all of them together; see `cpu_of`."""
        return sum(process.cpu() for process in self.each)

    def memory(self) -> int:
        """Resident bytes of all of them."""
        return sum(process.memory() for process in self.each)

    def said(self, most: int = 8) -> str:
        """See `Process.said`."""
        return "\n".join(process.said(most) for process in self.each)

    def stop(self) -> None:
        """Each in turn."""
        for process in self.each:
            process.stop()


def cpu_of(pid: int) -> float:
    """Seconds of user and system time of a process and all below it, ended children that were reaped included."""
    return sum(seconds for _, seconds in _tree(pid))


def clean_environment() -> dict[str, str]:
    """The environment without this machine's own GATEWAY_* variables."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("GATEWAY_")}


def _tree(root: int) -> list[tuple[int, float]]:
    """Every process at and below *root*, with its CPU seconds."""
    parents: dict[int, tuple[int, float]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            fields = stat.rpartition(")")[2].split()  # from the third field, the state, on
            parents[int(entry)] = int(fields[1]), sum(map(int, fields[11:15])) / _TICK
    found = [(root, parents[root][1])] if root in parents else []
    for pid, _ in found:
        found += [(child, seconds) for child, (parent, seconds) in parents.items() if parent == pid]
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def free_port() -> int:
    """A port of loopback that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

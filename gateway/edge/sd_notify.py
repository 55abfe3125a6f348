"""What a service manager wants to hear: systemd's `Type=notify`, one datagram to the socket that it names.

Without a service manager nothing is said. A manager that cannot be reached is no reason not to serve.
"""

import contextlib
import os
import socket
import time

READY, STOPPING, WATCHDOG = "READY=1", "STOPPING=1", "WATCHDOG=1"


def reloading() -> str:
    """What is said when a reload begins; READY is said at its end. The time is asked for by systemd since 253."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"


def watchdog_seconds() -> float:
    """Within how many seconds the manager wants to hear WATCHDOG from this process; 0: it does not."""
    span, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    ours = pid in ("", str(os.getpid()))
    return int(span) / 1e6 if ours and span.isascii() and span.isdigit() else 0.0


def sd_notify(state: str) -> None:
    """Say *state* to whoever started us; does not wait."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return
    address = "\0" + name[1:] if name.startswith("@") else name  # "@": a name in the kernel, not a file
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        out.sendto(state.encode(), address)

"""What a service manager wants to hear: systemd's `Type=notify`, one datagram to the socket that it names.

Without a service manager nothing is said. A manager that cannot be reached is no reason not to serve.
"""

import contextlib
import os
import socket

READY, STOPPING = "READY=1", "STOPPING=1"


def sd_notify(state: str) -> None:
    """Say *state* to whoever started us; does not wait."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return
    address = "\0" + name[1:] if name.startswith("@") else name  # "@": a name in the kernel, not a file
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        out.sendto(state.encode(), address)

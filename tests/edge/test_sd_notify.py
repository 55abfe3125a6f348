"""What the service manager hears, on real datagram sockets."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.edge.sd_notify import READY, sd_notify


@pytest.fixture(params=["a file", "a name in the kernel"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket of a service manager, which our environment names."""
    name = f"gateway-test-{os.getpid()}" if request.param == "a name in the kernel" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.settimeout(5)
        bound.bind(name if name.startswith("/") else f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", name if name.startswith("/") else f"@{name}")
        yield bound


def test_it_is_one_datagram(manager: socket.socket) -> None:
    """The whole state, and nothing else."""
    sd_notify(READY)
    assert manager.recv(100) == b"READY=1"


def test_a_manager_that_does_not_read_holds_nothing_up(manager: socket.socket) -> None:
    """Its queue is full long before; we would wait here for ever."""
    for _ in range(10_000):
        sd_notify(READY)


@pytest.mark.parametrize("name", ["", "/nowhere/at/all", "@nobody", "vsock:2:1234"])
def test_nobody_who_listens(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by hand, or by a manager that is gone, or that speaks what we do not: served all the same."""
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    sd_notify(READY)

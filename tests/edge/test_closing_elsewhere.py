"""Closing a listening socket where things are otherwise: IPv6, two processes on one port, a kernel that will not."""

import asyncio
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gateway.edge.closing import drop_handshakes, let_nobody_in

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a filter of Linux's")
TRIES = 24


def listening(family: socket.AddressFamily, host: str, port: int = 0, *, shared: bool = False) -> socket.socket:
    """A socket that listens; skips where the machine has no such address."""
    made = socket.socket(family)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        if family is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((host, port))
        made.listen(100)
    except OSError as fault:
        made.close()
        pytest.skip(f"{host} cannot be listened on here: {fault.strerror}")
    return made


@pytest.mark.parametrize(("host", "knocks_at"), [("::1", "::1"), ("::", "127.0.0.1")], ids=["IPv6", "both"])
def test_a_door_of_ipv6_is_closed_as_well(host: str, knocks_at: str) -> None:
    """To callers by IPv6, and to those by IPv4 where one socket takes both; who is in is heard."""
    with listening(socket.AF_INET6, host) as door:
        where = knocks_at, door.getsockname()[1]
        early = socket.create_connection(where, timeout=5)
        drop_handshakes(door)
        with pytest.raises(TimeoutError):
            socket.create_connection(where, timeout=0.3)
        inside, _ = door.accept()
        early.sendall(b"asked")
        assert inside.recv(5) == b"asked"
        early.close()
        inside.close()


async def test_of_two_on_one_port_the_other_takes_over() -> None:
    """Whoever knocks at the one that closes is let in by the other; nobody is refused, and nobody is reset."""
    with listening(socket.AF_INET, "127.0.0.1", shared=True) as stays:
        leaves = listening(socket.AF_INET, "127.0.0.1", stays.getsockname()[1], shared=True)
        loop, at = asyncio.get_running_loop(), stays.getsockname()
        closing = asyncio.create_task(let_nobody_in([leaves.fileno()]))
        await asyncio.sleep(0)  # from now on it lets nobody in
        callers = [socket.socket() for _ in range(TRIES)]
        for caller in callers:
            caller.setblocking(False)
        knocking = asyncio.gather(*(loop.sock_connect(caller, at) for caller in callers))
        await closing
        leaves.setblocking(False)
        with pytest.raises(BlockingIOError):
            leaves.accept()
        leaves.close()
        await asyncio.wait_for(knocking, 10)
        stays.settimeout(5)
        for _ in callers:
            stays.accept()[0].close()
        for caller in callers:
            assert caller.recv(1) == b""
            caller.close()


#: What systemd's SystemCallFilter= or a container's profile does: a call that is not on its list fails.
FORBIDDEN = """
    import contextlib, ctypes, errno, os, platform, struct
    number = {"x86_64": 54, "aarch64": 208}.get(platform.machine())  # setsockopt
    if number is None:
        raise SystemExit(77)
    words = [
        (0x20, 0, 0, 0), (0x15, 0, 3, number),          # another call?
        (0x20, 0, 0, 32), (0x15, 0, 1, 26),             # another option than SO_ATTACH_FILTER?
        (0x06, 0, 0, 0x00050000 | errno.EPERM), (0x06, 0, 0, 0x7FFF0000),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *word) for word in words))
    rules = ctypes.create_string_buffer(struct.pack("@HP", len(words), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):  # a root that may not even do that
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
    assert libc.prctl(38, 1, 0, 0, 0) == 0              # PR_SET_NO_NEW_PRIVS
    if libc.prctl(22, 2, rules, 0, 0) != 0:             # PR_SET_SECCOMP
        raise SystemExit(77)
"""
CLOSES = """
    import asyncio, socket
    from aiohttp import web
    from gateway.edge.closing import drop_handshakes
    from gateway.edge.listener import Listener

    async def answer(request):
        return web.Response(text="answered")

    async def main():
        one = Listener(answer, "127.0.0.1", 0, keepalive=75.0, garbled=lambda: None)
        address = await one.start()
        with socket.create_server(("127.0.0.1", 0)) as other:
            try:
                drop_handshakes(other)
            except PermissionError:
                print("forbidden")
        reader, writer = await asyncio.open_connection(*address)
        closing = asyncio.create_task(one.close())
        await asyncio.sleep(0.1)
        writer.write(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        print((await reader.readline()).decode().strip())
        await closing
        writer.close()
        await one.stop()

    asyncio.run(main())
"""


def test_a_kernel_that_will_not_is_closed_plainly(root: Path, tmp_path: Path) -> None:
    """No privilege, and a profile that forbids the filter: who is in is answered, nothing is said, nothing fails."""
    script = textwrap.dedent(FORBIDDEN).replace("import", "import gateway.edge.listener\nimport", 1)
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script + textwrap.dedent(CLOSES)],
        env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("no seccomp filters here, or none that this test can write")
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, ["forbidden", "HTTP/1.1 200 OK"], "")

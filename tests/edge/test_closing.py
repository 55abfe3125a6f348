"""Closing a listening socket: nobody who was let in is lost, and nobody new is let in; on asyncio and on uvloop."""

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.edge.closing import drop_handshakes
from tests.edge.test_app import House, Served

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a filter of Linux's")


@linux
def test_a_closed_door_does_not_answer() -> None:
    """Who is in stays in and is heard; who knocks is not even refused, and is let in where the door is another one."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        early = socket.create_connection(listening.getsockname(), timeout=5)
        drop_handshakes(listening)
        with pytest.raises(TimeoutError):
            socket.create_connection(listening.getsockname(), timeout=0.3)
        inside, _ = listening.accept()
        early.sendall(b"asked")
        assert inside.recv(5) == b"asked"
        inside.sendall(b"answered")
        assert early.recv(8) == b"answered"
        early.close()
        inside.close()


async def test_who_has_just_connected_is_answered(tmp_path: Path, eventually: Any) -> None:
    """A connection that sends its request only after the listener was closed: an answer, and then the end."""
    async with Served(House(tmp_path)) as served:
        host, _, port = served.url.removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        served.app.lifecycle.stop()

        await asyncio.sleep(0.2)  # the grace is 0, and nobody new is let in any more
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), timeout=5)
        writer.write(b"POST /slots HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        answer = await asyncio.wait_for(reader.read(), 5)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"Connection: close" in answer
        writer.close()
        await eventually(served.run.done, 10)

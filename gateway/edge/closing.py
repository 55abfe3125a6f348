"""Closing a listening socket without losing who is just coming.

The kernel takes connections in before we do. Whoever connected in the last moment has been told that somebody is there,
and may have sent a request; closing the socket would reset that connection, which is no refused one: a balancer cannot
know whether it may send the request elsewhere. So first nobody new is let in, then those who are in are fetched, then
the socket is closed. Who knocks in between gets no answer, and knocks again a second later, as TCP does.
"""

import asyncio
import os
import socket
import struct
import sys
from array import array
from collections.abc import Iterable
from contextlib import suppress

#: Seconds in which a handshake that was begun ends, and the loop fetches who has come in.
FETCHED = 0.02

_SO_ATTACH_FILTER = 26
#: A filter of the kernel's, in its own words: of what comes to this socket, drop what has TCP's flag SYN set.
_WORD = struct.Struct("=HBBI")
_NOBODY_NEW = b"".join(
    _WORD.pack(*each)
    for each in (
        (0x30, 0, 0, 13),  # load the byte at 13 of TCP's header: the flags
        (0x45, 0, 1, 0x02),  # is SYN among them?
        (0x06, 0, 0, 0),  # then nothing of it is let through
        (0x06, 0, 0, 0xFFFFFFFF),
    )
)


async def let_nobody_in(listening: Iterable[int]) -> None:
    """Have everybody fetched who connected to these sockets (file descriptors), and nobody new; to be closed then."""
    for number in listening:
        # Not of every system; without it who comes in the last microseconds is lost.
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as same:
            drop_handshakes(same)
    await asyncio.sleep(FETCHED)


def drop_handshakes(listening: socket.socket) -> None:
    """Let no connection be begun to this socket. Raises OSError where the kernel will not."""
    if not sys.platform.startswith("linux"):
        return
    program = array("B", _NOBODY_NEW)
    address, _ = program.buffer_info()
    words = struct.pack("@HP", len(_NOBODY_NEW) // _WORD.size, address)  # as C lays it out: a count, and where they are
    listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, words)

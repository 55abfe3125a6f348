"""The network between an instance and its server, in a test's hands: it breaks, stalls, and loses what was answered."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"


class Wire:
    """Carries every byte between whoever connects to `folder` and the server behind *socket*, until told otherwise."""

    def __init__(self, socket: Path, folder: Path) -> None:
        self._socket, self.folder = socket, folder
        self.refuses = False  # nobody is let through
        self.loses = False  # what the server says is lost
        self.lost = asyncio.Event()  # it said something, and that was lost
        self._flows = asyncio.Event()
        self._flows.set()
        self._holding: asyncio.Event | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._near: set[asyncio.StreamWriter] = set()

    def stall(self) -> None:
        """Keep what the server says until `flow`."""
        self._flows.clear()

    def flow(self) -> None:
        """Deliver everything again."""
        self._flows.set()

    def hold_questions(self) -> asyncio.Event:
        """Keep what is asked over the connections that are open now, also when they break, until the event is set."""
        self._holding = asyncio.Event()
        self.lost.clear()
        return self._holding

    def cut_near(self) -> None:
        """Whoever asks finds the connection broken; the server has not noticed. New connections are not held."""
        self._holding = None
        for writer in self._near:
            writer.transport.abort()

    def cut(self) -> None:
        """Break off every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        if self.refuses:
            writer.transport.abort()
            return
        there, here = await asyncio.open_unix_connection(str(self._socket))
        self._writers |= {writer, here}
        self._near.add(writer)
        try:
            await asyncio.wait(
                [asyncio.create_task(self._ask(reader, here)), asyncio.create_task(self._answer(there, writer))]
            )
        finally:
            self._writers -= {writer, here}
            self._near.discard(writer)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await _read(reader):
            if (holding := self._holding) is not None:
                self.lost.set()
                await holding.wait()
            writer.write(data)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await _read(reader):
            await self._flows.wait()
            if self.loses:
                self.lost.set()
            else:
                writer.write(data)
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65_536)
    except OSError:
        return b""


@asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to the database at *url*, and the address of its near end."""
    start, _, server = url.partition("?host=")
    with tempfile.TemporaryDirectory(prefix="gateway-wire-") as folder:
        wire = Wire(Path(server) / _SOCKET, Path(folder))
        listening = await asyncio.start_unix_server(wire.carry, path=wire.folder / _SOCKET)
        try:
            yield wire, f"{start}?host={folder}"
        finally:
            wire.flow()
            wire.cut()
            listening.close()
            await asyncio.sleep(0)

"""What a run of lives stands on: a wallet in a process of its own, settings, secrets, and an address per gateway."""

import base64
import gc
import itertools
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.cli.process import free_port
from tests.journal.postgres_server import fresh_database
from tests.simulated.stand import KEY, SETTINGS, TOKEN, Process, Stand, pem
from tests.torture.lives.cradle import Cradle
from tests.torture.lives.journals import Database, File, Journal
from tests.torture.providers.drivers import Sockets

#: A client that hangs up while it is still connecting leaves a socket to the collector, which says so.
ABANDONED = "ignore:unclosed transport:ResourceWarning"


@contextmanager
def staged(folder: Path, journal: str, without: Sequence[str] = ()) -> Iterator[tuple[Stand, Path, dict[str, str]]]:
    """A wallet in a process of its own, and the settings of a gateway before it: the stand, the file, the secrets."""
    theirs, ours = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    (folder / "theirs.pem").write_bytes(pem(theirs, public=True))
    (folder / "ours.pem").write_bytes(pem(ours))
    public, wallet = (f"127.0.0.1:{free_port()}" for _ in range(2))
    secret = "whsec_" + base64.b64encode(random.Random(1).randbytes(32)).decode()
    text = SETTINGS.format(public=public, admin="127.0.0.1:0", wallet=wallet)
    config = folder / "gateway.toml"
    text = text.replace("sqlite:journal.db", journal)
    for promise in without:
        text = text.replace(f'"{promise}", ', "").replace(f', "{promise}"', "")
    config.write_text(text)
    books = folder / "wallet-books.db"
    withdrawn = [word for promise in without for word in ("--without", promise)]
    process = Process("wallet", "--listen", wallet, "--secret", secret, "--books", str(books), *withdrawn, cwd=folder)
    try:
        process.until("Ctrl+C stops it")
        env = {"STAND_WALLET": secret, "STAND_TOKEN": TOKEN.decode(), "STAND_KEY": KEY.decode()}
        yield Stand(f"http://{public}", f"http://{wallet}", books, theirs), config, env
    finally:
        process.stop()


@asynccontextmanager
async def set_up(folder: Path, store: str, without: Sequence[str] = ()) -> AsyncIterator[tuple[Stand, Cradle, Journal]]:
    """Everything but the gateways: a journal of that *store* ("sqlite" or "postgres"), a wallet *without* promises."""
    journal: Journal = File(str(folder / "journal.db")) if store == "sqlite" else Database(await fresh_database())
    url = "sqlite:journal.db" if store == "sqlite" else journal.url
    with staged(folder, url, without) as (stand, config, env):
        async with Cradle(config, folder / "gateway.log", **env) as cradle:
            yield stand, cradle, journal


class Spread:
    """A transport to several gateways in turn, as a balancer would have it; `async with` opens and closes it."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._all = [Sockets(url, 32) for url in urls]
        self._turns = itertools.cycle(self._all)

    async def __aenter__(self) -> "Spread":
        for sockets in self._all:
            await sockets.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        for sockets in self._all:
            await sockets.__aexit__()
        gc.collect()  # here, where whoever plays minds it least: see `ABANDONED`

    async def post(self, path: str, headers: dict[str, str], body: bytes, timeout: float) -> tuple[int, bytes]:
        """Status and body of a whole answer."""
        return await next(self._turns).post(path, headers, body, timeout)

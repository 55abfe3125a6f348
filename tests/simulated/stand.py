"""A gateway and a sandbox wallet as processes of their own, and one account of each simulated provider in front."""

import base64
import json
import random
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.cli.process import COMMAND, free_port, surroundings
from tests.torture.auditor import Auditor
from tests.torture.providers.evenbet import EvenBet, FieldClient
from tests.torture.providers.marbles import Marbles
from tests.torture.providers.play import Player
from tests.torture.providers.rounds import Provider
from tests.torture.providers.scorpio import Scorpio

KEY, TOKEN = b"the evening key", b"the scorpion token"
CURRENCIES = {"EUR": 2, "JPY": 0, "KWD": 3}
SETTINGS = """
[public]
listen = "{public}"
[admin]
listen = "{admin}"
[wallet]
url = "http://{wallet}"
secrets.signing = [{{ env = "STAND_WALLET" }}]
promises = ["idempotent", "tombstones", "status", "references"]
[journal]
url = "sqlite:journal.db"
[drain]
accept_grace = 0
[providers.marbles]
dialect = "155io"
secrets.public_key = [{{ file = "theirs.pem" }}]
secrets.our_private_key = [{{ file = "ours.pem" }}]
[providers.scorpio]
dialect = "scorpio"
secrets.api_token = [{{ env = "STAND_TOKEN" }}]
[providers.evenbet]
dialect = "evenbet"
secrets.key = [{{ env = "STAND_KEY" }}]
[providers.field]
dialect = "evenbet"
secrets.key = [{{ env = "STAND_KEY" }}]
"""


def pem(key: rsa.RSAPrivateKey, *, public: bool = False) -> bytes:
    """A key as a file holds it."""
    if public:
        return key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass
class Stand:
    """What was started: the gateway's URL, the wallet's URL and its books, the key with which 155.io signs."""

    url: str
    wallet: str
    books: Path
    key: rsa.RSAPrivateKey

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """One call of the sandbox wallet's own (`/sandbox/...`)."""
        raw = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.wallet}/sandbox/{path}", raw, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def players(self, account: str, seed: int, count: int = 6, balance: str = "500") -> list[Player]:
        """Players of their own for one account, with sessions and launch tokens, in currencies of 2, 0, 3 decimals."""
        made = []
        for number in range(count):
            currency = list(CURRENCIES)[number % len(CURRENCIES)]
            name = str(10_000 * seed + 100 * sorted(ACCOUNTS).index(account) + number)
            token = f"L{name}" if account in ("evenbet", "field") else f"s{name}"
            opened = {"player": name, "currency": currency, "balance": balance, "nickname": "Ann", "country": "DE"}
            self.ask("players", {**opened, "session": f"s{name}", "launch": f"L{name}"})
            made.append(Player(name, currency, token, CURRENCIES[currency]))
        return made

    def provider(self, account: str, seed: int, **knobs: Any) -> Provider:
        """The simulated provider of that account."""
        kind, secret = ACCOUNTS[account]
        secrets: dict[str, Any] = {"key": self.key if secret is None else secret} if kind is not Scorpio else {}
        secrets |= {"token": TOKEN} if kind is Scorpio else {}
        return kind(account, self.players(account, seed), seed=seed, now=time.time, **secrets, **knobs)

    def audit(self, *providers: Provider) -> Auditor:
        """What the books say of those providers' players."""
        return Auditor(self.books, [provider.book for provider in providers])


ACCOUNTS: dict[str, tuple[Any, bytes | None]] = {
    "marbles": (Marbles, None), "scorpio": (Scorpio, TOKEN), "evenbet": (EvenBet, KEY), "field": (FieldClient, KEY),
}  # fmt: skip


class Process:
    """A command whose output goes to a file: a pipe that nobody reads would stop it in the middle of its log."""

    def __init__(self, *words: str, cwd: Path, **env: str) -> None:
        self._said = cwd / f"{words[0]}.log"
        with self._said.open("wb") as out:
            self._process = subprocess.Popen(
                [*COMMAND, *words], cwd=cwd, env=surroundings(**env), stdout=out, stderr=subprocess.STDOUT
            )

    def until(self, text: str, seconds: float = 30.0) -> None:
        """Wait until it has said *text*."""
        end = time.monotonic() + seconds
        while text not in (said := self._said.read_text()):
            assert self._process.poll() is None, f"it ended:\n{said}"
            assert time.monotonic() < end, f"it never said {text!r}:\n{said}"
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def drain(self) -> None:
        """Ask it to end as one should; does not wait."""
        self._process.terminate()

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()


def started(folder: Path) -> tuple[Stand, list[Process]]:
    """Start both in *folder*; whoever asked ends the processes, the last one first."""
    theirs, ours = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    (folder / "theirs.pem").write_bytes(pem(theirs, public=True))
    (folder / "ours.pem").write_bytes(pem(ours))
    public, admin, wallet = (f"127.0.0.1:{free_port()}" for _ in range(3))
    secret = "whsec_" + base64.b64encode(random.Random(1).randbytes(32)).decode()
    (folder / "gateway.toml").write_text(SETTINGS.format(public=public, admin=admin, wallet=wallet))
    books = folder / "wallet-books.db"
    env = {"STAND_WALLET": secret, "STAND_TOKEN": TOKEN.decode(), "STAND_KEY": KEY.decode()}
    running = [Process("wallet", "--listen", wallet, "--secret", secret, "--books", str(books), cwd=folder)]
    try:
        running[0].until("Ctrl+C stops it")
        running.append(Process("serve", "--config", "gateway.toml", cwd=folder, **env))
        running[1].until("  admin ")
    except BaseException:
        for each in running:
            each.stop()
        raise
    return Stand(f"http://{public}", f"http://{wallet}", books, theirs), running

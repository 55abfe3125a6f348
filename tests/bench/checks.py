"""Before anything is timed: every contender does the work, with the right bytes to both sides.

A wallet of our own records what it is asked. The call must be the canonical one, signed with the wallet's key; the
answer the dialect's; a forged callback never reaches the wallet; a decline and a broken wallet are told as the table
tells them. nginx without translation must only carry the bytes.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.bench import contract
from tests.bench.contenders import Contender, Place
from tests.bench.processes import free_port


class Wrong(AssertionError):
    """A contender that does not do the work."""


@dataclass
class Wallet:
    """Answers what `says` makes of each canonical call; keeps path, headers and body of each in `asked`."""

    says: Callable[[dict[str, str]], tuple[int, dict[str, str]]]
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def __enter__(self) -> "Wallet":
        wallet = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                wallet.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, told = wallet.says(json.loads(body))
                out = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def says_ok(call: dict[str, str]) -> tuple[int, dict[str, str]]:
    """What the stub says, too."""
    echo = {"call": call.get("transaction", ""), "player": call.get("player", "")}
    return 200, {"outcome": "ok", **echo, "balance": "98.50", "currency": "EUR"}


def check(contender: Contender, tools: Path, folder: Path, core: int) -> None:
    """Raises Wrong, with both sides, at the first thing that is not right."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with Wallet(says_ok) as wallet, contender.start(Place(folder, tools, wallet.address, port, core)) as process:
        process.listening(port)
        client = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            _check(contender, client, wallet)
        finally:
            client.close()


def _check(contender: Contender, client: HTTPConnection, wallet: Wallet) -> None:
    one, two, three, four = contract.fresh_ids(4)
    body = contract.callback_body(one)
    heard = _send(client, body)
    if not contender.translates:
        _same("the status", heard[0], 200)
        _same("what reached the wallet", wallet.asked[0][2], body)
        return
    _same("the answer to a bet", heard, (200, contract.answer(one)))
    path, headers, asked = wallet.asked[0]
    _same("the wallet's path", path, contract.WALLET_PATH)
    _same("the canonical call", json.loads(asked), contract.wallet_call(contract.PROVIDER, one))
    _same("its key", headers.get("idempotency-key"), contract.wallet_call(contract.PROVIDER, one)["transaction"])
    made = contract.wallet_signature(headers["webhook-id"], headers["webhook-timestamp"], asked)
    _same("its signature", headers.get("webhook-signature"), made)

    body = contract.callback_body(two)
    _same("the answer to a forged bet", _send(client, body, "0" * 64), (403, contract.FORGED))
    garbled = b'{"action":"bet","player_id":"1001","amount":"a lot"}'
    _same("the status of a garbled bet", _send(client, garbled)[0], 400)
    _same("how often the wallet was asked", len(wallet.asked), 1)

    wallet.says = lambda call: (200, {**says_ok(call)[1], "outcome": "insufficient_funds"})
    declined = {"code": 402, "message": "The player does not have enough money for the action."}
    _same("the answer to a declined bet", _send(client, contract.callback_body(three)), (402, declined))
    wallet.says = lambda call: (500, {})
    unknown = {"code": 504, "message": "Request timed out."}
    _same("the answer while the wallet is broken", _send(client, contract.callback_body(four)), (504, unknown))


def _send(client: HTTPConnection, body: bytes, sign: str | None = None) -> tuple[int, object]:
    headers = {"Content-Type": "application/json", "X-REQUEST-SIGN": sign or contract.signature(body)}
    client.request("POST", f"/{contract.PROVIDER}{contract.PATH}", body, headers)
    response = client.getresponse()
    return response.status, json.loads(response.read())


def _same(what: str, got: object, wanted: object) -> None:
    if got != wanted:
        raise Wrong(f"{what}: got {got!r}, wanted {wanted!r}")

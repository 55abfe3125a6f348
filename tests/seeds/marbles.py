"""What 155.io sends: its four callbacks by the fields of its documents; its signatures, checked without our code."""

import base64
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from gateway.wire.jsontext import write_json
from gateway.wire.message import Response, header
from tests.seeds.stage import Scene, Stage

Stages = Callable[..., Stage]
SIGNATURE = "X-Marbles-Signature"
OPERATIONS = {"/balance": "balance", "/bet": "bet", "/win": "win", "/rollback": "rollback"}
#: The page's table: status -> the callbacks that may say it.
STATUSES = {
    "SUCCESS": {"balance", "bet", "win", "rollback"},
    "INSUFFICIENT_BALANCE_ERROR": {"bet"},
    "DUPLICATE_TRANSACTION_ERROR": {"bet"},
    "UNKNOWN_ERROR": {"balance", "bet", "win", "rollback"},
    "BONUS_ERROR": {"bet"},
    "BET_LIMIT_REACHED_ERROR": {"bet"},
}

WHO = {"requestId": "q-1", "clientSessionId": "s1", "clientPlayerId": "1001", "timestamp": "2026-02-03T04:05:06.789Z"}
PLAY = {"roundId": "r-1", "gameId": "marbles"}
BET = {**WHO, **PLAY, "transactionId": "t-1", "amount": 1_000_000, "currency": "EUR"}
WIN = {**WHO, **PLAY, "transactionId": "w-1", "referenceTransactionId": "t-1", "amount": 2_500_000, "currency": "EUR",
       "roundClosed": True}  # fmt: skip
ROLLBACK = {**WHO, **PLAY, "transactionId": "b-1", "referenceTransactionId": "t-1", "roundClosed": True}
BODIES: dict[str, dict[str, Any]] = {"/balance": WHO, "/bet": BET, "/win": WIN, "/rollback": ROLLBACK}


def send(on: Stage, path: str, /, **changes: Any) -> Scene:
    """One honest callback, with some of its fields changed (None: left out)."""
    body = {name: value for name, value in {**BODIES[path], **changes}.items() if value is not None}
    return on.play(on.sign(path, write_json(body)))


def refusal(status: str = "UNKNOWN_ERROR", request_id: str = "q-1", player: str = "1001") -> dict[str, Any]:
    """The page's error response format."""
    return {"status": status, "requestId": request_id, "clientPlayerId": player}


def verifies(on: Stage, response: Response) -> bool:
    """Does the signature verify with our public key, by the library alone?"""
    key: Any = serialization.load_pem_public_key(on.secrets["our_public_key"][0])
    signature = base64.b64decode(header(response.headers, SIGNATURE) or "", validate=True)
    try:
        key.verify(signature, response.body, padding.PKCS1v15(), hashes.SHA256())
    except Exception:
        return False
    return True

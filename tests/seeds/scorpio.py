"""What the vendor of `scorpio` sends, by its published samples, and how its answers are looked at."""

import json
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from gateway.wire.message import Ending, Request, Silence
from tests.seeds.stage import Scene, Stage

NAMES = {"balance": "balance", "bet": "bet", "win": "win", "cancel": "rollback"}  # theirs = the table's
MONEY = ("bet", "win", "cancel")
SILENT = Silence("nothing came", running=False)


def body(command: str, /, **changes: Any) -> dict[str, Any]:
    """The vendor's sample of *command* with *changes*; None takes a field away."""
    sample: dict[str, Any] = {"command": command, "playerId": "1001", "currency": "EUR", "timestamp": 1586335186372}
    if command != "balance":
        sample |= {"transactionId": f"SP-{command}", "roundId": "R1", "providerId": 2, "providerName": "EGT Digital"}
        sample |= {"gameCode": "FSHBLSlot", "gameName": "40 Burning Hot Bell Link", "amount": 10}
    if command in ("bet", "win"):
        sample |= {"isRoundFinished": False, "isCall": False}
    if command == "cancel":
        sample |= {"referenceId": "SP-bet"}
    return {name: value for name, value in {**sample, **changes}.items() if value is not None}


def send(stage: Stage, command: str, /, **changes: Any) -> Scene:
    """Play *command*, signed by the provider."""
    return stage.play(stage.sign("/", json.dumps(body(command, **changes), separators=(",", ":"))))


def told(scene: Scene) -> tuple[str | None, str]:
    """The answer: the digits of its balance, None when it has none, and its status code."""
    assert scene.response is not None
    fields = json.loads(scene.response.body, parse_float=str, parse_int=str)
    assert set(fields) <= {"balance", "statusCode"}
    return fields.get("balance"), fields["statusCode"]


def forged(request: Request) -> Request:
    """The same message under another message's signature."""
    headers = [(name, "A" * 86 + "==" if name == "X-Request-Signature" else value) for name, value in request.headers]
    return replace(request, headers=tuple(headers))


def only_books(stage: Stage) -> Callable[[Request], Ending]:
    """A wallet that books what it is asked and is never heard."""

    def answer(request: Request) -> Ending:
        stage.book(request)
        return SILENT

    return answer

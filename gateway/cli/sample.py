"""Guessing a table from one pasted callback: what its fields are, how money and times are spelled, what it asks for.

A guess is a beginning: whoever knows the provider's documents puts it right, row by row.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.canon.operations import Operation
from gateway.wire.jsontext import read_json, scalar_text
from gateway.wire.message import Garbled, Request
from gateway.wire.opened import read_form

#: Our field, and what others call it: letters only, without case. The first field that fits takes the name.
NAMES: dict[str, tuple[str, ...]] = {
    "reference": ("reference", "ref", "origin", "related", "rollback", "cancelled", "parent", "bettransaction"),
    "transaction": ("transaction", "tx", "txn", "trx", "trans", "operationid", "betid", "winid", "paymentid"),
    "round_end": ("roundclosed", "roundend", "endround", "isroundfinished", "roundfinished", "finished", "closeround"),
    "round": ("round", "gameround", "gamesession", "hand", "spin"),
    "game": ("gameid", "gamecode", "gameuuid", "game", "gameref", "gamekey"),
    "session": ("session", "token", "sid"),
    "player": ("player", "user", "customer", "account", "member", "login", "partnerplayer"),
    "currency": ("currency", "curr"),
    "amount": (
        "amount", "bet", "win", "stake", "sum", "debit", "credit", "value", "money", "wager", "payout", "amt",
        "betamount", "winamount", "stakeamount", "wageramount", "payoutamount", "transactionamount",
    ),
    "request_id": ("requestid", "requestuuid", "messageid", "correlationid", "callid", "uuid"),
    "time": ("timestamp", "time", "date", "createdat", "ts"),
    "free": ("isfree", "freespin", "freeround", "isbonus", "free"),
}  # fmt: skip
#: Names of the field that says what is asked, and what its words mean.
DISCRIMINATORS = ("command", "cmd", "action", "method", "operation", "op", "event", "type", "transactiontype")
WORDS: dict[Operation, tuple[str, ...]] = {
    Operation.ROLLBACK: ("rollback", "cancel", "refund", "revert", "void", "undo"),
    Operation.BET: ("bet", "debit", "wager", "stake", "withdraw", "spend"),
    Operation.WIN: ("win", "credit", "deposit", "payout", "result", "settle"),
    Operation.AUTHENTICATE: ("auth", "login", "verifysession", "start"),
    Operation.BALANCE: ("balance", "funds", "getbalance"),
}


@dataclass
class Guess:
    """What a sample looks like. *fields*: ours to a place; *unknown*: places that nobody could name."""

    body: bytes
    codec: str = "json"
    path: str = "/"
    operation: Operation = Operation.BET
    guessed_operation: bool = False
    when: dict[str, str | int] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    integers: list[str] = field(default_factory=list)
    money_form: str = "number"
    time_form: str = "iso"
    signature: str = ""


def guess(request: Request) -> Guess:
    """Look at a callback, a whole message or a body alone. Garbled for a body that is neither JSON nor a form."""
    try:
        body, codec = read_json(request.body), "json"
    except Garbled:
        if b"=" not in request.body or b"{" in request.body[:1]:
            raise
        body, codec = read_form(request.body), "form"
    if not isinstance(body, dict):
        raise Garbled("a callback is one object with fields")
    found = Guess(request.body, codec, _last_segment(request.path))
    found.signature = next((name for name, _ in request.headers if _signs(name)), "")
    leaves = dict(_leaves(body, ()))
    _discriminator(found, leaves)
    for place, value in leaves.items():
        if place not in found.when:
            _field(found, place, value)
    if not found.guessed_operation:
        _by_path(found)
    return found


def _leaves(body: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Every scalar as (place, value), three levels deep; a place needs plain keys."""
    for key, value in body.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
            continue
        if isinstance(value, dict) and len(at) < 2:
            yield from _leaves(value, (*at, key))
        elif not isinstance(value, (dict, list)) and value is not None:
            yield ".".join(("body", *at, key)), value


def _discriminator(found: Guess, leaves: Mapping[str, Any]) -> None:
    for place, value in leaves.items():
        if _plain(place) in DISCRIMINATORS and isinstance(value, str) and (operation := _meaning(value)):
            found.when[place] = value
            found.operation, found.guessed_operation = operation, True
            return


def _by_path(found: Guess) -> None:
    if operation := _meaning(found.path):
        found.operation, found.guessed_operation = operation, True
    elif "reference" in found.fields and "amount" not in found.fields:
        found.operation = Operation.ROLLBACK


def _meaning(word: str) -> Operation | None:
    letters = _letters(word)
    return next((operation for operation, words in WORDS.items() if any(each in letters for each in words)), None)


def _field(found: Guess, place: str, value: Any) -> None:
    name = _named(place, value)
    if name is None or name in found.fields:
        found.unknown.append(place)
        return
    found.fields[name] = place
    text = scalar_text(value) or ""
    if name == "amount":
        found.money_form = "text" if isinstance(value, str) else "number"
    elif name == "time":
        found.time_form = _time_form(value, text)
    elif name not in ("round_end", "free") and not isinstance(value, (str, bool)):
        found.integers.append(name)


def _named(place: str, value: Any) -> str | None:
    """Our name for a place: exact matches first, then names that begin so; numbers only where numbers make sense."""
    word = _plain(place)
    for exact in (True, False):
        for name, others in NAMES.items():
            flag = name in ("round_end", "free")
            if flag is not isinstance(value, bool):
                continue
            if name == "amount" and (isinstance(value, str) and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value)):
                continue
            bare = [*others, *(f"{other}{end}" for other in others for end in ("id", "uuid", "code", "ref", "number"))]
            if word in bare if exact else name != "amount" and word.startswith(others):
                return name
    ours = re.sub(r"^(client|external|operator|partner|provider|remote|ext)", "", word)
    return None if ours == word else _named(ours, value)


def _time_form(value: Any, text: str) -> str:
    if isinstance(value, str) and not text.isdigit():
        return "iso"
    return "unix_ms" if len(text) > 11 else "unix_s"


def _plain(place: str) -> str:
    return _letters(place.rpartition(".")[2])


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _last_segment(path: str) -> str:
    return f"/{path.rstrip('/').rpartition('/')[2]}" if path.strip("/") else "/"


def _signs(header: str) -> bool:
    letters = _letters(header)
    return any(word in letters for word in ("sign", "hmac", "hash", "authorization"))

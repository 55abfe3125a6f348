"""The sandbox's own calls (`/sandbox/*`): set moods, open players, read the books and what the wallet was asked."""

from decimal import Decimal
from typing import Any

from aiohttp import web
from jiter import LosslessFloat

from gateway.canon.faults import Fault
from gateway.canon.money import exact
from gateway.canon.operations import Operation
from gateway.sandbox.call_log import CallLog
from gateway.sandbox.late import Late
from gateway.sandbox.moods import Mix, Mood, Moods, mood_of
from gateway.sandbox.wallet import Wallet
from gateway.wire.jsontext import Bare, read_json, scalar_text, write_json

#: What a mood, or a mix of moods, is set with.
MOOD_FIELDS = ("mood", "mix", "seed", "player", "operation", "count", "seconds")
#: What a payment is created with.
PAYMENT = ("kind", "reference", "player", "currency", "amount")
#: What a player is opened with that is a text, and not an empty one.
TEXTS = {"player", "currency", "session", "launch", "nickname", "country"}


class Admin:
    """Serves `/sandbox/*`: 200 with JSON, 400 with `{"error"}` for a body it cannot use, 404 and 405."""

    def __init__(self, wallet: Wallet, moods: Moods, calls: CallLog, late: Late) -> None:
        self._wallet = wallet
        self._moods = moods
        self._calls = calls
        self._late = late

    async def serve(self, request: web.BaseRequest) -> web.Response:
        """Answer one admin call."""
        doors = {
            "/sandbox/moods": {"GET": self._show_moods, "POST": self._set_mood, "DELETE": self._clear_moods},
            "/sandbox/players": {"POST": self._open_player},
            "/sandbox/payments": {"POST": self._open_payment},
            "/sandbox/ledger": {"GET": self._show_ledger},
            "/sandbox/calls": {"GET": self._show_calls, "DELETE": self._clear_calls},
        }
        door = doors.get(request.path)
        if door is None:
            return _json(404, {"error": f"one of {', '.join(doors)}"})
        action = door.get(request.method)
        if action is None:
            return _json(405, {"error": f"one of {', '.join(door)}"})
        raw = await request.read()
        try:
            body = read_json(raw) if raw else {}
            if not isinstance(body, dict):
                raise ValueError("the body is not an object")
            return _json(200, action(body))
        except Fault as fault:
            return _json(400, {"error": fault.why})
        except KeyError as error:
            return _json(400, {"error": f"{error.args[0]} is missing"})
        except (ValueError, TypeError) as error:
            return _json(400, {"error": f"{error}"})

    def _show_moods(self, body: dict[str, Any]) -> Any:
        return {
            "moods": {mood.value: {"books": mood.books, "sentence": mood.sentence} for mood in Mood},
            "settings": [_exactly(setting.facts()) for setting in self._moods.settings()],
            "pending": self._late.pending,
            "promises": sorted(self._wallet.promises),
        }

    def _set_mood(self, body: dict[str, Any]) -> Any:
        if odd := body.keys() - {*MOOD_FIELDS}:
            raise ValueError(f"{min(odd)} is no field; there are {', '.join(MOOD_FIELDS)}")
        mood = self._mood(body)
        asked, player, count = body.get("operation"), body.get("player"), body.get("count")
        if asked is not None and asked not in [each.value for each in Operation]:
            raise ValueError(f'there is no operation "{asked}"')
        if player is not None and not isinstance(player, str):
            raise ValueError("player is a text")
        if count is not None and not _whole(count):
            raise ValueError("count is a whole number")
        seconds = None if body.get("seconds") is None else _number("seconds", body["seconds"])
        self._moods.set(mood, player, None if asked is None else Operation(asked), count, seconds=seconds)
        return {"mood": mood.value, "sentence": mood.sentence} if isinstance(mood, Mood) else _exactly(mood.facts())

    def _mood(self, body: dict[str, Any]) -> Mood | Mix:
        if "mix" not in body:
            if "seed" in body:
                raise ValueError("a seed goes with a mix")
            return mood_of(str(body["mood"]))
        if "mood" in body:
            raise ValueError("either a mood or a mix")
        weights, seed = body["mix"], body["seed"]
        if not isinstance(weights, dict):
            raise ValueError('mix is an object: {"silent": 1, "well": 9}')
        if not _whole(seed):
            raise ValueError("seed is a whole number")
        return Mix(seed, {word: _number(f"the weight of {word}", weight) for word, weight in weights.items()})

    def _clear_moods(self, body: dict[str, Any]) -> Any:
        self._moods.clear()
        return {}

    def _open_player(self, body: dict[str, Any]) -> Any:
        given = dict(body)
        for name in TEXTS & given.keys():
            if not isinstance(given[name], str) or not given[name]:
                raise ValueError(f"{name} is a text")
        player, currency = given.pop("player"), given.pop("currency")
        for name in ("balance", "bet_limit"):
            if given.get(name) is not None:
                given[name] = _amount(given[name])
        if given.get("life") is not None:
            given["life"] = float(_amount(given["life"]))
        self._wallet.open_player(player, currency, given.pop("balance", 0), **given)
        return {"player": player, "currency": currency, "balance": format(self._wallet.balance(player), "f")}

    def _open_payment(self, body: dict[str, Any]) -> Any:
        if odd := body.keys() - {*PAYMENT}:
            raise ValueError(f"{min(odd)} is no field; there are {', '.join(PAYMENT)}")
        for name in PAYMENT[:-1]:
            if not isinstance(body[name], str) or not body[name]:
                raise ValueError(f"{name} is a text")
        kind, reference, player, currency = (body[name] for name in PAYMENT[:-1])
        self._wallet.open_payment(kind, reference, player, _amount(body["amount"]), currency)
        return {"kind": kind, "reference": reference, "balance": format(self._wallet.balance(player), "f")}

    def _show_ledger(self, body: dict[str, Any]) -> Any:
        return self._wallet.statement()

    def _show_calls(self, body: dict[str, Any]) -> Any:
        return {"calls": self._calls.lines()}

    def _clear_calls(self, body: dict[str, Any]) -> Any:
        self._calls.clear()
        return {}


def _amount(value: Any) -> Decimal:
    return exact(scalar_text(value) or "")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(what: str, value: Any) -> float:
    """A JSON number as float: weights and seconds, no money. ValueError that names *what* for anything else."""
    if not _whole(value) and not isinstance(value, LosslessFloat):
        raise ValueError(f"{what} is a number")
    return float(str(value))


def _exactly(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts with their floats as JSON numbers."""
    return {
        name: _exactly(value) if isinstance(value, dict) else Bare(repr(value)) if isinstance(value, float) else value
        for name, value in facts.items()
    }


def _json(status: int, value: Any) -> web.Response:
    return web.Response(status=status, body=write_json(value), content_type="application/json")

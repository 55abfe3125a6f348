"""The sandbox's own calls (`/sandbox/*`): set moods, open players, read the books and what the wallet was asked."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from aiohttp import web

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.money import exact
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.sandbox.moods import Mood, Moods
from gateway.sandbox.wallet import Wallet
from gateway.wire.jsontext import read_json, scalar_text, write_json
from gateway.wire.message import Garbled, Request, header

#: How many different calls are remembered; the oldest go first.
REMEMBERED = 20_000
#: Of how many times that one came its mood and outcome are kept; calls without a key all count on one line.
LATEST = 100
#: What a player is opened with that is a text, and not an empty one.
TEXTS = {"player", "currency", "session", "launch", "nickname", "country"}


class CallLog:
    """What the wallet was asked, readable or not: one line per method, path and key, with how often it came."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str, str], dict[str, Any]] = {}

    def note(self, message: Request, call: Call | None, mood: Mood | None, outcome: Outcome | None) -> None:
        """One more call. *outcome*: what was booked or refused; None when the mood let nothing happen."""
        key = _key(message) if call is None else call.transaction or ""
        line = self._lines.setdefault(
            (message.method, message.path, key),
            {"method": message.method, "path": message.path, "key": key, "count": 0, "moods": [], "outcomes": []},
        )
        line["count"] += 1
        line["moods"] = [*line["moods"][1 - LATEST :], "" if mood is None else mood.value]
        line["outcomes"] = [*line["outcomes"][1 - LATEST :], "" if outcome is None else outcome.value]
        if len(self._lines) > REMEMBERED:
            del self._lines[next(iter(self._lines))]

    def lines(self) -> list[dict[str, Any]]:
        """All lines, oldest first; `moods` and `outcomes` have an entry for each of the last 100 times."""
        return list(self._lines.values())

    def count(self, key: str, path: str | None = None) -> int:
        """How often a call with that key came, on that path or on any."""
        return sum(
            int(line["count"]) for line in self._lines.values() if line["key"] == key and path in (None, line["path"])
        )

    def clear(self) -> None:
        """Forget everything."""
        self._lines.clear()


def _key(message: Request) -> str:
    try:
        return header(message.headers, "Idempotency-Key") or ""
    except Garbled:
        return ""


class Admin:
    """Serves `/sandbox/*`: 200 with JSON, 400 with `{"error"}` for a body it cannot use, 404 and 405."""

    def __init__(self, wallet: Wallet, moods: Moods, calls: CallLog) -> None:
        self._wallet = wallet
        self._moods = moods
        self._calls = calls

    async def serve(self, request: web.BaseRequest) -> web.Response:
        """Answer one admin call."""
        doors = {
            "/sandbox/moods": {"GET": self._show_moods, "POST": self._set_mood, "DELETE": self._clear_moods},
            "/sandbox/players": {"POST": self._open_player},
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
            "settings": [asdict(setting) for setting in self._moods.settings()],
        }

    def _set_mood(self, body: dict[str, Any]) -> Any:
        word, asked = body["mood"], body.get("operation")
        if word not in [mood.value for mood in Mood]:
            raise ValueError(f'there is no mood "{word}"; GET /sandbox/moods lists all')
        if asked is not None and asked not in [each.value for each in Operation]:
            raise ValueError(f'there is no operation "{asked}"')
        operation = None if asked is None else Operation(asked)
        mood = Mood(word)
        self._moods.set(mood, body.get("player"), operation, body.get("count"))
        return {"mood": mood.value, "sentence": mood.sentence}

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

    def _show_ledger(self, body: dict[str, Any]) -> Any:
        return self._wallet.statement()

    def _show_calls(self, body: dict[str, Any]) -> Any:
        return {"calls": self._calls.lines()}

    def _clear_calls(self, body: dict[str, Any]) -> Any:
        self._calls.clear()
        return {}


def _amount(value: Any) -> Decimal:
    return exact(scalar_text(value) or "")


def _json(status: int, value: Any) -> web.Response:
    return web.Response(status=status, body=write_json(value), content_type="application/json")

"""What the wallet was asked, for people and for tests that look at it from outside."""

from typing import Any

from gateway.canon.calls import Call
from gateway.canon.outcomes import Outcome
from gateway.sandbox.moods import Mood
from gateway.wire.message import Garbled, Request, header

#: How many different calls are remembered; the oldest go first.
REMEMBERED = 20_000
#: Of how many times that one came its mood and outcome are kept; calls without a key all count on one line.
LATEST = 100


class CallLog:
    """What the wallet was asked, readable or not: one line per method, path and key, with how often it came."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str, str], dict[str, Any]] = {}

    def note(self, message: Request, call: Call | None, mood: Mood | None, outcome: Outcome | None) -> None:
        """One more call. *outcome*: what was booked or refused; None when the mood let nothing happen."""
        key = _key(message, call)
        line = self._lines.get(key)
        if line is None:
            method, path, name = key
            line = {"method": method, "path": path, "key": name, "count": 0, "moods": [], "outcomes": [], "landed": []}
            self._lines[key] = line
        line["count"] += 1
        line["moods"] = [*line["moods"][1 - LATEST :], "" if mood is None else mood.value]
        line["outcomes"] = [*line["outcomes"][1 - LATEST :], "" if outcome is None else outcome.value]
        if len(self._lines) > REMEMBERED:
            del self._lines[next(iter(self._lines))]

    def landed(self, message: Request, call: Call, outcome: Outcome) -> None:
        """A call that was noted earlier, and was booked (or refused) only now."""
        line = self._lines.get(_key(message, call))
        if line is not None:
            line["landed"] = [*line["landed"][1 - LATEST :], outcome.value]

    def lines(self) -> list[dict[str, Any]]:
        """All lines, oldest first; `moods` and `outcomes` have an entry for each of the last 100 times.

        `landed` has the outcomes of those that were booked later than they came.
        """
        return list(self._lines.values())

    def count(self, key: str, path: str | None = None) -> int:
        """How often a call with that key came, on that path or on any."""
        return sum(
            int(line["count"]) for line in self._lines.values() if line["key"] == key and path in (None, line["path"])
        )

    def clear(self) -> None:
        """Forget everything."""
        self._lines.clear()


def _key(message: Request, call: Call | None) -> tuple[str, str, str]:
    if call is not None:
        return message.method, message.path, call.transaction or ""
    try:
        return message.method, message.path, header(message.headers, "Idempotency-Key") or ""
    except Garbled:
        return message.method, message.path, ""

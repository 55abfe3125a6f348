"""What is remembered beside the rows: who is behind a session, and what a player was last seen with.

A session's facts must outlive us; a player's (the balance of the last answer) are good for this process only.
Newer facts are laid over older ones. Bounded: what was not used for longest goes first.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

MOST = 100_000


class Remembered:
    """Facts by (account, kind, id)."""

    def __init__(self, most: int = MOST) -> None:
        self._facts: OrderedDict[tuple[str, str, str], dict[str, Any]] = OrderedDict()
        self._most = most

    def recall(self, account: str, kind: str, identity: str) -> dict[str, Any] | None:
        """The facts, None where nothing is known."""
        key = (account, kind, identity)
        if (facts := self._facts.get(key)) is None:
            return None
        self._facts.move_to_end(key)
        return dict(facts)

    def remember(self, account: str, kind: str, identity: str, facts: Mapping[str, Any]) -> bool:
        """Lay *facts* over what is known; was anything new among them?"""
        key = (account, kind, identity)
        known = self._facts.pop(key, {})
        self._facts[key] = {**known, **facts}
        while len(self._facts) > self._most:
            self._facts.popitem(last=False)
        return self._facts[key] != known

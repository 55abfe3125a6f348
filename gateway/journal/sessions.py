"""What is remembered beside the rows: who is behind a session, and what a player was last seen with.

A session's facts must outlive us; a player's (the balance of the last answer) are good for this process only.
Newer facts are laid over older ones. Bounded: what was not used for longest goes first.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

#: In a journal that is kept in memory, where this is the only copy. A hundred thousand take some fifty megabytes.
MOST = 100_000
#: Players beside a durable store. Of one who is forgotten a table that answers with what is remembered has to ask: the
#: provider's next call costs the wallet one more question. (A tuple in place of each dict would be a quarter smaller,
#: and twice as slow.)
MOST_PLAYERS = 20_000
#: Sessions that a durable store holds: one that is not here is read from the store, and once written to it again.
MOST_SESSIONS = 20_000


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


class Sessions:
    """Sessions' facts as they stand in a durable store: what is here need not be read, nor written again.

    What was written longer than *fresh_s* ago is written once more when it is used, so that the store knows that it is
    in use.
    """

    def __init__(self, most: int = MOST_SESSIONS, fresh_s: float = 86_400.0) -> None:
        self._facts: OrderedDict[tuple[str, str], tuple[dict[str, Any], float]] = OrderedDict()
        self._most, self._fresh_s = most, fresh_s

    def recall(self, account: str, identity: str) -> dict[str, Any] | None:
        """All facts, None where the store must be asked."""
        if (known := self._facts.get((account, identity))) is None:
            return None
        self._facts.move_to_end((account, identity))
        return dict(known[0])

    def knows(self, account: str, identity: str, facts: Mapping[str, Any], wall: float) -> bool:
        """Does the store hold all these facts already, written not long ago?"""
        known, written = self._facts.get((account, identity), ({}, 0.0))
        return written > wall - self._fresh_s and {**known, **facts} == known

    def keep(self, account: str, identity: str, facts: Mapping[str, Any], written: float) -> None:
        """The store holds exactly these facts."""
        self._facts[account, identity] = dict(facts), written
        self._facts.move_to_end((account, identity))
        while len(self._facts) > self._most:
            self._facts.popitem(last=False)

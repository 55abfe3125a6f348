"""The retry budget: how many second attempts live traffic may make, so that trouble is not multiplied.

Providers repeat on their own; what we add on top stays at a tenth of the calls.
"""

from collections.abc import Callable
from time import monotonic

#: How long, in seconds, much traffic holds back what is meant for thin traffic.
_REACH = 10.0


class Budget:
    """A bucket of tokens, one for each repeat. It begins empty; *part* of a token comes with each call that is sent.

    Where traffic is so thin that this makes less than *floor* a second, it is filled up to that, but never with more
    than one token at once: a quiet hour buys no burst. It holds *most* tokens.
    """

    def __init__(
        self, clock: Callable[[], float] = monotonic, *, part: float = 0.1, floor: float = 1.0, most: float = 10.0
    ) -> None:
        self._clock = clock
        self._part, self._floor, self._most = part, floor, most
        self._tokens = 0.0
        #: Up to then everything that the floor promises has come; each call puts it off by what it brought.
        self._paid = clock() + 1 / floor

    def called(self) -> None:
        """A call that is no repeat is sent."""
        now, paid = self._clock(), self._paid
        if self._tokens < self._most:
            self._tokens = min(self._tokens + self._part, self._most)
        # Two comparisons: with every call, and `min` and `max` are calls themselves.
        if paid < (earliest := now - 1 / self._floor):
            paid = earliest
        paid += self._part / self._floor
        self._paid = paid if paid < (latest := now + _REACH) else latest

    def take(self) -> bool:
        """May one call be repeated? True spends a token."""
        now = self._clock()
        if now > self._paid:
            self._tokens = min(self._tokens + min((now - self._paid) * self._floor, 1.0), self._most)
            self._paid = now
        if self._tokens < 1.0 - 1e-9:  # ten times a tenth is not quite one
            return False
        self._tokens -= 1.0
        return True

"""The breaker: while the wallet is down, calls are refused for certain instead of left in doubt.

It watches how real calls end. Silence and Unreachable speak against the wallet, Heard (whatever was heard) for it; any
other NotSent is our own doing and says nothing. Open, it lets nothing through for a second; after that one call goes as
a probe, and never two at a time. A probe that is heard closes it; each that fails doubles the time, up to 30 seconds.
"""

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from time import monotonic

from msgspec import Struct

from gateway.wire.message import Ending, Heard, Silence, Unreachable


class State(StrEnum):
    """*half_open*: a probe is on its way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


# Looking a member up costs more than what is done with it.
_CLOSED, _OPEN, _HALF_OPEN = State.CLOSED, State.OPEN, State.HALF_OPEN
_FAILURES = (Silence, Unreachable)


class Permit(Struct, eq=False):
    """Leave for one call. The first telling of how it ended counts, later ones are ignored."""

    _breaker: "Breaker | None"
    _era: int

    def ended(self, ending: Ending) -> None:
        """How the call ended; NotSent gives the permit back unused."""
        breaker, self._breaker = self._breaker, None
        if breaker is not None:
            breaker._ended(self._era, ending)


class Breaker:
    """Opens when *share* of the calls of *window* seconds failed, if there were *least*, or after *in_a_row* calls
    that found no connection. Stays open *first* seconds, doubling to *longest*. All seconds are *clock*'s.

    A probe of which nothing is heard for *probe_limit* seconds is given up, and the next call may be one.
    """

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        *,
        share: float = 0.5,
        least: int = 20,
        window: int = 10,
        in_a_row: int = 5,
        first: float = 1.0,
        longest: float = 30.0,
        probe_limit: float = 60.0,
    ) -> None:
        self._clock = clock
        self._share, self._least, self._window, self._in_a_row = share, least, window, in_a_row
        self._first, self._longest, self._probe_limit = first, longest, probe_limit
        self._state = _CLOSED
        #: Nothing speaks against the wallet.
        self.closed = True
        self._watchers: list[Callable[[State], None]] = []
        #: A permit of an earlier state says nothing about this one.
        self._era = 0
        self._seconds: deque[list[int]] = deque()  # [second, calls, failures], the newest last
        self._unreached = 0
        self._pause = first
        self._next_probe = 0.0

    @property
    def state(self) -> State:
        """Closed, open (a probe may be due), or half_open (a probe is on its way)."""
        return self._state

    @property
    def admits(self) -> bool:
        """Would a call made now be let through? Not closed, that is when a probe is due."""
        return self.closed or self._clock() >= self._next_probe

    def watch(self, watcher: Callable[[State], None]) -> None:
        """Call *watcher* with the new state after each change; it must not raise."""
        self._watchers.append(watcher)

    def admit(self) -> Permit | None:
        """Leave for one call, whose end must be told; None while the breaker is open or a probe on its way."""
        if not self.closed:
            if not self.admits:
                return None
            self._next_probe = self._clock() + self._probe_limit
            self._change(_HALF_OPEN)
        return Permit(self, self._era)

    def _ended(self, era: int, ending: Ending) -> None:
        if era != self._era:
            return
        heard = isinstance(ending, Heard)
        failed = not heard and isinstance(ending, _FAILURES)
        if self._state is _HALF_OPEN:
            if heard:
                self._change(_CLOSED)
            else:
                # A probe that never left has told nothing: the next call may be one, at once.
                self._pause = min(2 * self._pause, self._longest) if failed else self._pause
                self._open(self._pause if failed else 0.0)
        elif heard or failed:
            self._unreached = self._unreached + 1 if isinstance(ending, Unreachable) else 0
            self._count(failed)
            if failed and (self._unreached >= self._in_a_row or self._too_many()):
                self._pause = self._first
                self._open(self._pause)

    def _count(self, failed: bool) -> None:
        second = int(self._clock())
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
            while self._seconds[0][0] <= second - self._window:
                self._seconds.popleft()
        now = self._seconds[-1]
        now[1] += 1
        now[2] += failed

    def _too_many(self) -> bool:
        calls = sum(each[1] for each in self._seconds)
        return calls >= self._least and sum(each[2] for each in self._seconds) >= self._share * calls

    def _open(self, pause: float) -> None:
        self._next_probe = self._clock() + pause
        self._change(_OPEN)

    def _change(self, state: State) -> None:
        changed, self._state, self.closed = self._state is not state, state, state is _CLOSED
        self._era += 1
        self._seconds.clear()
        self._unreached = 0
        if changed:
            for watcher in self._watchers:
                watcher(state)

"""The journal's own clock, and when somebody served: both count service, and neither follows the wall clock's jumps.

A gap (a process that was frozen, a store that could not be written) is no service: the clock goes on by `gap_s` at
most, and a new life begins, so that nobody takes the gap for time in which a provider was heard.
"""

from collections.abc import Callable

import apsw


class Service:
    """Of one open journal. Not for several threads."""

    def __init__(self, me: str, clock: Callable[[], float], wall: Callable[[], float], gap_s: float) -> None:
        self.me = me
        self.seconds = 0.0
        self.born = 0.0
        self._clock, self._wall, self._gap_s = clock, wall, gap_s
        self._read = 0.0
        self._written: float | None = None  # the life that the table knows of

    def begin(self, connection: apsw.Connection) -> None:
        """Load the clock, and begin a life: those that never ended did so when they were last seen."""
        stored = connection.execute("SELECT seconds FROM clock").fetchone()
        self.seconds = max(self.seconds, float(stored[0] if stored else 0.0))
        self._read = self._clock()
        self.born = self._wall()
        connection.execute("UPDATE lives SET stopped = seen WHERE stopped IS NULL")
        self._written = None
        self.write(connection)

    def now(self) -> float:
        """The journal's clock. To be asked often: what passes between is service, up to a gap."""
        read = self._clock()
        passed, self._read = max(0.0, read - self._read), read
        if passed > self._gap_s:
            passed = self._gap_s
            self.born = self._wall()
        self.seconds += passed
        return self.seconds

    def save(self, connection: apsw.Connection) -> None:
        """Write the clock."""
        connection.execute("UPDATE clock SET seconds = ?", (self.seconds,))

    def write(self, connection: apsw.Connection, *, stopped: bool = False) -> None:
        """Write the clock, and until when this life was seen."""
        self.save(connection)
        wall = self._wall()
        if self._written != self.born:
            connection.execute("UPDATE lives SET stopped = seen WHERE stopped IS NULL")
            connection.execute(
                "INSERT INTO lives (instance, started, seen) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (self.me, self.born, wall),
            )
            self._written = self.born
        connection.execute(
            "UPDATE lives SET seen = max(seen, ?), stopped = ? WHERE instance = ? AND started = ?",
            (wall, wall if stopped else None, self.me, self.born),
        )

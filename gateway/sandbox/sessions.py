"""Launch tokens and session tokens: who is playing, and until when. Times are unix seconds.

A launch token stands in the game's URL; `authenticate` swaps it for a session token, the same one each time.
"""

import secrets

import apsw

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome

DAY = 86_400.0


class Sessions:
    """The two token tables. *life* is how long a swapped session lasts, in seconds."""

    def __init__(self, connection: apsw.Connection, life: float = DAY) -> None:
        self._connection = connection
        self.life = life

    def add(self, token: str, player: str, expires: float) -> None:
        """Open (or prolong) the session *token* of *player* until *expires*."""
        self._connection.execute(
            "INSERT INTO sessions (token, player, expires) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET player = excluded.player, expires = excluded.expires",
            (token, player, expires),
        )

    def add_launch(self, token: str, player: str, expires: float) -> None:
        """Hand out the launch token *token* of *player*, good until *expires*."""
        self._connection.execute(
            "INSERT INTO launches (token, player, expires) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET player = excluded.player, expires = excluded.expires, session = NULL",
            (token, player, expires),
        )

    def player(self, token: str) -> str | None:
        """Whose token it is, live or expired, session or launch; None for an unknown one."""
        row = self._connection.execute(
            "SELECT player FROM sessions WHERE token = ?1 UNION ALL SELECT player FROM launches WHERE token = ?1",
            (token,),
        ).fetchone()
        return None if row is None else str(row[0])

    def check(self, token: str, now: float, player: str | None = None) -> None:
        """Fault session_invalid for a token that is unknown or not *player*'s, session_expired for one that is late."""
        row = self._connection.execute("SELECT player, expires FROM sessions WHERE token = ?", (token,)).fetchone()
        if row is None:
            raise Fault(Outcome.SESSION_INVALID, "no such session")
        if float(str(row[1])) <= now:
            raise Fault(Outcome.SESSION_EXPIRED, "the session's time is over")
        if player not in (None, row[0]):
            raise Fault(Outcome.SESSION_INVALID, "another player's session")

    def swap(self, token: str, now: float) -> str:
        """The session token for the launch token *token*: a fresh one at first, then the same one while it lives.

        A live session token swaps for itself. Fault session_invalid (unknown) or session_expired.
        """
        row = self._connection.execute(
            "SELECT player, expires, session FROM launches WHERE token = ?", (token,)
        ).fetchone()
        if row is None or row[2] is not None:
            session = token if row is None else str(row[2])
            self.check(session, now)
            return session
        if float(str(row[1])) <= now:
            raise Fault(Outcome.SESSION_EXPIRED, "the launch token's time is over")
        session = secrets.token_urlsafe(18)
        self.add(session, str(row[0]), now + self.life)
        self._connection.execute("UPDATE launches SET session = ? WHERE token = ?", (session, token))
        return session

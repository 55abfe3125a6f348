"""Who serves this journal: our own name among the instances, the others' heartbeats, and the clock that all share.

An instance whose counter stands still for `DEAD_S` seconds of the observer's monotonic clock, in which the observer
itself was beating, is dead. That is written first, so that it can write nothing more under that name should it be alive
after all; then its work is freed. It takes a new name when it notices. Nobody's work is touched for any other reason.
"""

import os
from collections.abc import Callable
from secrets import token_hex

from gateway.journal.limits import Limits
from gateway.journal.postgres.link import Link

DEAD_S = 15.0
#: What a pause between two of our own beats counts at most against the others: whoever was frozen with us, or waited
#: with us for the database, must get the time to beat first.
MOST_OBSERVED_S = 4.0

_JOIN = """
    WITH us AS (INSERT INTO instances (instance, wall) VALUES ($1, $2) RETURNING 1)
    SELECT greatest(c.seconds, (SELECT max(i.seconds) FROM instances AS i)) FROM clock AS c, us"""
_FENCE = """
    UPDATE instances SET epoch = epoch + 1 WHERE instance = $1 AND NOT dead RETURNING epoch, batch"""
_LAST = "SELECT batch FROM instances WHERE instance = $1"
_BEAT = "SELECT journal_beat_1($1, $2, $3, $4)"
_OTHERS = "SELECT instance, counter FROM instances WHERE NOT dead AND instance <> $1"
_DECLARE_DEAD = """
    WITH gone AS (UPDATE instances SET dead = TRUE WHERE instance = $1 AND counter = $2 AND NOT dead RETURNING instance)
    UPDATE lives AS l SET stopped = l.seen FROM gone WHERE l.instance = gone.instance AND l.stopped IS NULL"""
_LEAVE = """
    WITH gone AS (UPDATE instances SET dead = TRUE WHERE instance = $1 RETURNING instance)
    UPDATE lives AS l SET seen = $2, stopped = $2 FROM gone WHERE l.instance = gone.instance AND l.stopped IS NULL"""
LEFT_BEHIND = """
    SELECT DISTINCT split_part(r.holder, '/', 1) FROM rows AS r WHERE r.holder IS NOT NULL
    AND NOT EXISTS (SELECT FROM instances AS i WHERE i.instance = split_part(r.holder, '/', 1) AND NOT i.dead)"""
SERVED = "SELECT started, seen FROM lives WHERE started <= $2 AND seen >= $1"


class Serving:
    """Our own line. *me*: a name that no other instance has or had; a new one is made if it is held for dead."""

    def __init__(self, me: str | None, clock: Callable[[], float], wall: Callable[[], float], limits: Limits) -> None:
        self.me = me or _name()
        self.epoch = 0
        self.batch = 0  # the number of our last try to write
        self.wall = wall
        self.joined = False
        self._clock, self._gap_s = clock, limits.gap_s
        self._seconds, self._read = 0.0, clock()
        self._born = wall()
        self._others: dict[str, tuple[int, float]] = {}
        self._observed: float | None = None

    def now(self) -> float:
        """The journal's clock. What passes between two questions is service, up to a gap; it never goes back."""
        read = self._clock()
        passed, self._read = max(0.0, read - self._read), read
        if passed > self._gap_s:
            passed = self._gap_s
            self._born = self.wall()
        self._seconds += passed
        return self._seconds

    async def join(self, link: Link, *, heard: bool = True) -> None:
        """Begin to serve; under a new name, if we served before. Not *heard*: only to write, no callback reaches us."""
        if self.joined:
            self.me = _name()
        self.joined, self._born = False, self.wall()
        ((seconds,),) = await link.rows(_JOIN, self.me, self.wall())
        self.now()
        self._seconds = max(self._seconds, seconds)
        self.joined, self.epoch, self.batch = True, 0, 0
        if heard:
            await self._beat(link)
        self._others, self._observed = {}, None

    async def fence(self, link: Link) -> tuple[int, bool]:
        """After a connection was lost: what was sent over it is done by now, or never will be.

        Gives the number of the last batch that was done, and whether we still serve under this name.
        """
        if found := await link.rows(_FENCE, self.me):
            self.epoch, done = found[0]
            return done, True
        ((done,),) = await link.rows(_LAST, self.me)
        return done, False

    async def beat(self, link: Link) -> frozenset[str]:
        """We serve. Gives the dead whose work is not freed yet. Raises Over where we are held for dead."""
        await self._beat(link)
        read = self._clock()
        passed = 0.0 if self._observed is None else min(max(0.0, read - self._observed), MOST_OBSERVED_S)
        self._observed = read
        others: dict[str, tuple[int, float]] = {}
        for instance, counter in await link.rows(_OTHERS, self.me):
            known, still = self._others.get(instance, (counter, 0.0))
            still = still + passed if known == counter else 0.0
            others[instance] = counter, still
            if still >= DEAD_S:
                await link.rows(_DECLARE_DEAD, instance, counter)
        self._others = others
        return frozenset(str(instance) for (instance,) in await link.rows(LEFT_BEHIND))

    async def _beat(self, link: Link) -> None:
        now = self.now()
        ((seconds,),) = await link.rows(_BEAT, self.me, now, self._born, self.wall())
        self._seconds = max(self._seconds, seconds)

    async def served(self, link: Link, start: float, end: float) -> list[tuple[float, float]]:
        """The stretches of service that touch the time from *start* to *end*, in unix seconds."""
        return [(started, seen) for started, seen in await link.rows(SERVED, start, end)]

    async def leave(self, link: Link) -> None:
        """We stop serving: what we may still hold is for others to free, at once."""
        await link.rows(_LEAVE, self.me, self.wall())
        self.joined = False


def _name() -> str:
    return f"{os.getpid()}-{token_hex(4)}"

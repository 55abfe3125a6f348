"""What each life of a run is to be: how it ends, how fast its clocks go, what the wallet does. All from a seed."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.torture.lives.points import Point, Way

#: How many times faster than the machine's a journal's clocks go; one is drawn for each life.
RATES = (20.0, 100.0, 300.0)
SLOWER = (10.0, 50.0, 100.0)
#: What a wallet that keeps every promise may still do to a call; those that its sandbox does not know are left out.
MOODS = {
    "reset_after_booking": 4, "reset_before_booking": 3, "silent_after_booking": 2, "silent": 1, "half_body": 2,
    "http_500_after_booking": 2, "http_500": 2, "garbage": 1, "wrong_echo": 1, "html_200": 1, "close_mid_header": 1,
    "too_many_429": 2, "unavailable_503": 2, "late_landing": 3, "late_landing_reset": 4, "late_arrival": 4,
    "duplicate_delivery": 3,
}  # fmt: skip
#: After these a call is in doubt at once.
SILENCE = ("reset_after_booking", "reset_before_booking", "half_body")
#: Seconds in which a life comes by its point, or is killed from outside.
PATIENCE = 0.8
#: How often a point that was not reached is tried again; then the run says so.
MOST_MISSES = 6
#: Two effects of one message, where the wallet promises no better.
BROKEN = ("duplicate_delivery",)
OPERATIONS = (None, None, "bet", "win", "rollback", "status")
#: Of these a row must be closed to be pruned; in seconds of the journal's clocks.
OLD_S, NEVER_S = 600.0, 1e9


@dataclass(frozen=True, slots=True)
class Plan:
    """*point*: where it dies by itself, at the *number*-th time; "" for a kill from outside, *after* seconds.

    *term*: seconds until it is asked to stop (before that kill, which None leaves out). *away*: seconds, by the
    journal's clocks, in which nobody serves afterwards. *freeze*: seconds for which it is stopped (SIGSTOP) after
    *freeze_at*; *after* counts from its waking. *hurry*: it is asked twice. *sessions*: players begin anew, and not
    through the gateway. *moods*: what the wallet is told to do.
    """

    point: str = ""
    number: int = 1
    after: float | None = 0.2
    term: float | None = None
    rate: float = 100.0
    away: float = 1.0
    checkpoint: int = 1_000
    kept: float = NEVER_S
    freeze: float = 0.0
    freeze_at: float = 0.0
    hurry: bool = False
    sessions: bool = False
    moods: tuple[Mapping[str, Any], ...] = ()

    def __str__(self) -> str:
        end = f"at {self.point} number {self.number}" if self.point else f"after {self.after}"
        told = ", ".join(f"{each['count']} {each['mood']} {each.get('operation', '')}".strip() for each in self.moods)
        asked = f", frozen for {self.freeze:.2f} after {self.freeze_at:.2f}" if self.freeze else ""
        asked += f", asked to stop after {self.term:.3f}" if self.term is not None else ""
        return f"{end}{asked}, clocks x{self.rate:g}, away {self.away:.1f} s; wallet: {told or 'well'}"


class Plans:
    """The plans of a run of *lives* lives: each of *points* at least once, the rest at random instants.

    A named point that was not reached is tried again (`missed`), with more lives where there are none left. *frozen*:
    some lives are stopped for a while.
    """

    def __init__(
        self, seed: str, lives: int, points: Sequence[Point], moods: Sequence[str], *,
        frozen: bool = False, hasty: bool = True,
    ) -> None:  # fmt: skip
        self._rates = RATES if hasty else SLOWER
        self._frozen = frozen
        self._rng = Random(f"{seed}/plans")
        self._points = {point.name: point for point in points}
        self._words = [word for word in MOODS if word in moods and (hasty or word not in BROKEN)]
        named = [*points, *self._rng.choices(points, k=max(0, (lives - len(points)) // 3))]
        named = named[:lives]
        plans = [self._named(point) for point in named] + [self._unnamed() for _ in range(lives - len(named))]
        self._rng.shuffle(plans)
        # What is old is so only in the end; what is new only in the beginning.
        plans.sort(key=lambda plan: self._when(plan))
        self.left = deque(plans)
        self._misses: Counter[str] = Counter()

    def _when(self, plan: Plan) -> int:
        way = self._points[plan.point].way if plan.point else None
        return {Way.FRESH: 0, Way.OLD: 2}.get(way, 1) if way else 1

    def missed(self, plan: Plan) -> None:
        """It did not come by its point: once more later on, at the first time; a few times."""
        self._misses[plan.point] += 1
        if self._misses[plan.point] > MOST_MISSES:
            return
        longer = 1 + self._misses[plan.point]
        again = replace(self._named(self._points[plan.point]), number=1, after=PATIENCE * longer)
        if again.term is not None:
            again = replace(again, term=again.term * longer)
        self.left.insert(min(len(self.left), 5), again)

    def _named(self, point: Point) -> Plan:
        number = self._rng.randint(1, point.most)
        silence = point.way is Way.ERRANDS
        plan = self._drawn(errands=silence or self._rng.random() < 0.3, silence=silence)
        stop = self._rng.uniform(0.05, 0.2) if point.way in (Way.STOP, Way.HURRY) else None
        if point.way is Way.HURRY:
            plan = replace(plan, moods=({"mood": "silent_after_booking", "count": 8},))
        return replace(
            plan, point=point.name, number=number, after=PATIENCE, term=stop,
            checkpoint=8 if point.name == "file.torn" else 1_000,
            hurry=point.way is Way.HURRY,
            kept=OLD_S if point.way is Way.OLD else NEVER_S, sessions=point.way is Way.SESSIONS,
        )  # fmt: skip

    def _unnamed(self) -> Plan:
        """A kill from outside: at any instant from the fork on, some while it drains; now and then none."""
        plan = self._drawn(errands=self._rng.random() < 0.5)
        if self._frozen and self._rng.random() < 0.4:
            freeze, at = self._rng.uniform(0.5, 3.0), self._rng.uniform(0.05, 0.4)
            return replace(plan, freeze=freeze, freeze_at=at, after=self._rng.uniform(0.05, 0.3))
        if self._rng.random() < 0.15:
            term = self._rng.uniform(0.0, 0.25)
            left = None if self._rng.random() < 0.3 else term + 10 ** self._rng.uniform(-4, -0.7)
            return replace(plan, term=term, after=left)
        return replace(plan, after=self._rng.uniform(0.01, 0.35))

    def _drawn(self, *, errands: bool, silence: bool = False) -> Plan:
        rng = self._rng
        moods = tuple(self._mood() for _ in range(rng.randint(1, 3))) if errands else ()
        if silence:
            moods = ({"mood": rng.choice(SILENCE), "count": rng.randint(6, 10)}, *moods[1:])
        return Plan(rate=rng.choice(self._rates), away=10 ** rng.uniform(-2, 0), moods=moods)

    def _mood(self) -> Mapping[str, Any]:
        rng = self._rng
        mood = rng.choices(self._words, [MOODS[word] for word in self._words])[0]
        operation = rng.choice(OPERATIONS)
        late = {"seconds": round(rng.uniform(0.02, 0.3), 3)} if mood.startswith("late") else {}
        named = {} if operation is None else {"operation": operation}
        return {"mood": mood, "count": rng.randint(1, 4), **named, **late}

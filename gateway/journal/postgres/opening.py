"""Bringing a database's schema up to date: by one instance at a time, while the others go on serving."""

from collections.abc import Callable

from gateway.journal.migrating import VERSIONS, missing, steps
from gateway.journal.postgres.link import Changed, Link, Lost, Over, Refused, connected
from gateway.journal.wishes import JournalRefused

#: Any number that no other program uses for a lock of the whole database.
LOCK = 0x6A6F75726E616C  # "journal"


async def prepare(url: str, on_wait: Callable[[], None] = lambda: None) -> None:
    """Make the tables that are missing. *on_wait* hears that another instance is at it, which may take any time.

    Raises JournalRefused, in plain words.
    """
    try:
        link = await connected(url, limit_s=0, name="gateway schema", plans=False)
        try:
            await _migrate(link, on_wait)
        finally:
            await link.close()
    except (Lost, Refused, Changed, Over) as error:
        raise JournalRefused(str(error)) from error


async def check_schema(link: Link) -> None:
    """Raises JournalRefused where the schema is not this program's: people's tools never change it."""
    try:
        had = dict(await link.rows("SELECT number, readable_from FROM versions"))
    except Refused:
        raise JournalRefused("there is no journal in this database: start the gateway on it once") from None
    if lacking := missing(steps("postgres"), had, "the database"):
        raise JournalRefused(f"the database lacks schema step {lacking[0].number}: start the gateway on it once")


async def _migrate(link: Link, on_wait: Callable[[], None]) -> None:
    ((ours,),) = await link.rows(f"SELECT pg_try_advisory_lock({LOCK})")
    if not ours:
        on_wait()
        await link.run(f"SELECT pg_advisory_lock({LOCK})")
    await link.run(VERSIONS)
    had = dict(await link.rows("SELECT number, readable_from FROM versions"))
    for step in missing(steps("postgres"), had, "the database"):
        await link.run("BEGIN")
        try:
            await link.run(step.sql)
            await link.rows(
                "INSERT INTO versions (number, name, readable_from) VALUES ($1, $2, $3)",
                step.number, step.name, step.readable_from,
            )  # fmt: skip
            await link.run("COMMIT")
        except Refused:
            await link.run("ROLLBACK")
            raise

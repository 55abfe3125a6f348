"""Bringing a database's schema up to date: by one instance at a time, while the others go on serving."""

from gateway.journal.migrating import VERSIONS, missing, steps
from gateway.journal.postgres.link import Changed, Door, Link, Lost, Over, Refused, connected
from gateway.journal.wishes import JournalRefused

#: Any number that no other program uses for a lock of the whole database.
LOCK = 0x6A6F75726E616C  # "journal"


async def prepare(door: Door) -> None:
    """Make the tables that are missing. Raises JournalRefused, in plain words."""
    try:
        link = await connected(door, limit_s=0, name="gateway schema", plans=False)
        try:
            await _migrate(link)
        finally:
            await link.close()
    except (Lost, Refused, Changed, Over) as error:
        raise JournalRefused(str(error)) from error


async def _migrate(link: Link) -> None:
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

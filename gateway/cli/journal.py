"""`gateway journal`: is it sound, a copy of it, and what is too old to be kept; also while a gateway serves it."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.cli.journals import Config, at_desk
from gateway.cli.serve import read_settings
from gateway.journal.reading import Desk


def check(*, config: Config) -> int:
    """Is the journal sound? The store itself, and what must be true of every operation in it. Reads all of it.

    Exit code 1 when something is wrong; each finding is one line.
    """

    async def asked(desk: Desk) -> tuple[str, ...]:
        return tuple(await desk.check())

    _, found = at_desk(config, asked)
    print("\n".join(found) if found else "sound")
    return FINDINGS if found else CLEAN


def backup(
    dest: Annotated[Path, Parameter(help="The new file; one that is there is never written over.")],
    /,
    *,
    config: Config,
) -> int:
    """Copy the journal, as it is at one moment, to a new file, which is read through before it counts.

    To restore it, stop the gateway and put the copy in the journal's place. For SQLite; PostgreSQL has pg_dump.
    """
    if (settings := read_settings(config)) is None:
        return FINDINGS
    if (settings.journal.url or "").startswith(("postgresql:", "postgres:")):
        raise Misuse("this journal is in PostgreSQL, which makes its own copies: pg_dump")
    if dest.exists():
        raise Misuse(f"{dest} exists; a backup is written to a new file only")
    if not dest.absolute().parent.is_dir():
        raise Misuse(f"{dest}: there is no such folder")

    async def asked(desk: Desk) -> None:
        await desk.backup(dest)

    at_desk(config, asked)
    print(f"{dest}: {dest.stat().st_size} bytes, sound")
    return CLEAN


def prune(
    *,
    config: Config,
    dry_run: Annotated[bool, Parameter(negative="", help="Only say how much it would be.")] = False,
) -> int:
    """Drop what is too old to be kept, now: a gateway that serves does it by itself, little by little.

    Operations that are closed for journal.closed_days leave a hash of their key; hashes stay for two years.
    """

    async def asked(desk: Desk) -> tuple[int, int, int]:
        pruned = await desk.prune(dry=dry_run)
        return pruned.rows, pruned.sessions, pruned.hashes

    _, (rows, sessions, hashes) = at_desk(config, asked)
    print(f"{'would drop' if dry_run else 'dropped'}: {rows} operations, {sessions} sessions, {hashes} hashes")
    return CLEAN

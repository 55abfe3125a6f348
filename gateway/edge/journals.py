"""Which store keeps the journal, as the settings have it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from gateway.edge.logs import Log
from gateway.edge.secrets import first_live, resolve
from gateway.edge.settings import Settings
from gateway.journal.limits import DAY_S, Kept
from gateway.journal.memory import Memory
from gateway.journal.sqlite.store import Sqlite
from gateway.journal.states import Policy
from gateway.journal.store import Store
from gateway.journal.wishes import JournalRefused

if TYPE_CHECKING:
    from gateway.journal.postgres.desk import PostgresDesk
    from gateway.journal.sqlite.desk import SqliteDesk

_EXTRA = "journal.url: a journal in PostgreSQL needs the extra: pip install wallet-gateway[postgres]"


def policy_of(settings: Settings) -> Policy:
    """What the wallet promises, and how long a call in doubt may take to land."""
    journal = settings.journal
    promises = frozenset(map(str, settings.wallet.promises))
    return Policy(promises, journal.quarantine, hold_s=journal.hold_hours * 3600)


def open_journal(settings: Settings, password: Callable[[], str | None], log: Log) -> Store:
    """The store, not started yet; each of its connections shows the *password* of that moment. *log* hears of a wait.

    Raises JournalRefused when what it needs is not installed.
    """
    policy, part = policy_of(settings), settings.journal
    kept = Kept(rows_s=part.closed_days * DAY_S)
    if part.durability == "off" or part.url is None:
        return Memory(policy)
    if part.url.startswith("sqlite:"):
        return Sqlite(sqlite_path(settings), policy, kept=kept)
    try:
        from gateway.journal.postgres.store import Postgres
    except ImportError:
        raise JournalRefused(_EXTRA) from None

    def on_wait() -> None:
        log.event("journal waits", why="another instance is at the schema; its connection is called gateway schema")

    return Postgres(lambda: _with_password(part.url or "", password()), policy, kept=kept, on_wait=on_wait)


def open_desk(settings: Settings) -> "SqliteDesk | PostgresDesk":
    """The durable journal, for people to look into and to change. Raises JournalRefused."""
    policy, part = policy_of(settings), settings.journal
    kept = Kept(rows_s=part.closed_days * DAY_S)
    if not (part.url or "").startswith(("postgresql:", "postgres:")):
        from gateway.journal.sqlite.desk import SqliteDesk  # who serves has no desk

        return SqliteDesk(sqlite_path(settings), policy, kept)
    try:
        from gateway.journal.postgres.desk import PostgresDesk
    except ImportError:
        raise JournalRefused(_EXTRA) from None
    return PostgresDesk(postgres_url(settings), policy, kept)


def postgres_url(settings: Settings) -> str:
    """The address of a journal in PostgreSQL, with its password if the settings refer to one."""
    reference = first_live(settings.journal.secrets.get("password", []), time.time())
    password = resolve(reference, settings.folder).decode() if reference else None
    return _with_password(settings.journal.url or "", password)


def sqlite_path(settings: Settings) -> Path:
    """The file of a journal in SQLite; relative to the settings file's folder."""
    text = (settings.journal.url or "").removeprefix("sqlite:")
    return Path(text.removeprefix("//")) if text.startswith("///") else settings.folder / text


def _with_password(url: str, password: str | None) -> str:
    if password is None:
        return url
    parts = urlsplit(url)
    who = f"{parts.username or ''}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit((parts.scheme, who, *parts[2:]))

"""One connection to PostgreSQL, and what its errors mean for what was asked.

Every statement ends in one of four ways: done; `Refused` (the server says that nothing of it was done); `Changed` and
`Over` (the same, in words of `journal_write`); or `Lost`: nobody knows, and the connection is gone.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from gateway.journal.wishes import JournalRefused

#: A statement that the server should have broken off long ago: the network, or the server, is gone.
GRACE_S = 2.0
CONNECT_S = 5.0
#: All our questions are answered by indexes. A table of which the server has no statistics yet must not be read whole,
#: and a plan must not be made anew for each batch.
_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
#: What `journal_write` and `journal_beat` raise.
_OVER, _CHANGED = "P0001", "40001"


class Refused(Exception):
    """Nothing was done. *state*: the server's SQLSTATE."""

    def __init__(self, reason: str, state: str = "") -> None:
        super().__init__(reason)
        self.state = state

    @property
    def late(self) -> bool:
        """Was it broken off because it, or a lock, took too long?"""
        return self.state in ("57014", "55P03")

    @property
    def content(self) -> bool:
        """Is it what was to be written that cannot be written, as opposed to the server's own trouble?"""
        return self.state[:2] in ("22", "23") or self.state in ("54000", "54P02")


class Changed(Exception):
    """A row is not as it was read: nothing was done."""


class Over(Exception):
    """Others hold this instance for dead: nothing was done, and nothing of it will be."""


class Lost(Exception):
    """The connection is gone; what was sent last may have been done, or may yet be."""


def plain(error: BaseException) -> str:
    """An error's first line, for people. Never empty."""
    text = str(error).strip().partition("\n")[0]
    return text or ("no answer in time" if isinstance(error, TimeoutError) else type(error).__name__)


class Link:
    """An open connection, for one caller at a time. *limit_s*: how long a statement may take, 0 for ever."""

    def __init__(self, connection: Any, limit_s: float) -> None:
        self._connection = connection
        self._patience = limit_s + GRACE_S if limit_s else None

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        """What a question finds. Raises Refused, Changed, Over, Lost."""
        return list(await self._ask(self._connection.fetch, sql, *values))

    async def run(self, sql: str) -> None:
        """Run statements without parameters. Raises the same."""
        await self._ask(self._connection.execute, sql)

    async def _ask(self, method: Any, *values: Any) -> Any:
        try:
            async with asyncio.timeout(self._patience):
                return await method(*values)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise self._told(error) from error
        except asyncio.CancelledError:
            self.drop()  # the statement may be running still: nothing else may be asked of this connection
            raise

    def _told(self, error: Exception) -> Exception:
        if isinstance(error, TimeoutError):
            self.drop()
            return Lost("PostgreSQL does not answer")
        state = getattr(error, "sqlstate", None) or ""
        if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
            return Refused(f"a value cannot be written: {plain(error)}", "22000")  # the driver's own refusal
        if getattr(error, "severity_en", "FATAL") != "ERROR" or self._connection.is_closed():
            self.drop()
            return Lost(f"the connection to PostgreSQL broke: {plain(error)}")
        if state == _OVER:
            return Over(plain(error))
        if state == _CHANGED:
            return Changed(plain(error))
        return Refused(f"PostgreSQL refuses: {plain(error)}", state)

    def when_ended(self, call: Callable[[], None]) -> None:
        """*call* when the connection has ended, whoever ended it."""
        self._connection.add_termination_listener(lambda _: call())

    @property
    def is_closed(self) -> bool:
        """Is it of no use any more?"""
        return bool(self._connection.is_closed())

    def drop(self) -> None:
        """Break it off without a word."""
        self._connection.terminate()

    async def close(self) -> None:
        """Take leave of the server; never raises for what the network does."""
        try:
            await self._connection.close(timeout=GRACE_S)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self.drop()


async def connected(url: str, *, limit_s: float, name: str, plans: bool = True, timeout: float = CONNECT_S) -> Link:
    """A connection to the primary. *limit_s*: how long the server lets one statement run, 0 for ever.

    Raises Lost where no primary can be reached, JournalRefused where one can, and will not have us.
    """
    settings = {
        "application_name": name,
        "statement_timeout": f"{limit_s * 1000:.0f}",
        "lock_timeout": f"{limit_s * 750:.0f}",
        "idle_in_transaction_session_timeout": f"{max(limit_s, 1.0) * 1000:.0f}",
        "synchronous_commit": "on",
        **(_PLANS if plans else {}),
    }
    try:
        connection = await asyncpg.connect(
            url, server_settings=settings, timeout=timeout, target_session_attrs="read-write"
        )
    except asyncpg.PostgresError as error:
        state = getattr(error, "sqlstate", None) or ""
        if state[:2] in ("28", "3D") or state == "42501":
            raise JournalRefused(f"PostgreSQL does not let us in: {plain(error)}") from error
        raise Lost(f"PostgreSQL does not take us now: {plain(error)}") from error
    except (ValueError, asyncpg.ClientConfigurationError) as error:
        raise JournalRefused(f"journal.url is no address of a PostgreSQL database: {plain(error)}") from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        raise Lost(f"PostgreSQL cannot be reached: {plain(error)}") from error
    return Link(connection, limit_s)

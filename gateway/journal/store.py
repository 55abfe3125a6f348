"""What every store of the journal can do, as the edge runs it: memory, one SQLite file, PostgreSQL."""

from typing import Any, Protocol

from gateway.journal.reading import Counts
from gateway.journal.wishes import Wish


class Store(Protocol):
    """Performs the wishes of `journal.wishes`, between `start` and `stop`."""

    @property
    def failing(self) -> str:
        """Why nothing can be written now, in plain words; empty while all is well."""

    async def start(self) -> None:
        """Open it, and free what earlier lives held. Raises JournalRefused when it cannot be served."""

    async def stop(self) -> None:
        """Write what waits, give back what is held, close."""

    async def perform(self, wish: Wish, *, patient: bool = False) -> Any:
        """Do what *wish* says and give its result. Raises JournalUnavailable.

        *patient*: it may wait a moment for others to share what making it durable costs.
        """

    async def beat(self) -> None:
        """Say that we live, free what the dead held, prune a little; to be called every second or two."""

    async def counts(self) -> Counts:
        """What stands in it. Raises JournalUnavailable."""

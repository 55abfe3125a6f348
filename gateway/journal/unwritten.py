"""What could not be written is kept, and written when the store is well again.

A claim that is not durable is no claim, and its story ends there. But what came of a call that left must reach its row,
or the row would stay in hands that have let go of it. Should the process die first, the row is in doubt, as it was.
"""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from gateway.journal.reading import Counts
from gateway.journal.wishes import JournalUnavailable, Record, Settle, Wish


class Store(Protocol):
    """A journal's store, as it is run."""

    async def start(self) -> None:
        """Open it, and free what earlier lives of ours held. Raises JournalRefused when it cannot be served."""

    async def stop(self) -> None:
        """Write what waits, give back what is held, close."""

    async def perform(self, wish: Wish) -> Any:
        """Do what *wish* says and give its result. Raises JournalUnavailable."""

    async def beat(self) -> None:
        """Say that we live, free what the dead held, prune a little. Raises JournalUnavailable."""

    async def counts(self) -> Counts:
        """What stands in it. Raises JournalUnavailable."""


class Unwritten:
    """The last word about each row that the *store* could not take."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._words: OrderedDict[tuple[str, str], Record | Settle] = OrderedDict()

    def __len__(self) -> int:
        return len(self._words)

    async def perform(self, wish: Wish) -> Any:
        """As the store does; what a call came to is kept when it cannot be written."""
        try:
            return await self._store.perform(wish)
        except JournalUnavailable:
            if isinstance(wish, Record | Settle) and wish.holder is not None:
                # What was to be told was not: the provider hears that we do not know.
                kept = replace(wish, telling=None) if isinstance(wish, Record) else wish
                self._words[wish.key, wish.holder] = kept
            raise

    async def start(self) -> None:
        """See Store."""
        await self._store.start()

    async def stop(self) -> None:
        """See Store."""
        with suppress(JournalUnavailable):  # the next life finds what is left in doubt
            await self._write()
        await self._store.stop()

    async def beat(self) -> None:
        """See Store; and what is kept is written."""
        await self._store.beat()
        await self._write()

    async def counts(self) -> Counts:
        """See Store."""
        return await self._store.counts()

    async def _write(self) -> None:
        """Oldest first."""
        while self._words:
            key, wish = next(iter(self._words.items()))
            await self._store.perform(wish)
            if self._words.get(key) is wish:
                del self._words[key]

"""The journal as the edge watches it: how long it lets stories wait, whether it can write, what stands in it.

What it says of itself is measured at the wishes themselves; what it holds is counted with every beat.
"""

from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from gateway.edge.journal_metrics import JournalMetrics
from gateway.journal.reading import Counts
from gateway.journal.store import Store
from gateway.journal.wishes import Claim, JournalUnavailable, Lease, Record, Settle, Wish

#: It counts as available again when it has failed nobody for so long, in seconds: one event for one failure.
CALM = 1.0
#: The others are not waited for, or write nothing.
_WRITTEN = (Claim, Record, Lease, Settle)


class Watched:
    """The Store *journal*; *changed* hears whether it has become unavailable, and why."""

    def __init__(self, journal: Store, metrics: JournalMetrics, changed: Callable[[bool, str], None]) -> None:
        self._journal, self._metrics, self._changed = journal, metrics, changed
        self._waited = metrics.waited
        self._failed_at: float | None = None

    @property
    def failing(self) -> str:
        """See Store."""
        return self._journal.failing

    async def start(self) -> None:
        """See Store."""
        await self._journal.start()

    async def stop(self) -> None:
        """See Store."""
        await self._journal.stop()

    async def perform(self, wish: Wish, *, patient: bool = False) -> Any:
        """See Store; a wish that fails, or that is performed again after a failure, is noticed."""
        waited, began = self._waited.get(type(wish)), monotonic()
        try:
            result = await self._journal.perform(wish, patient=patient)
        except JournalUnavailable as fault:
            self._failed(str(fault))
            raise
        finally:
            if waited is not None:
                waited.observe(monotonic() - began)
        if self._failed_at is not None and isinstance(wish, _WRITTEN):
            self._performed()
        return result

    async def beat(self) -> None:
        """See Store; and the gauges are brought up to date, as far as the store can be read."""
        await self._journal.beat()
        if self._journal.failing:
            self._failed(self._journal.failing)
        with suppress(JournalUnavailable):
            self._metrics.counted(await self._journal.counts())

    async def counts(self) -> Counts:
        """See Store."""
        return await self._journal.counts()

    def _failed(self, why: str) -> None:
        first = self._failed_at is None
        self._failed_at = monotonic()
        if first:
            self._metrics.unavailable(True)
            self._changed(True, why)

    def _performed(self) -> None:
        if self._failed_at is not None and monotonic() - self._failed_at >= CALM:
            self._failed_at = None
            self._metrics.unavailable(False)
            self._changed(False, "")

"""Secrets that end: said beforehand, day by day; in the moment itself they verify and sign nothing more."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import time

from gateway.edge.logs import Log
from gateway.edge.reload import Live

#: From so many seconds before its end on a secret is warned of, once in each of the other.
WARNED, DAY = 14 * 86400.0, 86400.0
#: Nobody sleeps longer, in seconds: the clock on the wall may be set.
LONGEST = 30.0


class Endings:
    """*live*: what is in force, whenever asked; *put* puts in force what is left of it."""

    def __init__(
        self, live: Callable[[], Live], put: Callable[[Live], None], log: Log, clock: Callable[[], float] = time
    ) -> None:
        self._live, self._put, self._log, self._clock = live, put, log, clock
        self._told: dict[tuple[str, str, int, str], float] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            now = self._clock()
            self.look(now)
            ahead = [each.reference.ends - now for *_, each in self._live().parties.held()]
            await asyncio.sleep(min([LONGEST, *(seconds for seconds in ahead if seconds > 0)]))

    def look(self, now: float) -> None:
        """Warn of what ends soon; take away what has ended since the parties in force were made."""
        live, over = self._live(), False
        for party, name, number, each in live.parties.held():
            ends = each.reference.ends
            facts = {"party": party, "name": name, "key": number, "not_after": each.reference.ends_at}
            if live.parties.made_at < ends <= now:
                over = True
                self._log.warning("secret ended", **facts)
            elif 0 < ends - now <= WARNED:
                told = (party, name, number, each.reference.ends_at)
                if now - self._told.get(told, -DAY) >= DAY:
                    self._told[told] = now
                    self._log.warning("secret ends", days=round((ends - now) / DAY, 1), **facts)
        if over:
            parties = live.parties.at(now)
            for name, why in parties.closed.items():
                self._log.error("provider closed", provider=name, reason=why)
            self._put(replace(live, parties=parties))

"""What ends is said beforehand, day by day. In the moment itself a secret verifies and signs nothing more; a
certificate is shown as before, and said to have ended until there is another one: not everybody looks.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import time

from gateway.edge.logs import Log
from gateway.edge.parties import TLS
from gateway.edge.reload import Live
from gateway.edge.secrets import in_utc

#: From so many seconds before its end on anything is warned of, once in each of the other.
WARNED, DAY = 14 * 86400.0, 86400.0
#: Nobody sleeps longer, in seconds: the clock on the wall may be set.
LONGEST = 30.0


class Endings:
    """*live*: what is in force, whenever asked; *put* puts in force what is left of it."""

    def __init__(
        self, live: Callable[[], Live], put: Callable[[Live], None], log: Log, clock: Callable[[], float] = time
    ) -> None:
        self._live, self._put, self._log, self._clock = live, put, log, clock
        self._told: dict[tuple[str, str, int, float], float] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            now = self._clock()
            self.look(now)
            ahead = [ends - now for *_, ends in self._live().parties.limited()]
            await asyncio.sleep(min([LONGEST, *(seconds for seconds in ahead if seconds > 0)]))

    def look(self, now: float) -> None:
        """Warn of what ends soon; take away what has ended since the parties in force were made."""
        live, over = self._live(), False
        for party, name, number, ends in live.parties.limited():
            facts = {"party": party, "name": name, "key": number, "not_after": in_utc(ends)}
            certificate = name.startswith(TLS)
            if live.parties.made_at < ends <= now and not certificate:
                over = True
                self._log.warning("secret ended", **facts)
            elif ends - now <= WARNED and (ends > now or certificate):
                told = (party, name, number, ends)
                if now - self._told.get(told, -DAY) >= DAY:
                    self._told[told] = now
                    days = round((ends - now) / DAY, 1)
                    self._log.warning("certificate ends" if certificate else "secret ends", days=days, **facts)
        if over:
            parties = live.parties.at(now)
            for name, why in parties.closed.items():
                self._log.error("provider closed", provider=name, reason=why)
            self._put(replace(live, parties=parties))

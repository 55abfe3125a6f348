"""Timestamps and one-time ids that a signature covers: written when making, judged when checking.

A window suits only dialects that sign every attempt anew; one that resends the same bytes for hours relies on the
journal, and its table says nothing of freshness.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.canon.faults import Fault
from gateway.wire.paths import Place
from gateway.wire.signing_keys import Forged
from gateway.wire.times import Time

FORMS = ("unix_s", "unix_ms", "iso")

#: Microseconds in each of the forms that count.
_UNITS = {"unix_s": 1_000_000, "unix_ms": 1_000}

_NONCE = re.compile(r"[!-~]{1,256}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fresh:
    """Where the timestamp stands, how it is spelled, and how many seconds it may be off in either direction.

    Several *times*: any of these spellings is read, the first is written.
    """

    at: Place
    times: tuple[Time, ...]
    within_s: int

    def write(self, now: float) -> int | str:
        """*now* (unix seconds) in this spelling; an int for the unix forms."""
        if (unit := _UNITS.get(self.times[0].form)) is not None:
            return round(now * 1_000_000) // unit
        return self.times[0].write(datetime.fromtimestamp(now, UTC))

    def judge(self, text: str, now: float) -> None:
        """Forged unless *text* is spelled so and lies inside the window around *now*."""
        moment = self._read(text)
        if moment is None:
            spelled = " or ".join(time.form for time in self.times)
            raise Forged(f"the timestamp at {self.at} is not written as {spelled}")
        off = now - moment.timestamp()
        if abs(off) > self.within_s:
            side = "old" if off > 0 else "ahead"
            raise Forged(
                f"the timestamp at {self.at} is outside its window: {abs(off):.0f} s {side} of {self.within_s}"
            )

    def _read(self, text: str) -> datetime | None:
        for time in self.times:
            try:
                return time.read(text)
            except Fault:
                continue
        return None


def judge_nonce(at: Place, text: str, delimiters: frozenset[str]) -> None:
    """Forged unless *text* is printable ASCII without a delimiter: else two messages could sign the same bytes."""
    if not _NONCE.fullmatch(text) or any(mark in text for mark in delimiters):
        raise Forged(f"the id at {at} is not printable ASCII free of the delimiter")

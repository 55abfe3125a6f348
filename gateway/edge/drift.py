"""What came and stands in no row, at its first sight: one count, one line of the log, one proposed row.

Kept in memory, so many of each party and no more, and forgotten when the process ends: what still comes is seen again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from time import time
from typing import Any

from gateway.dialect.drift import Side, Sighting
from gateway.dialect.proposals import proposed
from gateway.edge.logs import Log
from gateway.edge.metrics import WALLET, Metrics

#: Sightings kept of one provider, or of the wallet; who changes more than this speaks another dialect.
MOST = 100


@dataclass(slots=True)
class _Seen:
    first: float
    times: int = 1


class DriftWatch:
    """*dialects*: of every provider, by its name; *wallet*: the wallet's."""

    def __init__(self, dialects: Mapping[str, str], wallet: str, metrics: Metrics, log: Log) -> None:
        self._dialects, self._wallet = dict(dialects), wallet
        self._metrics, self._log = metrics, log
        self._seen: dict[str, dict[Sighting, _Seen]] = {}

    def know(self, dialects: Mapping[str, str]) -> None:
        """These are the dialects of the providers now; what was seen is kept."""
        self._dialects |= dialects

    def saw(self, provider: str, sightings: Iterable[Sighting]) -> None:
        """Note *sightings* of a callback from, or an answer of, *provider*; what the wallet said is the wallet's."""
        for each in sightings:
            name = WALLET if each.side is Side.WALLET else provider
            known = self._seen.setdefault(name, {})
            if (seen := known.get(each)) is not None:
                seen.times += 1
            elif len(known) < MOST:
                known[each] = _Seen(time())
                self._metrics.drifted(name, each.side, each.kind)
                self._log.drift(self._facts(name, each))
                if len(known) == MOST:
                    self._log.event("drift full", provider=name, kept=MOST)

    def listed(self) -> list[dict[str, Any]]:
        """Everything seen, with the row that it asks for; JSON-ready."""
        return [
            {
                **self._facts(name, each),
                "proposal": asdict(proposed(each)),
                "first": datetime.fromtimestamp(seen.first, UTC).isoformat(timespec="seconds"),
                "times": seen.times,
            }
            for name, known in sorted(self._seen.items())
            for each, seen in sorted(known.items(), key=lambda entry: entry[0].side)
        ]

    def _facts(self, name: str, seen: Sighting) -> dict[str, str]:
        proposal = proposed(seen)
        facts = {
            "provider": name,
            "side": str(seen.side),
            "dialect": self._wallet if seen.side is Side.WALLET else self._dialects.get(name, ""),
            "kind": str(seen.kind),
            "operation": seen.at,
            "name": seen.name,
            "shown": seen.shown,
            "under": proposal.section,
            "row": proposal.line(len(proposal.under)),
        }
        return {word: text for word, text in facts.items() if text}

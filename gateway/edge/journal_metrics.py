"""The journal and its outbox as Prometheus sees them: what stands in it, what is due, and how long it lets us wait.

Gauges hold what the store counted last, a few seconds ago at most; several instances of one journal all say the same.
"""

from prometheus_client import CollectorRegistry

from gateway.edge.series import Buckets, Counter, Gauge, Histogram
from gateway.journal.reading import Counts
from gateway.journal.states import State, Step
from gateway.journal.wishes import Claim, Record

#: From a commit on a quick disk to the longest that a wish may wait.
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
#: The wishes whose waiting is part of a callback's own time.
WISHES: dict[type, str] = {Claim: "claim", Record: "record"}


class JournalMetrics:
    """All series of one journal; every one exists from the start. `waited`: how long wishes of a kind were, in seconds,
    refused ones included."""

    def __init__(self, registry: CollectorRegistry) -> None:
        rows = Gauge("gateway_journal_rows", "Operations remembered, by state.", ("state",), registry=registry)
        armed = Gauge(
            "gateway_outbox_rows", "Operations with a step of ours to come, by step.", ("step",), registry=registry
        )
        wait = Histogram(
            "gateway_journal_wait_seconds",
            "How long a wish waited for the journal, refusals included.",
            ("wish",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._parked = Gauge(
            "gateway_outbox_parked_rows", "Operations that wait for a human: gateway outbox list.", registry=registry
        ).labels()
        self._overdue = Gauge(
            "gateway_outbox_oldest_due_seconds",
            "For how long the step that is due for longest has been due; 0: nothing is.",
            registry=registry,
        ).labels()
        self._unavailable = Gauge(
            "gateway_journal_unavailable", "1 while the journal cannot write: no money call leaves.", registry=registry
        ).labels()
        self._commits = Counter("gateway_journal_commits", "Commits to the journal's disk.", registry=registry).labels()
        self._rows = {state: rows.labels(state) for state in State}
        self._armed = {step: armed.labels(step) for step in Step}
        self.waited: dict[type, Buckets] = {wish: wait.labels(word) for wish, word in WISHES.items()}
        self._committed = 0

    def unavailable(self, now: bool) -> None:
        """Whether the journal can write has changed."""
        self._unavailable.set(now)

    def counted(self, counts: Counts) -> None:
        """What the store counts now."""
        for state, gauge in self._rows.items():
            gauge.set(counts.rows.get(state, 0))
        for step, gauge in self._armed.items():
            gauge.set(counts.armed.get(step, 0))
        self._parked.set(counts.parked)
        self._overdue.set(counts.overdue)
        self._commits.inc(max(0, counts.commits - self._committed))
        self._committed = counts.commits

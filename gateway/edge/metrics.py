"""What Prometheus sees: every series exists from the start, and no label value comes from outside.

Names are `gateway_*`, times are seconds. An operation, an alert or a key that is not on its list counts under a fixed
word ("unread", "other"), so the number of series never grows.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from gateway.canon.outcomes import DONE_CLASS, OUR_FAULT, Moved, Outcome
from gateway.dialect.drift import Drift, Side
from gateway.edge.breaker import State
from gateway.edge.config_metrics import ConfigMetrics
from gateway.edge.journal_metrics import JournalMetrics
from gateway.edge.line import Shed
from gateway.edge.series import Buckets, Counter, Gauge, Histogram, Number
from gateway.edge.slots import Kind
from gateway.edge.speaking import Speaking
from gateway.exchange.errand import Errand
from gateway.exchange.journey import ALERTS, Journey
from gateway.exchange.wishes import Lane, Priority
from gateway.journal.states import Step
from gateway.wire.message import Ending, Heard, NotSent

#: Dense around the deadlines that providers give: 1, 3, 4, 5 and 10 seconds.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.8, 2.5, 3.0, 3.6, 4.0, 5.0, 8.0, 10.0)
CLASSES = ("done", "declined", "refused", "transient", "unknown", "unanswered")
ENDINGS = ("heard", "not_sent", "silence")
KEYS = ("key 1", "key 2", "key 3", "key 4", "other")
#: The priority of a shed call; what our own recovery asks has a word of its own.
PRIORITIES = (*(priority.name.lower() for priority in Priority), "outbox")
#: How an errand of the outbox ends: nothing is left to do, it is due again, or a human must look.
ERRANDS = ("finished", "again", "parked")
#: What can stand in no row, by who said it.
DRIFTS = {
    Side.CALLBACK: (Drift.OPERATION, Drift.VALUE, Drift.FIELD, Drift.CONTENT_TYPE),
    Side.ANSWER: (Drift.CODE, Drift.STATUS, Drift.MESSAGE, Drift.FIELD, Drift.CONTENT_TYPE),
    Side.WALLET: (Drift.CODE, Drift.FIELD, Drift.CONTENT_TYPE),
}
#: Stands where a provider's name stands, of what the wallet said.
WALLET = "wallet"
UNREAD = "unread"
OTHER = "other"


class Told(StrEnum):
    """How the provider's end of a callback ended."""

    IN_TIME = "in_time"
    LATE = "late"  # handed over after `answer_by`
    GONE = "gone"  # the connection was closed before or while we wrote
    CLOSED = "closed"  # the story closed the connection on purpose
    DIED = "died"  # the story ended without an answer: our bug, or a stop that could not wait


# Looking a member up costs more than what is done with it.
IN_TIME, LATE = Told.IN_TIME, Told.LATE


def classify(outcome: Outcome) -> str:
    """The class of an outcome, for a dashboard's colours: one of CLASSES but "unanswered"."""
    if outcome.moved is Moved.UNKNOWN:
        return "unknown"
    if outcome in DONE_CLASS:
        return "done"
    if outcome in OUR_FAULT or outcome is Outcome.UNSUPPORTED_OPERATION:
        return "refused"
    return "declined" if outcome.lasting else "transient"


_CLASS_OF: dict[str, str] = {str(outcome): classify(outcome) for outcome in Outcome}


def ending_word(ending: Ending) -> str:
    """One of ENDINGS."""
    return "heard" if isinstance(ending, Heard) else "not_sent" if isinstance(ending, NotSent) else "silence"


@dataclass(frozen=True, slots=True)
class _OfProvider:
    """The series of one provider. *operations*: its callbacks by class, and how long they took."""

    operations: dict[str, tuple[dict[str, Number], Buckets]]
    own: Buckets
    wallet: Buckets
    verified: dict[str, Number]
    late: dict[Told, Number]


class Metrics:
    """All series of one gateway, in a registry of its own.

    *providers*: name -> the operations of its dialect; *alerts*: the closed list of alert kinds. `journal`: the series
    of the journal and its outbox; `config`: those of the settings and tables; `slots`: how many are held, which the
    gate counts.
    """

    def __init__(self, providers: Mapping[str, Collection[str]], alerts: Collection[str] = tuple(ALERTS)) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        callbacks = Counter(
            "gateway_callbacks",
            "Callbacks by the class of what the provider was told.",
            ("provider", "operation", "outcome_class"),
            registry=registry,
        )
        duration = Histogram(
            "gateway_callback_duration_seconds",
            "From the request's head to the last byte of the answer.",
            ("provider", "operation"),
            buckets=BUCKETS,
            registry=registry,
        )
        own = Histogram(
            "gateway_own_duration_seconds",
            "The gateway's own share of a callback.",
            ("provider",),
            buckets=(0.0005, 0.001, 0.0025, *BUCKETS),
            registry=registry,
        )
        wallet = Histogram(
            "gateway_wallet_duration_seconds",
            "The wallet's share of a callback that asked it.",
            ("provider",),
            buckets=BUCKETS,
            registry=registry,
        )
        verified = Counter(
            "gateway_signatures_verified",
            "Callbacks by the live secret that fitted; a rotation is over when the old key is silent.",
            ("provider", "key"),
            registry=registry,
        )
        late = Counter(
            "gateway_late_answers",
            "Answers handed over after the provider's deadline (late) or to a closed connection (gone).",
            ("provider", "how"),
            registry=registry,
        )
        calls = Counter("gateway_wallet_calls", "Wallet calls by ending.", ("ending",), registry=registry)
        breaker = Gauge("gateway_breaker_state", "1 for the state that it is in.", ("state",), registry=registry)
        slots = Gauge(
            "gateway_wallet_slots_in_use",
            "Wallet connections by what they are held for, calls that nobody waits for any more included.",
            ("kind",),
            registry=registry,
        )
        shed = Counter(
            "gateway_shed",
            "Wallet calls that were not sent: line full, no slot in time, ourselves late, breaker open, stopping.",
            ("priority", "why"),
            registry=registry,
        )
        budget = Counter(
            "gateway_retry_budget", "Repeats inside a callback, granted or refused.", ("answer",), registry=registry
        )
        errands = Counter(
            "gateway_outbox_errands",
            "Steps that our recovery did, by how they ended.",
            ("step", "ended"),
            registry=registry,
        )
        drift = Counter(
            "gateway_drift",
            "First sights of what stands in no row of a table: gateway drift lists them.",
            ("provider", "side", "kind"),
            registry=registry,
        )
        self.journal = JournalMetrics(registry)
        self.config = ConfigMetrics(registry)
        alert = Counter("gateway_alerts", "What an operator must look at, by kind.", ("kind",), registry=registry)
        self.speaking = Speaking(registry)
        bugs = Counter("gateway_bugs", "Exceptions in the gateway's own code.", registry=registry)
        strangers = Counter(
            "gateway_strangers",
            "Requests from addresses that are not on the provider's list; they were told nothing.",
            ("provider",),
            registry=registry,
        )
        unrouted = Counter("gateway_unrouted", "Requests outside every provider's mount.", registry=registry)
        garbled = Counter(
            "gateway_garbled_heads", "Connections whose HTTP head was refused or late.", registry=registry
        )
        unshaken = Counter(
            "gateway_failed_handshakes",
            "TLS handshakes at the public listener that failed, were late, or made room for later ones.",
            registry=registry,
        )
        in_flight = Gauge("gateway_callbacks_in_flight", "Callbacks being worked on.", registry=registry)

        def made(name: str, operations: Collection[str]) -> _OfProvider:
            return _OfProvider(
                {
                    operation: (
                        {word: callbacks.labels(name, operation, word) for word in CLASSES},
                        duration.labels(name, operation),
                    )
                    for operation in {*operations, UNREAD}
                },
                own.labels(name),
                wallet.labels(name),
                {key: verified.labels(name, key) for key in KEYS},
                {how: late.labels(name, how) for how in (Told.LATE, Told.GONE)},
            )

        self._made, self._drifts, self._strangers = made, drift, strangers
        self._stranger: dict[str, Number] = {}
        self._of: dict[str, _OfProvider] = {}
        self._drift = {
            (WALLET, Side.WALLET, kind): drift.labels(WALLET, Side.WALLET, kind) for kind in DRIFTS[Side.WALLET]
        }
        self.know(providers)
        self._calls = {word: calls.labels(word) for word in ENDINGS}
        self._breaker = {state: breaker.labels(state) for state in State}
        self.slots = {kind: slots.labels(kind) for kind in Kind}
        self._shed = {(word, why): shed.labels(word, why) for word in PRIORITIES for why in Shed}
        self._budget = {granted: budget.labels(word) for granted, word in ((True, "granted"), (False, "refused"))}
        self._errands = {(str(step), word): errands.labels(step, word) for step in Step for word in ERRANDS}
        self.breaker(State.CLOSED)
        self._bugs, self._unrouted, self._garbled = bugs.labels(), unrouted.labels(), garbled.labels()
        self._unshaken, self._in_flight = unshaken.labels(), in_flight.labels()
        self._alerts = {kind: alert.labels(kind) for kind in {*alerts, OTHER}}

    def know(self, providers: Mapping[str, Collection[str]]) -> None:
        """Have the series of these *providers* too. Those of others stay: what was counted is never taken back."""
        for name, operations in providers.items():
            known = self._of[name].operations if name in self._of else ()
            self._of[name] = self._made(name, {*operations, *known})
            self._stranger[name] = self._strangers.labels(name)
            for side in (Side.CALLBACK, Side.ANSWER):
                self._drift |= {(name, side, kind): self._drifts.labels(name, side, kind) for kind in DRIFTS[side]}

    def began(self) -> None:
        """A callback came in."""
        self._in_flight.inc()

    def ended(self, journey: Journey, told: Told, seconds: float) -> None:
        """A callback is over; *seconds* from its head to its answer's last byte (or to its end without one)."""
        self._in_flight.dec()
        of = self._of[journey.provider]
        classes, duration = of.operations.get(journey.operation) or of.operations[UNREAD]
        answered = told is IN_TIME or told is LATE
        classes[_CLASS_OF.get(journey.outcome, "unanswered") if answered else "unanswered"].value += 1
        duration.observe(seconds)
        asked = journey.wallet_seconds
        of.own.observe(seconds - asked if seconds > asked else 0.0)
        if asked:
            of.wallet.observe(asked)
        if key := journey.verified_by:
            (of.verified.get(key) or of.verified[OTHER]).value += 1
        if (late := of.late.get(told)) is not None:
            late.value += 1
        for kind in journey.alerts:
            self._alerts[kind if kind in self._alerts else OTHER].inc()

    def called(self, ending: Ending, seconds: float) -> None:
        """A wallet call has ended for the story that asked (`Upstream(on_ending=...)`)."""
        self._calls[ending_word(ending)].value += 1

    def breaker(self, state: State) -> None:
        """The breaker changed."""
        for each, gauge in self._breaker.items():
            gauge.set(each is state)

    def shed(self, lane: Lane, why: Shed) -> None:
        """A call was not sent, by our own choice."""
        self._shed["outbox" if lane.outbox else lane.priority.name.lower(), why].inc()

    def repeated(self, granted: bool) -> None:
        """A story asked to repeat a call."""
        self._budget[granted].inc()

    def errand(self, errand: Errand) -> None:
        """An errand of the outbox is over."""
        ended = "parked" if errand.parked else "finished" if errand.finished else "again"
        self._errands[str(errand.step), ended].inc()
        for kind in errand.alerts:
            self._alerts[kind if kind in self._alerts else OTHER].inc()

    def drifted(self, provider: str, side: Side, kind: Drift) -> None:
        """Something was seen for the first time that no row speaks of."""
        self._drift[provider, side, kind].inc()

    def bug(self) -> None:
        """An exception in our own code."""
        self._bugs.inc()

    def unrouted(self) -> None:
        """A request outside every provider's mount."""
        self._unrouted.inc()

    def stranger(self, provider: str) -> None:
        """A request from an address that is not on the provider's list."""
        self._stranger[provider].inc()

    def garbled(self) -> None:
        """A connection whose HTTP head was refused, or did not come in time."""
        self._garbled.inc()

    def unshaken(self) -> None:
        """A connection whose TLS handshake did not end well, or not in time."""
        self._unshaken.inc()

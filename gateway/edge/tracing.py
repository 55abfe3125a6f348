"""The trace of a callback: begun or carried on when its head has come, told to the wallet, recorded where asked for.

Without [otel] in the settings nothing is recorded, and the wallet is told so; what a callback costs then is its name.
"""

from collections.abc import Callable
from typing import Protocol

from gateway.edge.metrics import Told
from gateway.exchange.errand import Errand
from gateway.exchange.journey import Journey
from gateway.exchange.tracing import trace_of, traceparent


class Recorder(Protocol):
    """Takes what is over, and never waits."""

    def callback(self, journey: Journey, told: Told, seconds: float) -> None:
        """A callback is over."""

    def errand(self, errand: Errand, seconds: float) -> None:
        """So is an errand of the outbox."""


class Tracing:
    """*recorder*: who records; of all traces the part *ratio*, all spans of one or none. *failed* hears its faults."""

    def __init__(
        self, recorder: Recorder | None = None, ratio: float = 1.0,
        failed: Callable[[BaseException], None] = lambda fault: None,
    ) -> None:  # fmt: skip
        self._recorder, self._failed = recorder, failed
        self._below = int(ratio * 2**64) if recorder is not None else 0

    def begin(self, journey: Journey, given: str | None) -> None:
        """A callback has come, with *given* as its traceparent, if with any."""
        if given is None and not self._below:
            journey.trace = traceparent(journey.id, journey.id)
            return
        trace, journey.caller_span = trace_of(given, journey.id)
        journey.trace = traceparent(trace, journey.id, recorded=self._recorded(trace))

    def own(self, name: str) -> str:
        """The traceparent of something that we begin ourselves, by its *name*: 32 hex digits."""
        return traceparent(name, name, recorded=self._recorded(name))

    def ended(self, journey: Journey, told: Told, seconds: float) -> None:
        """A callback is over."""
        if self._recorder is not None and journey.trace.endswith("1"):
            try:
                self._recorder.callback(journey, told, seconds)
            except Exception as fault:  # a library's, of another version: no callback hangs on it
                self._failed(fault)

    def errand(self, errand: Errand, seconds: float) -> None:
        """An errand is over."""
        if self._recorder is not None and errand.trace.endswith("1"):
            try:
                self._recorder.errand(errand, seconds)
            except Exception as fault:
                self._failed(fault)

    def _recorded(self, trace: str) -> bool:
        return self._below > 0 and int(trace[16:], 16) < self._below


OFF = Tracing()

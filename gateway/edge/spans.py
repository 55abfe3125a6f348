"""Spans for an OpenTelemetry collector: one for each callback and for each errand, beside what the log line says of it.

They are handed to a thread of the SDK's, which sends them in batches as OTLP over HTTP, in JSON. What it cannot send is
dropped: nobody waits for a collector. A span holds what a log line may hold, and nothing else.
"""

import time
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, cast

import orjson

import gateway
from gateway.canon.outcomes import Moved, Outcome
from gateway.edge.beside import beside
from gateway.edge.metrics import Told
from gateway.edge.settings import Otel
from gateway.exchange.errand import Errand
from gateway.exchange.journey import Journey

EXTRA = "otel: spans need the extra: pip install wallet-gateway[otel]"
#: Seconds for one batch on its way; a collector that takes longer loses it.
_PATIENCE = 5.0
#: Of OTLP: what a callback is, what we begin ourselves, and how a span says that it went wrong.
_SERVER, _INTERNAL, _ERROR = 2, 1, 2
_IN_DOUBT = frozenset(str(outcome) for outcome in Outcome if outcome.moved is Moved.UNKNOWN)


class SpansRefused(Exception):
    """What the settings ask for is not installed."""


class Spans:
    """A Recorder that sends to `{part.endpoint}/v1/traces`. Raises SpansRefused where the SDK is not installed."""

    def __init__(self, part: Otel) -> None:
        try:
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            raise SpansRefused(EXTRA) from None
        self._ids = _Ids()
        resource = Resource({"service.name": part.service, "service.version": gateway.__version__})
        self._provider = TracerProvider(resource=resource, id_generator=cast(Any, self._ids), shutdown_on_exit=False)
        processor = BatchSpanProcessor(cast(Any, _Otlp(part.endpoint)), schedule_delay_millis=int(part.delay * 1000))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("gateway", gateway.__version__)

    def callback(self, journey: Journey, told: Told, seconds: float) -> None:
        """See Recorder."""
        facts = {
            "gateway.provider": journey.provider,
            "gateway.dialect": journey.dialect,
            "gateway.operation": journey.operation,
            "gateway.outcome": journey.outcome,
            "gateway.told": str(told),
            "gateway.heard": journey.heard,
            "gateway.verified_by": journey.verified_by,
            "gateway.wallet_calls": journey.asked,
            "gateway.wallet_seconds": round(journey.wallet_seconds, 6),
            "gateway.id": journey.id,
        }
        wrong = journey.bug is not None or told is not Told.IN_TIME or journey.outcome in _IN_DOUBT
        self._record(f"callback {journey.operation}", _SERVER, journey, seconds, facts, wrong=wrong)

    def errand(self, errand: Errand, seconds: float) -> None:
        """See Recorder."""
        facts = {
            "gateway.provider": errand.provider,
            "gateway.operation": errand.operation,
            "gateway.step": str(errand.step),
            "gateway.state": errand.state,
            "gateway.tries": errand.tries,
            "gateway.heard": errand.heard,
            "gateway.id": errand.id,
        }
        wrong = errand.bug is not None or bool(errand.parked)
        self._record(f"outbox {errand.step}", _INTERNAL, errand, seconds, facts, wrong=wrong)

    async def close(self, timeout: float) -> None:
        """Send what is left; what a slow collector has not taken after *timeout* seconds is dropped."""
        with suppress(TimeoutError):
            await beside(self._provider.shutdown, "spans", timeout)

    def _record(
        self, name: str, kind: int, journey: Journey, seconds: float, facts: Mapping[str, object], *,
        wrong: bool,
    ) -> None:  # fmt: skip
        from opentelemetry import trace
        from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

        trace_id, span_id = int(journey.trace[3:35], 16), int(journey.trace[36:52], 16)
        self._ids.next = trace_id, span_id
        parent = trace.set_span_in_context(trace.INVALID_SPAN)
        if journey.caller_span:
            above = SpanContext(trace_id, int(journey.caller_span, 16), True, TraceFlags(TraceFlags.SAMPLED))
            parent = trace.set_span_in_context(NonRecordingSpan(above))
        end = time.time_ns()
        known = {key: cast(Any, value) for key, value in facts.items() if value != ""}
        kinds = {_SERVER: SpanKind.SERVER, _INTERNAL: SpanKind.INTERNAL}
        begun = end - int(seconds * 1e9)
        span = self._tracer.start_span(name, context=parent, kind=kinds[kind], attributes=known, start_time=begun)
        if wrong:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)


class _Ids:
    """An IdGenerator that gives the ids which the wallet was told."""

    next = (0, 0)

    def generate_trace_id(self) -> int:
        return self.next[0]

    def generate_span_id(self) -> int:
        return self.next[1]

    def is_trace_id_random(self) -> bool:
        return False  # some were made by others


class _Otlp:
    """A SpanExporter: OTLP over HTTP, in JSON. It is called by the SDK's thread."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint.rstrip('/')}/v1/traces"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def export(self, spans: Iterable[Any]) -> Any:
        from opentelemetry.sdk.trace.export import SpanExportResult

        listed = list(spans)
        scope = {"name": "gateway", "version": gateway.__version__}
        resource = {"attributes": _attributes(listed[0].resource.attributes)}
        body = {
            "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": [*map(_span, listed)]}]}]
        }
        request = urllib.request.Request(self._url, orjson.dumps(body), {"Content-Type": "application/json"})  # noqa: S310
        try:
            with self._opener.open(request, timeout=_PATIENCE) as answer:
                answer.read()
        except OSError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is kept here."""

    def force_flush(self, timeout_millis: int = 0) -> bool:
        """Nothing is kept here."""
        return True


def _span(span: Any) -> dict[str, Any]:
    """As OTLP has it in JSON: ids in hex, 64-bit numbers as texts."""
    told = {
        "traceId": f"{span.context.trace_id:032x}",
        "spanId": f"{span.context.span_id:016x}",
        "name": span.name,
        "kind": span.kind.value + 1,
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes),
        "status": {} if span.status.is_ok or span.status.is_unset else {"code": _ERROR},
    }
    return told if span.parent is None else {**told, "parentSpanId": f"{span.parent.span_id:016x}"}


def _attributes(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    def value(of: Any) -> dict[str, Any]:
        if isinstance(of, bool):
            return {"boolValue": of}
        if isinstance(of, int):
            return {"intValue": str(of)}
        return {"doubleValue": of} if isinstance(of, float) else {"stringValue": str(of)}

    return [{"key": key, "value": value(of)} for key, of in given.items()]

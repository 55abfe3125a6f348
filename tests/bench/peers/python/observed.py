"""One access-log line per callback and two metrics, as both Python peers keep them."""

import sys
import time
from datetime import UTC, datetime

import orjson
from prometheus_client import Counter, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.8, 2.5, 3.0, 3.6, 4.0, 5.0, 8.0, 10.0)
_callbacks = Counter("callbacks", "Callbacks by outcome.", ("outcome",))
_seconds = Histogram("callback_duration_seconds", "From the head to the answer.", buckets=BUCKETS)
_write = sys.stdout.buffer.write


def saw(began: float, outcome: str, transaction: str, status: int) -> None:
    """A callback is over; *began* by `time.perf_counter`."""
    seconds = time.perf_counter() - began
    _callbacks.labels(outcome).inc()
    _seconds.observe(seconds)
    line = {
        "event": "callback", "timestamp": datetime.now(UTC), "provider": "acme", "operation": "bet",
        "outcome": outcome, "transaction": transaction, "status": status, "ms": round(seconds * 1000, 1),
    }  # fmt: skip
    _write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))  # buffered; 8 KiB at a time

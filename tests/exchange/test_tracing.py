"""W3C trace context: what is carried on, what is begun anew, what the wallet hears."""

import pytest

from gateway.exchange.tracing import trace_of, traced, traceparent
from gateway.wire.message import Request

OWN = "0123456789abcdef" + "fedcba9876543210"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize("given", [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00", f"cc-{TRACE}-{SPAN}-01-later"])
def test_a_valid_one_is_carried_on(given: str) -> None:
    """The trace is theirs; the span is ours, and so are the flags."""
    trace, span = trace_of(given, OWN)
    assert (trace, span) == (TRACE, SPAN)
    assert traceparent(trace, OWN) == f"00-{TRACE}-fedcba9876543210-00"
    assert traceparent(trace, OWN, recorded=True) == f"00-{TRACE}-fedcba9876543210-01"


@pytest.mark.parametrize(
    "given",
    [
        None, "", "00", f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-more", f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1", f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01\r\nX: y", f" 00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01.later", "é" * 55,
    ],
)  # fmt: skip
def test_anything_else_begins_a_trace_of_our_own(given: str | None) -> None:
    """Named as the callback is."""
    assert trace_of(given, OWN) == (OWN, "")


def test_the_header_is_added_to_what_is_signed_already() -> None:
    """At the end; without a trace the request stays the same object."""
    request = Request("POST", "/bet", "", (("webhook-signature", "v1,x"),), b"{}")
    assert traced(request, "") is request
    sent = traced(request, "00-a-b-00")
    assert sent.headers == (("webhook-signature", "v1,x"), ("traceparent", "00-a-b-00"))
    assert (sent.method, sent.path, sent.query, sent.body) == ("POST", "/bet", "", b"{}")

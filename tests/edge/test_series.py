"""Our series and the library's own, told the same: what is exposed is the same to the byte, in both formats."""

import prometheus_client as library
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from gateway.edge import series as ours

BOUNDS = (0.005, 0.25, 1.0, 10.0)
SIZES = st.one_of(st.sampled_from((0.0, *BOUNDS)), st.floats(0, 1e9))


@given(st.lists(st.tuples(st.sampled_from("ab"), SIZES), max_size=30))
def test_exposed_as_by_the_library(told: list[tuple[str, float]]) -> None:
    """Counters, gauges and histograms, with labels and without; a size on a bound belongs to its bucket."""
    library.disable_created_metrics()
    exposed = []
    for kind in (ours, library):
        registry = CollectorRegistry()
        counter = kind.Counter("gateway_seen", "Told.", ("who",), registry=registry)
        gauge = kind.Gauge("gateway_now", "Now.", ("who",), registry=registry)
        histogram = kind.Histogram("gateway_sizes", 'How "large"\nit is.', ("who",), buckets=BOUNDS, registry=registry)
        plain = kind.Gauge("gateway_plain", "No label.", registry=registry)
        plain = plain.labels() if kind is ours else plain
        for who in ('with "quotes"', "a", "b"):
            counter.labels(who), gauge.labels(who), histogram.labels(who)
        for who, size in told:
            counter.labels(who).inc()
            counter.labels(who).inc(size)
            gauge.labels(who).set(size)
            histogram.labels(who).observe(size)
            plain.inc()
        plain.dec()
        exposed.append([one(registry) for one in (generate_latest, generate_openmetrics)])
    assert exposed[0] == exposed[1]


def test_a_name_is_taken_once() -> None:
    """As with the library: two families of one name would make a scrape invalid."""
    registry = CollectorRegistry()
    ours.Counter("gateway_seen", "Told.", registry=registry)
    with pytest.raises(ValueError, match="Duplicated"):
        ours.Histogram("gateway_seen", "Sizes.", buckets=BOUNDS, registry=registry)

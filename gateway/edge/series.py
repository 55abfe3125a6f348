"""Counters, gauges and histograms that cost the addition they do; prometheus_client exposes them.

The library's own take a lock and several calls for each step, because any thread may take one. Ours are only written by
the event loop, a dozen times per callback: plain numbers in plain objects, which a collector hands to the library when
somebody scrapes. Names, labels and what is exposed are the same.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, Generic, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.utils import floatToGoString


class Number:
    """One series: of a counter, which only grows, or of a gauge."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """So much more."""
        self.value += amount

    def dec(self) -> None:
        """One less."""
        self.value -= 1.0

    def set(self, value: float) -> None:
        """So much now."""
        self.value = value

    def told(self) -> tuple[float]:
        """What is exposed."""
        return (self.value,)


class Buckets:
    """One series of a histogram. *bounds*: the upper ones but infinity, rising; each belongs to its bucket."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds, self._counts, self._sum = bounds, [0] * (len(bounds) + 1), 0.0

    def observe(self, amount: float) -> None:
        """One more, of this size."""
        self._counts[bisect_left(self._bounds, amount)] += 1
        self._sum += amount

    def told(self) -> tuple[list[tuple[str, float]], float]:
        """How many lie below each bound, infinity last; and the sum of all."""
        below, named = 0, []
        for bound, count in zip((*self._bounds, inf), self._counts, strict=True):
            below += count
            named.append((floatToGoString(bound), float(below)))  # type: ignore[no-untyped-call]
        return named, self._sum


Series = TypeVar("Series", Number, Buckets)


class _Family(Generic[Series]):
    """All series of one name, in the order in which they were made; a Collector."""

    exposed: Callable[..., Any]

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str] = (), *, registry: CollectorRegistry
    ) -> None:
        self._name, self._documentation, self._label_names = name, documentation, labels
        self._series: dict[tuple[str, ...], Series] = {}
        registry.register(self)

    def labels(self, *values: str) -> Series:
        """The series with these label values; it exists from now on."""
        return self._series.setdefault(tuple(map(str, values)), self._new())

    def describe(self) -> Iterable[Metric]:
        """For the registry, which refuses a name that is taken."""
        return [self._empty()]

    def collect(self) -> Iterable[Metric]:
        """What a scrape finds."""
        family = self._empty()
        for values, series in self._series.items():
            family.add_metric(values, *series.told())
        return [family]

    def _new(self) -> Series:
        raise NotImplementedError

    def _empty(self) -> Any:
        return self.exposed(self._name, self._documentation, labels=self._label_names)


class Counter(_Family[Number]):
    """Numbers that only grow; exposed under *name*`_total`."""

    exposed = CounterMetricFamily
    _new = Number


class Gauge(_Family[Number]):
    """Numbers that rise and fall."""

    exposed = GaugeMetricFamily
    _new = Number


class Histogram(_Family[Buckets]):
    """Sizes, counted by *buckets*."""

    exposed = HistogramMetricFamily

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str] = (), *, buckets: Sequence[float],
        registry: CollectorRegistry,
    ) -> None:  # fmt: skip
        self._bounds = tuple(buckets)
        super().__init__(name, documentation, labels, registry=registry)

    def _new(self) -> Buckets:
        return Buckets(self._bounds)

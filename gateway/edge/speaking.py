"""Which dialect a provider speaks, as Prometheus sees it: what joins a provider's series with its table."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily


class Speaking:
    """`gateway_provider_info`; a Collector, since a reload may take away what it told."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._dialects: Mapping[str, str] = {}
        registry.register(self)

    def now(self, dialects: Mapping[str, str]) -> None:
        """From now on these providers are served, each in its dialect."""
        self._dialects = dict(dialects)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """For the registry, which refuses a name that is taken."""
        return [self._empty()]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """What a scrape finds."""
        family = self._empty()
        for provider, dialect in self._dialects.items():
            family.add_metric((provider, dialect), 1.0)
        return [family]

    def _empty(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "gateway_provider_info", "1: which dialect a provider speaks.", labels=("provider", "dialect")
        )

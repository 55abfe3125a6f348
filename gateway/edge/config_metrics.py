"""What Prometheus sees of the configuration: did the last reload succeed, which tables are live, when secrets end."""

from collections.abc import Iterable, Mapping, Set
from time import time

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

import gateway
from gateway.edge.series import Gauge


class ConfigMetrics:
    """Its series in *registry*; a Collector of those that a reload may take away."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._successful = Gauge(
            "gateway_config_last_reload_successful", "1 if the settings and tables were last read without a complaint.",
            registry=registry,
        ).labels()  # fmt: skip
        self._at = Gauge(
            "gateway_config_last_reload_success_timestamp_seconds",
            "When the settings and tables were last read without a complaint, in unix time.",
            registry=registry,
        ).labels()
        self._tables: Mapping[str, Set[str]] = {}
        self._ends: dict[tuple[str, str, str], float] = {}
        registry.register(self)

    def reloaded(self, successful: bool) -> None:
        """The settings and tables were read."""
        self._successful.set(successful)
        if successful:
            self._at.set(time())

    def serves(self, tables: Mapping[str, Set[str]], limited: Iterable[tuple[str, str, int, float]]) -> None:
        """What is live from now on: the SHA-256 of every table, by its dialect; what ends, see `Parties.limited`."""
        self._tables = tables
        self._ends = {(party, name, str(number)): ends for party, name, number, ends in limited}

    def describe(self) -> Iterable[Metric]:
        """For the registry, which refuses a name that is taken."""
        return self._families()

    def collect(self) -> Iterable[Metric]:
        """What a scrape finds."""
        info, ends = self._families()
        for dialect, digests in sorted(self._tables.items()):
            for digest in sorted(digests):
                info.add_metric((dialect, gateway.__version__, digest), 1.0)
        for labels, seconds in self._ends.items():
            ends.add_metric(labels, seconds)
        return info, ends

    def _families(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily(
                "gateway_mapping_info", "The tables that are live, the gateway that reads them, and their SHA-256.",
                labels=("dialect", "version", "sha256"),
            ),
            GaugeMetricFamily(
                "gateway_secret_not_after_seconds",
                "From when on a secret with a not_after, or a certificate, counts for nothing, in unix time.",
                labels=("party", "name", "key"),
            ),
        )  # fmt: skip

"""What `/metrics` tells, as a page; and how many series there can be, as a formula that is measured, not kept by hand.

The number of series hangs on how many providers there are, and how many operations they have together. Three sets of
metrics, for no provider, for one, and for one with an operation more, say how. What hangs on the tables and the secrets
in use has one series for each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul
from typing import NamedTuple

from prometheus_client.metrics_core import Metric

from gateway.edge.metrics import Metrics
from gateway.exchange.journey import ALERTS

#: Their values come from the settings; those of every other label are listed.
OF_SETTINGS = {
    "provider": "each provider of the settings",
    "operation": "each operation of the provider's table, and `unread`",
    "dialect": "the dialect of a provider",
}
#: One series for each table in use, or for each secret that has an end, and each certificate.
LATER = {
    "gateway_mapping_info": {
        "dialect": "the dialect of a provider, or the wallet's",
        "version": "that of the gateway",
        "sha256": "that of the table",
    },
    "gateway_secret_not_after_seconds": {
        "party": "each provider of the settings, `wallet`, `internal`, `admin`, `journal`, `public`",
        "name": "each secret of the party, `tls.certificate`, `tls.authorities`",
        "key": "its place in the list",
    },
}
_BY_TABLE, _BY_SECRET = LATER
_OURS, _BOUND = "gateway_", "le"
_PROVIDER, _OPERATION, _DIALECT = "provider-", "operation-", "dialect-"


class Size(NamedTuple):
    """A number of series: *fixed*, and so many more by each of these; "unread" is an operation of every provider."""

    fixed: int = 0
    by_provider: int = 0
    by_operation: int = 0
    by_table: int = 0
    by_secret: int = 0

    def __str__(self) -> str:
        """`12 + 3 P + 25 O`."""
        parts = zip(self, ("", " P", " O", " T", " S"), strict=True)
        return " + ".join(f"{number:,}{word}" for number, word in parts if number) or "0"

    def of(self, providers: int, operations: int, tables: int = 0, secrets: int = 0) -> int:
        """The number; *operations*: those of all providers together, with an "unread" for each provider."""
        return sum(map(mul, self, (1, providers, operations, tables, secrets)))


@dataclass(frozen=True, slots=True)
class Family:
    """All series of one name. *labels*: each with its values, or with the words that say where they come from."""

    name: str
    kind: str
    meaning: str
    labels: dict[str, str]
    size: Size


def families() -> list[Family]:
    """Everything that a gateway exposes, ours first, by name."""
    none, one, more = _exposed({}), _exposed({_PROVIDER: ()}), _exposed({_PROVIDER: (_OPERATION,)})
    found = [_family(none[name], one[name], more[name]) for name in none]
    return sorted(found, key=lambda family: (not family.name.startswith(_OURS), family.name))


def _exposed(providers: dict[str, tuple[str, ...]]) -> dict[str, Metric]:
    metrics = Metrics(providers)
    metrics.speaking.now(dict.fromkeys(providers, _DIALECT))
    return {family.name: family for family in metrics.registry.collect()}


def bound(found: Sequence[Family]) -> Size:
    """How many series all of them are."""
    return Size(*map(sum, zip(*(family.size for family in found), strict=True)))


def _family(none: Metric, one: Metric, more: Metric) -> Family:
    fixed, with_one, with_more = (len(family.samples) for family in (none, one, more))
    by_operation = with_more - with_one
    name = f"{none.name}_total" if none.type == "counter" else none.name
    labels = LATER.get(name) or {label: _values(more, label) for label in _labels(more)}
    by_provider = with_one - fixed - by_operation
    size = Size(fixed, by_provider, by_operation, int(name == _BY_TABLE), int(name == _BY_SECRET))
    return Family(name, none.type, none.documentation, labels, size)


def _labels(family: Metric) -> list[str]:
    return list(dict.fromkeys(label for sample in family.samples for label in sample.labels if label != _BOUND))


def _values(family: Metric, label: str) -> str:
    values = {sample.labels[label] for sample in family.samples if label in sample.labels}
    listed = [f"`{value}`" for value in sorted(values - {_PROVIDER, _OPERATION, _DIALECT})]
    if label in OF_SETTINGS:
        listed = [OF_SETTINGS[label], *(each for each in listed if each != "`unread`")]
    return ", ".join(listed)


def page(providers: dict[str, int] | None = None, tables: int = 0, secrets: int = 0) -> Iterator[str]:
    """The page, as lines of Markdown. *providers*: how many operations each has, where that is known; *tables* and
    *secrets*: how many are in use.
    """
    found = families()
    total = bound(found)
    yield "# What `/metrics` tells"
    yield ""
    yield "Times are seconds. Every series exists from the start. No label value comes from outside: what is on no list"
    yield "counts under a fixed word (`unread`, `other`), so the number of series does not grow with what is sent."
    yield ""
    yield f"    series of one instance = {total}"
    yield ""
    yield "P: providers. O: the operations of all providers' tables together, and one more, `unread`, for each of them."
    if total.by_table or total.by_secret:
        yield "T: tables in use, the wallet's too. S: secrets that have an end (`not_after`), and certificates."
    if providers is not None:
        operations = sum(providers.values()) + len(providers)
        each = ", ".join(f"{name} {number + 1}" for name, number in providers.items())
        yield f"With these settings P = {len(providers)}, O = {operations} ({each}),"
        if total.by_table or total.by_secret:
            yield f"T = {tables}, S at most {secrets}:"
        yield f"at most **{total.of(len(providers), operations, tables, secrets):,} series**."
    yield ""
    yield "| name | type | labels | series | meaning |"
    yield "|---|---|---|---|---|"
    for family in found:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        yield f"| `{family.name}` | {family.kind} | {labels} | {family.size} | {family.meaning} |"
    yield ""
    yield "## The values of the labels"
    yield ""
    said: dict[tuple[str, str], list[str]] = {}
    for family in found:
        for label, values in family.labels.items() if family.name.startswith(_OURS) else ():
            said.setdefault((label, values), []).append(f"`{family.name}`")
    for (label, values), names in sorted(said.items(), key=lambda entry: (entry[0][0], entry[1])):
        yield f"- `{label}` of {', '.join(names)}: {values}"
    yield ""
    yield "## What the kinds of `gateway_alerts_total` mean"
    yield ""
    yield "| kind | meaning |"
    yield "|---|---|"
    for kind, meaning in sorted(ALERTS.items()):
        yield f"| `{kind}` | {meaning} |"
    yield "| `other` | none of these; our own code is wrong |"

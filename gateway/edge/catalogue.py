"""What `/metrics` tells, as a page; and how many series there can be, as a formula that is measured, not kept by hand.

The number of series hangs on two numbers: how many providers there are, and how many operations they have together.
Three sets of metrics, for no provider, for one, and for one with an operation more, say how it hangs on them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric

from gateway.edge.metrics import Metrics
from gateway.exchange.journey import ALERTS

#: Their values come from the settings; those of every other label are listed.
OF_SETTINGS = {
    "provider": "each provider of the settings",
    "operation": "each operation of the provider's table, and `unread`",
    "dialect": "the dialect of a provider",
}
_OURS, _BOUND = "gateway_", "le"
_PROVIDER, _OPERATION, _DIALECT = "provider-", "operation-", "dialect-"


@dataclass(frozen=True, slots=True)
class Size:
    """A number of series: *fixed*, and so many more *by_provider* and *by_operation*, "unread" being one of each."""

    fixed: int = 0
    by_provider: int = 0
    by_operation: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(
            self.fixed + other.fixed, self.by_provider + other.by_provider, self.by_operation + other.by_operation
        )

    def __str__(self) -> str:
        """`12 + 3 P + 25 O`."""
        parts = ((self.fixed, ""), (self.by_provider, " P"), (self.by_operation, " O"))
        return " + ".join(f"{number:,}{word}" for number, word in parts if number) or "0"

    def of(self, providers: int, operations: int) -> int:
        """The number; *operations*: those of all providers together, with an "unread" for each provider."""
        return self.fixed + self.by_provider * providers + self.by_operation * operations


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
    none, one, more = (
        {family.name: family for family in metrics.registry.collect()}
        for metrics in (
            Metrics({}),
            Metrics({_PROVIDER: ()}, dialects={_PROVIDER: _DIALECT}),
            Metrics({_PROVIDER: (_OPERATION,)}, dialects={_PROVIDER: _DIALECT}),
        )
    )
    found = [_family(none[name], one[name], more[name]) for name in none]
    return sorted(found, key=lambda family: (not family.name.startswith(_OURS), family.name))


def bound(found: Sequence[Family]) -> Size:
    """How many series all of them are."""
    return sum((family.size for family in found), Size())


def _family(none: Metric, one: Metric, more: Metric) -> Family:
    fixed, with_one, with_more = (len(family.samples) for family in (none, one, more))
    by_operation = with_more - with_one
    name = f"{none.name}_total" if none.type == "counter" else none.name
    labels = {label: _values(more, label) for label in _labels(more)}
    size = Size(fixed, with_one - fixed - by_operation, by_operation)
    return Family(name, none.type, none.documentation, labels, size)


def _labels(family: Metric) -> list[str]:
    return list(dict.fromkeys(label for sample in family.samples for label in sample.labels if label != _BOUND))


def _values(family: Metric, label: str) -> str:
    values = {sample.labels[label] for sample in family.samples if label in sample.labels}
    listed = [f"`{value}`" for value in sorted(values - {_PROVIDER, _OPERATION, _DIALECT})]
    if label in OF_SETTINGS:
        listed = [OF_SETTINGS[label], *(each for each in listed if each != "`unread`")]
    return ", ".join(listed)


def page(providers: dict[str, int] | None = None) -> Iterator[str]:
    """The page, as lines of Markdown. *providers*: how many operations each has, where that is known."""
    found = families()
    total = bound(found)
    yield "# What `/metrics` tells"
    yield ""
    yield "Times are seconds. Every series exists from the start, at 0. No label value comes from outside: what is on no"
    yield "list counts under a fixed word (`unread`, `other`), so the number of series does not grow with what is sent."
    yield ""
    yield f"    series of one instance = {total}"
    yield ""
    yield "P: providers. O: the operations of all providers' tables together, and one more (`unread`) for each provider."
    if providers is not None:
        operations = sum(providers.values()) + len(providers)
        each = ", ".join(f"{name} {number + 1}" for name, number in providers.items())
        yield f"With these settings P = {len(providers)}, O = {operations} ({each}):"
        yield f"**{total.of(len(providers), operations):,} series**."
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

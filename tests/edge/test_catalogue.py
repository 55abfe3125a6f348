"""The list of metrics: the formula gives the number that a scrape finds, and every label has all its values told."""

import pytest

from gateway.edge.catalogue import bound, families, page
from gateway.edge.metrics import CLASSES, Metrics

OPERATIONS = ("bet", "win", "rollback", "balance", "authenticate")


def exposed(metrics: Metrics) -> int:
    """How many series a scrape finds."""
    return sum(len(family.samples) for family in metrics.registry.collect())


@pytest.mark.parametrize(("providers", "operations"), [(0, 0), (1, 0), (1, 5), (3, 2), (30, 5)])
def test_the_formula_is_exact(providers: int, operations: int) -> None:
    """However many providers there are, and operations: not one series more, not one less."""
    names = [f"provider{number}" for number in range(providers)]
    metrics = Metrics(dict.fromkeys(names, OPERATIONS[:operations]))
    metrics.speaking.now(dict.fromkeys(names, "plain"))
    assert bound(families()).of(providers, providers * (operations + 1)) == exposed(metrics)


def test_thirty_providers_stay_far_from_a_trouble_of_prometheus() -> None:
    """A goal of the house: some thousand series for an instance, however much comes."""
    assert bound(families()).of(30, 30 * 8) < 10_000


def test_every_label_has_its_values() -> None:
    """None that a scrape would not show, and no empty list."""
    for family in families():
        assert family.meaning.endswith(".") or not family.name.startswith("gateway_"), family.name
        assert all(family.labels.values()), family.name
    (callbacks,) = [family for family in families() if family.name == "gateway_callbacks_total"]
    assert [*callbacks.labels] == ["provider", "operation", "outcome_class"]
    assert callbacks.labels["outcome_class"] == ", ".join(f"`{word}`" for word in sorted(CLASSES))
    assert callbacks.kind == "counter"


def test_the_page_tells_the_number_where_it_is_known() -> None:
    """With the operations of each provider; without them the formula alone."""
    size = bound(families()).of(2, 9)
    assert f"at most **{size:,} series**." in [*page({"acme": 5, "other": 2})]
    assert not any("**" in line for line in page())


def test_which_dialect_a_provider_speaks_is_told_as_it_is_now() -> None:
    """A reload may change it: what was told before is gone."""
    metrics = Metrics({"acme": ()})
    for dialect in ("plain", "plainer"):
        metrics.speaking.now({"acme": dialect})
    told = [sample.labels for family in metrics.speaking.collect() for sample in family.samples]
    assert told == [{"provider": "acme", "dialect": "plainer"}]

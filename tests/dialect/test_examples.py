"""The facts of an examples file become ours, and ours are written as the file holds them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from gateway.canon.faults import Fault
from gateway.dialect.examples import canonical, read_examples, toml_facts, toml_value
from gateway.dialect.problems import Refused
from gateway.dialect.source import Source


def test_facts_in_our_types() -> None:
    """Amounts exact, ids as tuples, times aware, flags and bags as they are."""
    facts = {
        "amount": "5.10", "balance": 3, "reference": "a", "time": "2026-01-02T03:04:05+02:00", "round_end": True,
        "details": {"a": 1}, "player": "p", "currency_exponent": 2,
    }  # fmt: skip
    found = canonical(facts)
    assert found["amount"] == Decimal("5.10")
    assert isinstance(found["balance"], Decimal)
    assert found["reference"] == ("a",)
    assert canonical({"reference": ["a", "b"]})["reference"] == ("a", "b")
    assert found["time"] == datetime.fromisoformat("2026-01-02T03:04:05+02:00")
    assert {name: found[name] for name in ("round_end", "details", "player", "currency_exponent")} == {
        "round_end": True, "details": {"a": 1}, "player": "p", "currency_exponent": 2,
    }  # fmt: skip


def test_a_moment_that_toml_has_read_itself() -> None:
    """A bare TOML date-time is a moment already."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert canonical({"now": at}) == {"now": at}


@pytest.mark.parametrize("facts", [{"player": 1}, {"time": "yesterday"}, {"amount": "five"}, {"amount": "1e400000"}])
def test_facts_that_are_none(facts: dict[str, object]) -> None:
    """A number for a text, a time or an amount that cannot be read: an error, never a guess."""
    with pytest.raises((ValueError, Fault)):
        canonical(facts)


def test_facts_as_they_are_written() -> None:
    """Flags bare, ids as a list, bags as inline tables, moments and everything else in quotes, nothing as absent."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    facts = {"free": True, "reference": ("a", "b"), "details": {"a": "1"}, "time": at, "amount": Decimal("5.10")}
    assert toml_facts(facts) == (
        '{ free = true, reference = ["a", "b"], details = { a = "1" }, '
        'time = "2026-01-02T00:00:00+00:00", amount = "5.10" }'
    )
    assert toml_value(None) == "absent"


def test_what_is_written_is_read_again() -> None:
    """The facts of a complaint's remedy can be pasted into the file."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    facts = {"free": False, "reference": ("a",), "time": at, "amount": Decimal("5.10"), "player": "p"}
    again = Source("made.toml", f"facts = {toml_facts(facts)}").data["facts"]
    assert canonical(again) == facts


def test_a_file_with_nothing_in_it() -> None:
    """Every section may be left out; the clock then stands at a stated moment."""
    file = read_examples(Source("made.examples.toml", ""))
    assert (file.example, file.said, file.heard, file.failure) == ([], [], [], [])
    assert file.now == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_file_of_the_wrong_shape() -> None:
    """Unknown keys, missing keys and unknown effects are told together, each at its place, and no value is shown."""
    text = '[[example]]\nname = "a"\noperation = "bet"\nefect = []\n[[said]]\noperations = 1\neffect = ["never"]\n'
    with pytest.raises(Refused) as caught:
        read_examples(Source("made.examples.toml", text))
    found = {(one.code, ".".join(map(str, one.keypath))) for one in caught.value.problems}
    assert found == {
        ("GW101", "example.0.efect"), ("GW102", "example.0"), ("GW102", "said.0"), ("GW102", "said.0.operations"),
        ("GW102", "said.0.effect.0"),
    }  # fmt: skip

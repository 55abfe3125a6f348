"""The series: all there from the start, closed label sets, each outcome in its class."""

import pytest
from prometheus_client import generate_latest

from gateway.canon.outcomes import Moved, Outcome
from gateway.edge.breaker import State
from gateway.edge.line import Shed
from gateway.edge.metrics import CLASSES, Metrics, Told, classify
from gateway.edge.slots import Kind
from gateway.exchange.journey import Journey
from gateway.exchange.wishes import Lane, Priority
from gateway.wire.message import Heard, NotSent, Response, Silence


def journey(**known: object) -> Journey:
    """A callback of acme."""
    one = Journey("acme", "plain", 0.0, 4.0)
    for name, value in known.items():
        setattr(one, name, value)
    return one


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_class_that_keeps_its_certainty(outcome: Outcome) -> None:
    """Unknown is never counted as a decline, a success never as anything else."""
    word = classify(outcome)
    assert word in CLASSES
    assert (word == "unknown") == (outcome.moved is Moved.UNKNOWN)
    if outcome.moved is Moved.YES:
        assert word == "done"


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome.NOTHING_TO_DO, "done"),
        (Outcome.INSUFFICIENT_FUNDS, "declined"),
        (Outcome.SIGNATURE_INVALID, "refused"),
        (Outcome.UNSUPPORTED_OPERATION, "refused"),
        (Outcome.BUSY, "transient"),
        (Outcome.WITHDRAWAL_UNAVAILABLE, "transient"),
    ],
)
def test_classes_of_note(outcome: Outcome, word: str) -> None:
    """The cells that the rule decides by more than `moved`."""
    assert classify(outcome) == word


def test_all_series_exist_from_the_start() -> None:
    """An alert on a series that is not there yet never fires."""
    metrics = Metrics({"acme": ("bet",)}, alerts=("odd",))
    text = generate_latest(metrics.registry).decode()
    for word in CLASSES:
        for operation in ("bet", "unread"):
            labels = f'operation="{operation}",outcome_class="{word}",provider="acme"'
            assert f"gateway_callbacks_total{{{labels}}} 0.0" in text
    for line in (
        'gateway_wallet_calls_total{ending="silence"} 0.0',
        'gateway_alerts_total{kind="odd"} 0.0',
        'gateway_breaker_state{state="closed"} 1.0',
        'gateway_breaker_state{state="half_open"} 0.0',
        'gateway_breaker_state{state="open"} 0.0',
        'gateway_wallet_slots_in_use{kind="urgent"} 0.0',
        'gateway_shed_total{priority="debit",why="queue"} 0.0',
        'gateway_shed_total{priority="outbox",why="breaker"} 0.0',
        'gateway_retry_budget_total{answer="refused"} 0.0',
        'gateway_signatures_verified_total{key="key 2",provider="acme"} 0.0',
        'gateway_late_answers_total{how="gone",provider="acme"} 0.0',
        "gateway_bugs_total 0.0",
        "gateway_callbacks_in_flight 0.0",
        'gateway_callback_duration_seconds_bucket{le="3.6",operation="bet",provider="acme"} 0.0',
    ):
        assert line in text, line
    assert "_created" not in text


def test_a_callback_moves_its_series_only() -> None:
    """Counts, the three times, the key and the alert of one callback."""
    metrics = Metrics({"acme": ("bet",), "other": ("bet",)}, alerts=("odd",))
    value = metrics.registry.get_sample_value
    metrics.began()
    assert value("gateway_callbacks_in_flight") == 1
    done = journey(operation="bet", outcome="ok", wallet_seconds=0.2, verified_by="key 2", alerts=["odd"])
    metrics.ended(done, Told.IN_TIME, 0.3)
    acme = {"provider": "acme"}
    assert value("gateway_callbacks_in_flight") == 0
    assert value("gateway_callbacks_total", {**acme, "operation": "bet", "outcome_class": "done"}) == 1
    assert value("gateway_callback_duration_seconds_sum", {**acme, "operation": "bet"}) == pytest.approx(0.3)
    assert value("gateway_own_duration_seconds_sum", acme) == pytest.approx(0.1)
    assert value("gateway_wallet_duration_seconds_sum", acme) == pytest.approx(0.2)
    assert value("gateway_signatures_verified_total", {**acme, "key": "key 2"}) == 1
    assert value("gateway_alerts_total", {"kind": "odd"}) == 1
    assert value("gateway_late_answers_total", {**acme, "how": "late"}) == 0


@pytest.mark.parametrize("told", [Told.GONE, Told.CLOSED, Told.DIED])
def test_what_nobody_heard_is_unanswered(told: Told) -> None:
    """An outcome that did not reach the provider is not counted as told."""
    metrics = Metrics({"acme": ("bet",)})
    metrics.began()
    metrics.ended(journey(operation="bet", outcome="ok"), told, 0.1)
    labels = {"provider": "acme", "operation": "bet", "outcome_class": "unanswered"}
    assert metrics.registry.get_sample_value("gateway_callbacks_total", labels) == 1


def test_a_callback_that_did_not_ask_leaves_the_wallets_time_alone() -> None:
    """Zeroes would make the wallet look quick."""
    metrics = Metrics({"acme": ("bet",)})
    metrics.ended(journey(), Told.IN_TIME, 0.1)
    assert metrics.registry.get_sample_value("gateway_wallet_duration_seconds_count", {"provider": "acme"}) == 0


def test_wallet_endings() -> None:
    """Each ending under its word."""
    metrics = Metrics({})
    for ending in (Heard(Response(200)), NotSent(""), Silence(""), Silence("")):
        metrics.called(ending, 0.1)
    value = metrics.registry.get_sample_value
    assert [value("gateway_wallet_calls_total", {"ending": word}) for word in ("heard", "not_sent", "silence")] == [
        1,
        1,
        2,
    ]


def test_what_stands_before_the_wallet() -> None:
    """The breaker is in one state; slots, shed calls and repeats count under their words, recovery under its own."""
    metrics = Metrics({})
    value = metrics.registry.get_sample_value
    metrics.breaker(State.HALF_OPEN)
    assert [value("gateway_breaker_state", {"state": state}) for state in State] == [0, 0, 1]
    metrics.slots[Kind.URGENT].set(3)
    assert [value("gateway_wallet_slots_in_use", {"kind": kind}) for kind in Kind] == [0, 3, 0]
    metrics.shed(Lane("acme", Priority.CREDIT), Shed.WAIT)
    metrics.shed(Lane("acme", Priority.CREDIT, outbox=True), Shed.WAIT)
    assert value("gateway_shed_total", {"priority": "credit", "why": "wait"}) == 1
    assert value("gateway_shed_total", {"priority": "outbox", "why": "wait"}) == 1
    metrics.repeated(True)
    assert value("gateway_retry_budget_total", {"answer": "granted"}) == 1
    assert value("gateway_retry_budget_total", {"answer": "refused"}) == 0

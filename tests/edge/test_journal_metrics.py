"""The journal's series: all there from the start, and what the store counts stands in them."""

from prometheus_client import generate_latest

from gateway.edge.metrics import Metrics
from gateway.journal.reading import Counts
from gateway.journal.states import State, Step
from gateway.journal.wishes import Claim, Look, Record


def test_all_series_exist_from_the_start() -> None:
    """An alert on a series that is not there yet never fires."""
    text = generate_latest(Metrics({}).registry).decode()
    for line in (
        *(f'gateway_journal_rows{{state="{state}"}} 0.0' for state in State),
        *(f'gateway_outbox_rows{{step="{step}"}} 0.0' for step in Step),
        "gateway_outbox_parked_rows 0.0",
        "gateway_outbox_oldest_due_seconds 0.0",
        "gateway_journal_unavailable 0.0",
        "gateway_journal_commits_total 0.0",
        'gateway_journal_wait_seconds_count{wish="claim"} 0.0',
        'gateway_journal_wait_seconds_bucket{le="0.2",wish="record"} 0.0',
    ):
        assert line in text, line


def test_what_is_counted_stands_in_the_gauges() -> None:
    """What is not counted any more goes back to 0; commits only grow, by what is new."""
    metrics = Metrics({})
    value = metrics.registry.get_sample_value
    metrics.journal.counted(Counts({State.UNKNOWN: 2}, {Step.REVERSE: 3}, 4, 5.5, 10))
    assert value("gateway_journal_rows", {"state": "unknown"}) == 2
    assert value("gateway_outbox_rows", {"step": "reverse"}) == 3
    assert value("gateway_outbox_parked_rows") == 4
    assert value("gateway_outbox_oldest_due_seconds") == 5.5
    metrics.journal.counted(Counts({State.APPLIED: 1}, {}, 0, 0.0, 12))
    assert value("gateway_journal_rows", {"state": "unknown"}) == 0
    assert value("gateway_journal_rows", {"state": "applied"}) == 1
    assert value("gateway_outbox_rows", {"step": "reverse"}) == 0
    assert value("gateway_outbox_parked_rows") == 0
    assert value("gateway_journal_commits_total") == 12


def test_waiting_is_measured_of_claims_and_records_only() -> None:
    """Each under its word; what no callback waits for is left out."""
    metrics = Metrics({})
    metrics.journal.waited[Claim].observe(0.25)
    metrics.journal.waited[Record].observe(0.5)
    assert Look not in metrics.journal.waited
    value = metrics.registry.get_sample_value
    assert value("gateway_journal_wait_seconds_sum", {"wish": "claim"}) == 0.25
    assert value("gateway_journal_wait_seconds_sum", {"wish": "record"}) == 0.5
    assert value("gateway_journal_wait_seconds_count", {"wish": "record"}) == 1

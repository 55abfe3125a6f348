"""The capacity page follows from the inputs that it states, and the inputs from a run of the bench."""

from pathlib import Path

import pytest

from tests.bench.capacity import BLOCK, Inputs, inputs, measured, needs, tables
from tests.bench.contenders import POSTGRES


def test_the_page_follows_from_its_inputs(root: Path) -> None:
    """Computed anew from the first table, both are the same to the letter."""
    found = BLOCK.search((root / "deploy" / "capacity.md").read_text("utf-8"))
    assert found is not None
    assert tables(inputs(found[2])) == found[2]


def test_what_a_rate_needs() -> None:
    """By hand: 1,000 callbacks of 600 us are 0.6 s of CPU in a second, which is a core at 60 %."""
    given = Inputs(
        gateway_us=600, database_us=150, transactions=0.3, rows=6.5, wal_bytes=3000, memory_mb=90, connections=1
    )
    one, ten = needs(given, 1_000), needs(given, 10_000)
    assert one["gateway cores"] == pytest.approx(1.0)
    assert (ten["gateway processes"], ten["connections to PostgreSQL"], ten["gateway memory, MB"]) == (10, 10, 900)
    assert ten["PostgreSQL cores"] == pytest.approx(2.5)
    assert (one["PostgreSQL transactions/s"], one["PostgreSQL rows written/s"]) == pytest.approx((300, 6500))
    assert one["PostgreSQL write-ahead log, MB/s"] == pytest.approx(3.0)
    assert one["wallet connections at work"] == pytest.approx(21.0)


def test_the_inputs_are_medians_with_what_several_processes_cost_more() -> None:
    """One at its share of the peak; where two or four of them cost a tenth more, so do all on the page."""

    def round_of(cpu_us: float) -> dict[str, float]:
        facts = dict.fromkeys(("database_us", "transactions", "rows", "wal_bytes", "memory_mb", "connections"), 1.0)
        return {"cpu_us": cpu_us, **facts}

    swept = {"1": [round_of(cpu) for cpu in (500, 900, 490)], "4": [round_of(cpu) for cpu in (560, 550, 540)]}
    at_work = [round_of(cpu) for cpu in (399, 400, 900)]
    found = {"results": {POSTGRES: {"of_processes": swept, "at_work": at_work}}}
    assert measured(found).gateway_us == 440
    found["results"][POSTGRES]["of_processes"] = {"1": swept["1"], "2": swept["1"]}
    assert measured(found).gateway_us == 400

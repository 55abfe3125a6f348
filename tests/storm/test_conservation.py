"""Not a cent is lost or made: simulated providers, our stories, and a wallet in all weathers, at rest in the end.

Virtual time: the real stores, stories, gate, breaker and outbox; see `house` for what is not real. A run that fails
prints the command that plays it again. The same over a hundred times as long: `tests/torture/test_conservation.py`.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storm.voyage import WALLETS, sail
from tests.torture.providers.play import Patience

#: (wallet, durable, operations, seed): 20,000 operations in all. Only a wallet of four promises may go with memory.
RUNS = [
    ("all four", False, 4_000, 11),
    ("all four", True, 4_000, 12),
    ("no idempotent", True, 3_000, 13),
    ("no tombstones", True, 3_000, 14),
    ("no status", True, 3_000, 15),
    ("no references", True, 3_000, 16),
    ("none", True, 1_000, 17),
]


@pytest.mark.heavy
@pytest.mark.parametrize(("wallet", "durable", "operations", "seed"), RUNS)
def test_conservation(
    wallet: str, durable: bool, operations: int, seed: int, tmp_path: Path, note: Callable[[str], None]
) -> None:
    """Where every doubt can be ended the difference is 0.00 and nobody is asked; else it is the parked rows', exactly.

    Nothing is told done that the wallet lacks, nothing is booked twice or after its tombstone, no two wallet calls of
    one key are in flight at once, no code of ours fails, and nothing is left to do.
    """
    began = time.process_time()
    log = sail(seed, wallet, tmp_path / "journal.db" if durable else None, operations)
    note(f"{log.line()}; {log.operations / (time.process_time() - began):.0f} operations a second of one core")
    assert log.faults == [], log.report()
    assert log.operations >= operations
    assert log.difference == 0 or not log.resolves


def test_the_wallets_are_those_of_the_promises() -> None:
    """All four, each withdrawn, none."""
    assert sorted(map(len, WALLETS.values())) == [0, 3, 3, 3, 3, 4]
    assert {wallet for wallet, *_ in RUNS} == set(WALLETS)


def test_a_run_is_repeated_from_its_seed(tmp_path: Path) -> None:
    """Every call to the wallet at the same moment, in either store."""
    for number, file in enumerate((None, None, tmp_path / "a.db", tmp_path / "b.db")):
        log = sail(5, "all four", file, 150)
        calls = log.moments if number % 2 == 0 else calls  # noqa: F821
        assert log.moments == calls
        assert log.moments


def test_a_wallet_that_breaks_its_promise_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway is told of four promises, and the wallet keeps none: the audit is not blind."""
    from tests.storm import voyage

    class Liar(voyage.House):
        def __init__(self, *args: object, **rest: object) -> None:
            super().__init__(*args, **rest)  # type: ignore[arg-type]
            self.wallet.promises = frozenset()

    monkeypatch.setattr(voyage, "House", Liar)
    monkeypatch.setattr(voyage, "REST", 600.0)
    monkeypatch.setattr(voyage, "Patience", lambda until_heard, most_tries: Patience(until_heard, 10))
    assert sail(7, "all four", tmp_path / "journal.db", 200).faults

"""Not a cent is lost or made: simulated providers, our stories, and a wallet in all weathers, at rest in the end.

Virtual time: the real stores, stories, gate, breaker and outbox; see `house` for what is not real. A run that fails
prints the command that plays it again. The same over a hundred times as long: `tests/torture/test_conservation.py`.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exchange.shipped import BETTING, LEFT_OUT
from tests.storm.voyage import FLEETS, WALLETS, sail
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
#: The same with every dialect on board that no provider written by hand speaks: 2,600 operations more.
BY_TABLES = [("all four", False, 1_000, 21), ("no references", True, 800, 22), ("no idempotent", True, 800, 23)]


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("fleet", "wallet", "durable", "operations", "seed"),
    [*(("seeds", *each) for each in RUNS), *(("tables", *each) for each in BY_TABLES)],
)
def test_conservation(
    fleet: str, wallet: str, durable: bool, operations: int, seed: int, tmp_path: Path, note: Callable[[str], None]
) -> None:
    """Where every doubt can be ended the difference is 0.00 and nobody is asked; else it is the parked rows', exactly.

    Nothing is told done that the wallet lacks, nothing is booked twice or after its tombstone, no two wallet calls of
    one key are in flight at once, no code of ours fails, and nothing is left to do.
    """
    began = time.process_time()
    log = sail(seed, wallet, tmp_path / "journal.db" if durable else None, operations, fleet=fleet)
    note(f"{log.line()}; {log.operations / (time.process_time() - began):.0f} operations a second of one core")
    assert log.faults == [], log.report()
    assert log.operations >= operations
    assert log.difference == 0 or not log.resolves


def test_the_wallets_are_those_of_the_promises() -> None:
    """All four, each withdrawn, none."""
    assert sorted(map(len, WALLETS.values())) == [0, 3, 3, 3, 3, 4]
    assert {wallet for wallet, *_ in RUNS} == set(WALLETS)


def test_every_dialect_of_bets_is_on_board(note: Callable[[str], None]) -> None:
    """By hand or by its table, in one fleet of all and in one of three; who is not is named with its reason."""
    assert sorted({*FLEETS["seeds"].values(), *FLEETS["tables"]}) == sorted(BETTING)
    assert sorted(name for at in (1, 2, 3) for name in FLEETS[f"tables {at}"]) == sorted(FLEETS["tables"])
    for name, why in LEFT_OUT.items():
        note(f"no voyage: {name}: {why}")


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

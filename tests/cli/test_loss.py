"""`gateway loss`: shared words, missing fields, currencies, reasons; and pairs."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Gateway


def test_words_that_are_shared(gateway: Gateway) -> None:
    """Which outcomes a provider cannot tell apart, and on which operations."""
    lines = gateway("loss", "evenbet").out.splitlines()
    assert any(line.split()[:2] == ["10", "bet"] and "limit_exceeded, bet_not_allowed" in line for line in lines)


def test_currencies_that_do_not_fit(gateway: Gateway) -> None:
    """Five decimals lose three of bitcoin's, and none of the euro's; minor units lose nothing."""
    out = gateway("loss", "155io").out
    assert "carries 5 of the currency's 8 decimals" in out
    assert "BTC" in out
    assert "EUR" not in out
    assert "currencies are carried exactly" in gateway("loss", "evenbet").out


def test_reasons_are_printed_with_their_row(gateway: Gateway, root: Path) -> None:
    """What excuses a loop is never silent."""
    out = gateway("loss", "155io").out
    lines = (root / "mappings/155io.toml").read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("because"))
    assert f"mappings/155io.toml:{number}" in out
    assert "Two words on /win and /rollback" in out


def test_what_is_recalled_and_what_nobody_says(gateway: Gateway) -> None:
    """A field that is not in the message, and one that no message has."""
    out = gateway("loss", "evenbet").out
    assert "player (by session), currency (by session)" in out
    assert "No call carries: " in out
    assert "promotion" in out.partition("No call carries: ")[2].partition(".")[0]


def test_a_pair_that_works(gateway: Gateway) -> None:
    """What the wallet is not told, and what of its answers reaches the provider as something else."""
    ended = gateway("loss", "155io", "canonical")
    assert ended.code == 0
    assert "Every call of this provider can be asked of this wallet." in ended.out
    assert any(line.split() == ["bet", "bet", "time"] for line in ended.out.splitlines())
    assert "free_rounds_unknown, free_rounds_quantity, free_rounds_inactive" in ended.out


def test_a_pair_that_would_be_refused(gateway: Gateway) -> None:
    """Exit code 1, and start-up's own complaints."""
    ended = gateway("loss", "canonical", "scorpio")
    assert ended.code == 1
    assert 'GW501 "deposit" asks for deposit' in ended.out


def test_markdown(gateway: Gateway, edit: Callable[[str, str, str], None], tables: Path) -> None:
    """The same page for a report."""
    out = gateway("loss", tables / "scorpio.toml", "--format", "markdown").out
    assert out.startswith("# What scorpio cannot express\n\n")
    assert "| said with | on | stands for |" in out

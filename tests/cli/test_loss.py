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
    told = gateway("loss", "155io", "canonical", "--format", "markdown").out
    alike = "free_rounds_unknown, free_rounds_quantity, free_rounds_inactive"
    assert f"| bet | {alike} | the same | bonus_rejected |" in told
    assert "## What cannot be asked, or not always\n\nNothing." in told
    assert "All four promises can be made in its dialect." in told


def test_a_pair_that_would_be_refused(gateway: Gateway) -> None:
    """Exit code 1, and start-up's own complaints."""
    ended = gateway("loss", "canonical", "scorpio")
    assert ended.code == 1
    assert 'GW501 "deposit" asks for deposit' in ended.out


def test_what_a_pair_cannot_ask(gateway: Gateway) -> None:
    """Each operation with its reason: none at the wallet, a field that nobody gives, one that some messages lack."""
    ended = gateway("loss", "hub88", "evenbet", "--format", "markdown")
    assert ended.code == 1
    for row in (
        "| player | player | evenbet has no player |",
        "| balance | balance | balance must have currency: nobody gives it |",
        "| bet | bet | bet must have round: not every message has it |",
    ):
        assert row in ended.out


def test_what_we_hear_of_a_wallet(gateway: Gateway) -> None:
    """A wallet with few words: what it means, what is left of it when it reaches us, and what the provider is told."""
    told = gateway("loss", "hub88", "evenbet", "--format", "markdown").out
    assert "| bet | bet_not_allowed, bonus_rejected, player_blocked | limit_exceeded | limit_exceeded |" in told
    assert "| status | evenbet has no operation status: nobody can ask what became of a transaction |" in told


def test_movements_that_would_be_one(gateway: Gateway) -> None:
    """A wallet that knows a win by its bet alone, and what else it cannot promise."""
    told = gateway("loss", "155io", "100hp", "--format", "markdown").out
    assert "| win | win | win has no id of its own: a second one of the same bet cannot be said |" in told
    assert "| idempotent | a repeated bet that was applied is heard as unknown in 100hp |" in told


def test_amounts_that_one_of_the_two_cannot_carry(gateway: Gateway) -> None:
    """By field, spelling and currency: an amount that does not fit is refused, a balance is cut."""
    told = gateway("loss", "canonical", "100hp", "--format", "markdown").out
    amounts = told.partition("## Amounts")[2].partition("##")[0]
    row = next(line for line in amounts.splitlines() if line.startswith("| amount |") and "BHD" in line)
    assert "carries 2 of the currency's 3 decimals: refused" in row
    back = gateway("loss", "100hp", "canonical", "--format", "markdown").out.partition("## Amounts")[2]
    assert "decimals: cut" in back.partition("##")[0]
    same = gateway("loss", "canonical", "canonical", "--format", "markdown").out.partition("## Amounts")[2]
    assert "they carry the same amounts" in same.partition("##")[0]


def test_the_providers_reasons_stand_in_the_pair_too(gateway: Gateway) -> None:
    """What is excused is printed for every wallet."""
    assert "Two words on /win and /rollback" in gateway("loss", "155io", "hub88").out


def test_what_a_wallet_of_one_dialect_cannot_promise(gateway: Gateway) -> None:
    """On the page of the dialect alone."""
    assert "100hp has no operation status" in gateway("loss", "100hp").out
    assert "All four promises can be made in it." in gateway("loss", "canonical").out


def test_keys_that_a_wallet_has_as_numbers(gateway: Gateway) -> None:
    """Ours are none: it gets a digest, and the report says how often that may be another's; a game has no other."""
    told = gateway("loss", "155io", "jdb", "--format", "markdown").out.partition(
        "## Texts that the wallet has as whole numbers"
    )[2]
    rows = [line for line in told.partition("\n## ")[0].splitlines() if line.startswith("| bet ")]
    assert [(row.split("|")[2].strip(), "a digest" in row) for row in rows] == [("game", False), ("transaction", True)]
    assert "whole numbers" not in gateway("loss", "155io", "canonical").out


def test_markdown(gateway: Gateway, edit: Callable[[str, str, str], None], tables: Path) -> None:
    """The same page for a report."""
    out = gateway("loss", tables / "scorpio.toml", "--format", "markdown").out
    assert out.startswith("# What scorpio cannot express\n\n")
    assert "| said with | on | stands for |" in out


def test_what_is_sent_in_place_of_another(gateway: Gateway) -> None:
    """A bet_win before a wallet that has none: what it gets, and what is lost by it."""
    code, out, _ = gateway("loss", "jdb", "blueocean")
    assert code == 0
    told = " ".join(out.split())
    assert "What is sent in place of another operation" in told
    assert "bet and then win" in told
    assert "asking for the balance before" in told
    _, out, _ = gateway("loss", "jdb", "canonical")
    assert "in place of another" not in out

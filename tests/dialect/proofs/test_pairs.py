"""The proof of a pair: what a provider's table takes in can be asked of the wallet's table, or is a complaint."""

import shutil
from pathlib import Path

import pytest

from gateway.canon.operations import Operation
from gateway.dialect.pages import pages
from gateway.dialect.problems import Problem
from gateway.dialect.proofs.pairs import prove_pair, unpromisable
from gateway.dialect.shelf import Shelf

PROVIDERS = ("155io", "evenbet", "scorpio")
SHIPPED = tuple(name for name in Shelf().names if name != "canonical")


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    """Copies of the shipped tables, to be changed."""
    for name in (*PROVIDERS, "canonical"):
        shutil.copy(root / "mappings" / f"{name}.toml", tmp_path)
    return tmp_path


def change(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a text that must be there."""
    path = folder / f"{name}.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def proved(folder: Path, provider: str) -> list[Problem]:
    """The complaints about *provider* in front of the canonical wallet."""
    shelf = Shelf(folder)
    problems = prove_pair(shelf.dialect(provider), shelf.dialect("canonical"))
    assert all(problem.code in pages() for problem in problems)
    assert all(problem.place is not None and problem.file.endswith(f"{provider}.toml") for problem in problems)
    return problems


@pytest.mark.parametrize("provider", SHIPPED)
def test_every_shipped_table_fits_our_wallet(provider: str) -> None:
    """No complaint about any of them in front of the canonical table."""
    shelf = Shelf()
    assert prove_pair(shelf.dialect(provider), shelf.dialect("canonical")) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_operation_that_the_wallet_lacks(folder: Path, provider: str) -> None:
    """GW501 at the provider's operation."""
    change(
        folder,
        "canonical",
        '[operations.win]\npath = "/win"',
        '[operations.paid]\noperation = "promo_win"\npath = "/w"',
    )
    change(folder, "canonical", 'fields.reference   = "body.references[]?"          # the bets it pays for\n', "")
    change(folder, "canonical", "[operations.promo_win]\npath", '[operations.promo]\noperation = "promo_win"\npath')
    found = proved(folder, provider)
    assert [(problem.code, problem.keypath) for problem in found] == [("GW501", ("operations", "win"))]
    assert '"win" asks for win' in found[0].says


def test_a_rollback_of_wins_needs_the_wallets_word_for_it(folder: Path) -> None:
    """`targets` that name wins may ask for rollback_win."""
    text = (folder / "canonical.toml").read_text("utf-8")
    start = text.index("[operations.rollback_win]")
    end = text.index("[operations.end_round]")
    (folder / "canonical.toml").write_text(text[:start] + text[end:], "utf-8")
    assert [problem.code for problem in proved(folder, "evenbet")] == ["GW501"]
    assert proved(folder, "scorpio") == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_debit_in_doubt_needs_a_way_back(folder: Path, provider: str) -> None:
    """GW501 at the bet, whatever the provider itself can ask for: we take back what stays in doubt."""
    change(folder, "canonical", '[operations.rollback]\npath = "/rollback"', '[operations.x]\noperation = "release"\n'
           'path = "/x"')  # fmt: skip
    found = [(problem.code, problem.keypath[-2:], problem.says) for problem in proved(folder, provider)]
    assert [(code, at) for code, at, _ in found] == [
        ("GW501", ("operations", "bet")), ("GW501", ("operations", "rollback")),
    ]  # fmt: skip
    assert '"bet" in doubt is taken back by rollback' in found[0][2]


def test_what_the_way_back_must_have(folder: Path) -> None:
    """GW502 for a field that the wallet's rollback must have, and that a bet of the provider does not bring."""
    rollback = 'path = "/rollback"\n'
    change(folder, "canonical", rollback, rollback + 'fields.session = "body.session"\n')
    assert {problem.keypath for problem in proved(folder, "scorpio")} == {
        ("operations", "bet"), ("operations", "rollback"),
    }  # fmt: skip
    assert proved(folder, "155io") == []  # its bets bring one, and so does whatever undoes them


def test_asking_needs_a_balance(folder: Path) -> None:
    """A `[missing]` source that asks, and a wallet without the operation."""
    change(folder, "canonical", '[operations.balance]\npath = "/balance"\n', "")
    found = proved(folder, "155io")
    assert {problem.keypath[0] for problem in found if problem.code == "GW501"} == {"operations", "missing"}


def test_a_field_that_nobody_can_give(folder: Path) -> None:
    """GW502 for each operation whose message must have it; the text tells never from not always."""
    change(folder, "canonical", 'session    = "body.session?"', 'session    = "body.session"')
    assert ("operations", "bet") not in {problem.keypath for problem in proved(folder, "155io")}
    never = proved(folder, "scorpio")
    assert {problem.keypath for problem in never} == {
        ("operations", name) for name in ("balance", "bet", "win", "rollback")
    }
    assert all(problem.code == "GW502" and "can neither give nor recall it" in problem.says for problem in never)


def test_what_may_lack_is_not_given(folder: Path) -> None:
    """An optional place is no promise; a recall is."""
    change(
        folder,
        "canonical",
        'fields.amount      = "body.amount?"                # for',
        'fields.amount = "body.amount"   # for',
    )
    assert proved(folder, "155io") == proved(folder, "evenbet") == []  # of a rollback: as it was booked
    change(folder, "canonical", 'game       = "body.game?"', 'game       = "body.game"')
    assert any('"bet" may lack it' in problem.says for problem in proved(folder, "scorpio"))


def test_a_win_names_the_bets_of_its_round(folder: Path) -> None:
    """To a wallet that finds bets by reference; of any other it is a complaint where the win may not say its bet."""
    change(folder, "canonical", '"body.references[]?"          # the bets it pays for', '"body.references[]"')
    shelf = Shelf(folder)
    scorpio, wallet = shelf.dialect("scorpio"), shelf.dialect("canonical")
    assert prove_pair(scorpio, wallet, {"references"}) == []
    found = prove_pair(scorpio, wallet, {"idempotent"})
    assert [(problem.code, problem.keypath) for problem in found] == [("GW502", ("operations", "win"))]


def test_wins_that_the_wallet_could_not_tell_apart(folder: Path) -> None:
    """GW503 where the wallet makes a win's id of its bet's, and the provider gives each win an id of its own."""
    shelf = Shelf()
    wallet = shelf.dialect("100hp")
    found = [problem for problem in prove_pair(shelf.dialect("155io"), wallet) if problem.code == "GW503"]
    assert [problem.keypath for problem in found] == [("operations", "win")]
    assert 'win has no id of its own, and "win" may send two of one bet' in found[0].says
    ending = [problem.says for problem in prove_pair(shelf.dialect("155io"), shelf.dialect("hpgames"))]
    assert any('win always ends its round, and "win" may send two' in says for says in ending)
    assert not list(prove_pair(shelf.dialect("hpgames"), shelf.dialect("hpgames")))
    assert not [problem for problem in prove_pair(wallet, wallet) if problem.code == "GW503"]


def test_a_rollback_of_wins_is_said_with_a_rollback_that_may_undo_them() -> None:
    """A dialect that has one word for both says both with it; one that undoes bets alone does not."""
    shelf = Shelf()
    evenbet, scorpio = shelf.dialect("evenbet"), shelf.dialect("scorpio")
    assert [form.name for form in evenbet.sayers(Operation.ROLLBACK_WIN)] == ["rollback"]
    assert scorpio.sayers(Operation.ROLLBACK_WIN) == []
    assert prove_pair(evenbet, evenbet) == []


def test_what_a_dialect_cannot_promise() -> None:
    """No status inquiry; a repeat that hears a word which proves nothing. Canonical can say all four."""
    shelf = Shelf()
    assert unpromisable(shelf.dialect("canonical")) == {}
    assert sorted(unpromisable(shelf.dialect("hub88"))) == ["status"]
    assert sorted(unpromisable(shelf.dialect("100hp"))) == ["idempotent", "status"]


#: Our own wallet without what can be sent as something else.
LACKING = """
dialect = "lacking"
extends = "canonical"
without = ["operations.bet_win", "operations.end_round", "operations.adjust"]
"""


def lacking(folder: Path, row: str, provider: str, **promises: frozenset[str]) -> list[Problem]:
    """The complaints about *provider* in front of a wallet that has no bet_win, and *row*."""
    (folder / "lacking.toml").write_text(LACKING + row, "utf-8")
    shelf = Shelf(folder)
    return prove_pair(Shelf().dialect(provider), shelf.dialect("lacking"), **promises)


def test_a_bet_win_without_a_word_for_it(folder: Path) -> None:
    """GW501, which says what could stand in its place; with that row there is no complaint."""
    (found,) = lacking(folder, "", "jdb")
    assert (found.code, found.keypath) == ("GW501", ("operations", "bet_win"))
    assert '[wallet] instead = { bet_win = ["bet", "win"] }' in found.remedy
    for row in ('wallet.instead.bet_win = ["bet", "win"]', "wallet.instead.bet_win = []"):
        assert lacking(folder, row, "jdb") == []


@pytest.mark.parametrize("kept", [(), ("status", "tombstones"), ("idempotent",), ("references", "status")])
def test_two_calls_need_what_makes_a_repeat_safe(folder: Path, kept: tuple[str, ...]) -> None:
    """GW512 names what is not promised; refusing the operation needs nothing."""
    (found,) = lacking(folder, 'wallet.instead.bet_win = ["bet", "win"]', "jdb", promises=frozenset(kept))
    assert (found.code, found.keypath) == ("GW512", ("operations", "bet_win"))
    assert all((word in found.says) is (word not in kept) for word in ("idempotent", "references"))
    assert lacking(folder, "wallet.instead.bet_win = []", "jdb", promises=frozenset(kept)) == []


def test_two_calls_need_a_way_back_for_both(folder: Path) -> None:
    """GW501 where a win cannot be taken back."""
    start, end = "[operations.rollback_win]", "[operations.end_round]"
    text = (folder / "canonical.toml").read_text("utf-8")
    (folder / "canonical.toml").write_text(text[: text.index(start)] + text[text.index(end) :], "utf-8")
    (found,) = lacking(folder, 'wallet.instead.bet_win = ["bet", "win"]', "jdb")
    assert found.code == "GW501"
    assert '"bet_win" in doubt is taken back by rollback_win' in found.says


def test_a_field_of_either_call_that_nobody_gives(folder: Path) -> None:
    """GW502 at the bet_win, for the win that is sent as its second part."""
    win = '[operations.win]\npath = "/win"\n'
    change(folder, "canonical", win, f'{win}fields.session = "body.session"\n')
    found = lacking(folder, 'wallet.instead.bet_win = ["bet", "win"]', "jdb")
    assert ("GW502", ("operations", "bet_win")) in [(each.code, each.keypath) for each in found]


@pytest.mark.parametrize(("provider", "wallet"), [
    ("jdb", "blueocean"), ("jdb", "scorpio-older"), ("igamingace", "blueocean"), ("igamingace", "scorpio-older"),
])  # fmt: skip
def test_shipped_pairs_that_two_calls_make_possible(provider: str, wallet: str) -> None:
    """Wallets that have no bet_win, and whose documents let a win be taken back."""
    spoken = Shelf().dialect(wallet)
    promises = {"idempotent", "tombstones", "references"}
    assert not promises & unpromisable(spoken).keys()
    assert prove_pair(Shelf().dialect(provider), spoken, promises) == []

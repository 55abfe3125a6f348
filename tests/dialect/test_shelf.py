"""Tables by name, laid over each other, with options chosen."""

from pathlib import Path

import pytest

from gateway.dialect.compiler.layers import keys_of
from gateway.dialect.problems import Refused
from gateway.dialect.shelf import Shelf, each_choice
from gateway.dialect.source import Source
from tests.dialect.made import BASE, dialect

TWO_UNITS = """[options.unit]
why = "two pages disagree"
default = "major"
choices.major = {}
choices.minor.money = { unit = "minor" }
"""


def write(folder: Path, name: str, text: str) -> Shelf:
    """A table in a folder of its own, over the base."""
    (folder / f"{name}.toml").write_text(f'dialect = "{name}"\n{text}', "utf-8")
    return Shelf(folder, BASE)


def test_a_name_that_is_not_there() -> None:
    """Refused with the nearest name; an earlier folder's table goes before the shipped one."""
    with pytest.raises(Refused, match='GW003 there is no dialect "acne": did you mean "acme"'):
        Shelf(BASE).dialect("acne")
    assert {"acme", "canonical"} <= set(Shelf(BASE).names)


def test_other_files_in_the_folder_are_no_dialects(tmp_path: Path) -> None:
    """Settings and a pyproject.toml are not listed; what cannot be read, and a table without its head, still are."""
    (tmp_path / "gateway.toml").write_text('[wallet]\nurl = "http://w"\n[providers.a]\ndialect = "acme"\n')
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "torn.toml").write_text("[")
    (tmp_path / "headless.toml").write_text("[operations.bet]\n")
    assert {"torn", "headless"} == {*Shelf(tmp_path).names} - {*Shelf().names}


def test_options_are_chosen_by_name(tmp_path: Path) -> None:
    """The default unless another is chosen; an unknown option or choice is refused."""
    shelf = write(tmp_path, "made", f'extends = "acme"\n{TWO_UNITS}')
    assert shelf.dialect("made").tree.get("money", "unit") == "major"
    assert shelf.dialect("made", {"unit": "minor"}).tree.get("money", "unit") == "minor"
    with pytest.raises(Refused, match='option "unit" has no choice "cents"'):
        shelf.dialect("made", {"unit": "cents"})
    with pytest.raises(Refused, match='table "made" has no option "units"'):
        shelf.dialect("made", {"units": "major"})
    assert list(each_choice(shelf.dialect("made").tree)) == [("unit", "minor")]


def test_generations_are_bounded(tmp_path: Path) -> None:
    """Four tables below one another are enough; a circle of two is told as one."""
    for number in range(6):
        below = f'extends = "t{number - 1}"' if number else 'extends = "acme"'
        shelf = write(tmp_path, f"t{number}", below)
    assert shelf.check(shelf.source("t3")) == []
    assert [one.code for one in shelf.check(shelf.source("t5"))] == ["GW110"]
    shelf = write(tmp_path, "t0", 'extends = "t1"')
    (one,) = shelf.check(shelf.source("t1"))
    assert one.says == '"t1" extends this table in turn'
    assert one.file.endswith("t0.toml")


def test_a_patch_moves_single_rows() -> None:
    """A code replaces a stand-in of the table below and the other way round; a whole effect set is dropped by name."""
    made = dialect('without = ["effects.bet"]\n[codes]\nround_closed = "CLOSED"\n[effects.bet]\nrolls_back = ["ERROR"]')
    assert made.tree.get("said_as", "round_closed") is None
    assert made.tree.get("codes", "round_closed") == "CLOSED"
    assert made.tree.get("effects", "by", "bet", "entries").keys() == {"str ERROR"}


def test_a_reason_can_be_dropped() -> None:
    """`without = ["effects.because"]` takes the reason away, so that a variant must give its own."""
    patch = '[operations.win.said_as]\nunknown = ["round_closed"]\n[effects]\nbecause = "few words"'
    reason = dialect(patch).tree.get("effects", "because")
    assert reason == "few words"
    assert keys_of({"without": ["effects.because"], "codes": {"ok": 1}}) == {("effects", "because"), ("codes", "ok")}


def test_complaints_of_every_choice_are_told_once(tmp_path: Path) -> None:
    """`check` looks at each choice by itself, and says what is wrong under all of them one time."""
    shelf = write(tmp_path, "made", f'extends = "acme"\n{TWO_UNITS}[codes]\nwithdrawal_declined = "NO"')
    assert [one.code for one in shelf.check(shelf.source("made"))] == ["GW203"]


def test_where_a_row_was_written() -> None:
    """Every value of the merged table knows its file and line, for people."""
    origin = dialect('[codes]\nround_closed = "CLOSED"').tree.origin("codes", "round_closed")
    assert origin.place == "made.toml:4"
    assert isinstance(origin.source, Source)

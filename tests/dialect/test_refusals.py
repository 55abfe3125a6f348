"""Every broken table is refused with exactly the complaint that stands beside it, at the right line and column.

`tests/refusals/<what>.toml` is broken in one way; `<what>.txt` is its whole complaint. After a look at every caret,
`pytest tests/dialect/test_refusals.py --update-refusals` writes the complaints anew.
"""

from pathlib import Path

import pytest

from gateway.dialect.conversations import Conversations
from gateway.dialect.pages import pages
from gateway.dialect.problems import Problem, Refused, render
from gateway.dialect.shelf import Shelf
from gateway.dialect.todos import todo_problems
from gateway.dialect.widths import width_problems

FOLDER = Path("tests/refusals")
BROKEN = sorted(path.stem for path in (Path(__file__).parents[2] / FOLDER).glob("*.toml") if path.stem.count(".") == 0)
#: No table shows these: the file system does, or the command line. GW5xx are complaints about settings.
ELSEWHERE = {"GW002", "GW003"}


@pytest.fixture
def shelf(root: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """The broken tables, over the sound one that they patch."""
    monkeypatch.chdir(root)
    return Shelf(FOLDER, FOLDER / "base")


def complaints(shelf: Shelf, name: str) -> list[Problem]:
    """What `gateway check` and `gateway test` say about one table: examples only of a table that is sound."""
    try:
        source = shelf.source(name)
        found = shelf.check(source) + width_problems(shelf, name) + todo_problems(source)
        return found or Conversations.load(shelf, name).run()
    except Refused as refused:
        return refused.problems


@pytest.mark.parametrize("name", BROKEN)
def test_the_complaint_word_for_word(name: str, shelf: Shelf, pytestconfig: pytest.Config) -> None:
    """Code, place, line, caret, hint and remedy of every complaint about this table, and no other complaint."""
    shown = render(complaints(shelf, name)) + "\n"
    golden = FOLDER / f"{name}.txt"
    if pytestconfig.getoption("--update-refusals"):
        golden.write_text(shown, "utf-8")
    assert golden.exists(), f"no golden text; it would be\n{shown}"
    assert shown == golden.read_text("utf-8")


def test_the_table_below_them_is_sound(shelf: Shelf) -> None:
    """The broken tables differ from a sound one, acme or till, by one thing: without it there is no complaint."""
    assert shelf.check(shelf.source("acme")) == []
    assert shelf.check(shelf.source("till")) == []


def test_no_golden_text_is_left_over(root: Path) -> None:
    """Every golden text and every file of examples has its table."""
    files = {path.name.split(".")[0] for path in (root / FOLDER).iterdir() if path.is_file()}
    assert files == set(BROKEN)
    assert len(BROKEN) >= 45


def test_every_code_has_a_broken_table(root: Path) -> None:
    """Each page of a complaint is shown at work: some golden text has its code; each safety rule has several."""
    texts = [path.read_text("utf-8") for path in (root / FOLDER).glob("*.txt")]
    shown = {code: sum(f": {code} " in text for text in texts) for code in pages()}
    assert {code for code, count in shown.items() if count == 0 and code < "GW5"} == ELSEWHERE
    assert {code for code, count in shown.items() if code.startswith("GW3") and count < 2} == set()


def test_ten_mistakes_are_told_at_once(shelf: Shelf) -> None:
    """A table with ten mistakes is refused once, with ten complaints in reading order."""
    found = render(complaints(shelf, "ten_mistakes"))
    heads = [line.split(": ")[1].split(" ")[0] for line in found.splitlines() if line.startswith("tests/refusals/")]
    assert len(heads) == 10
    assert len(set(heads)) >= 8

"""The examples of requests hold, and one that does not is told at its place."""

import shutil
from pathlib import Path

import pytest

from gateway.dialect.asked import AskedExamples, examples_of
from gateway.dialect.problems import Problem, render
from gateway.dialect.shelf import Shelf, shipped

ASKING = [name for name in Shelf().names if Shelf().beside(name) is not None]


def changed(folder: Path, old: str, new: str, file: str = "payfield.outbound.examples.toml") -> list[Problem]:
    """Every complaint about Payfield's examples, after one text of one file was changed."""
    for path in shipped().glob("payfield*.toml"):
        shutil.copy(path, folder)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    problems = examples_of(Shelf(folder), "payfield")
    assert render(problems) or not problems
    return problems


@pytest.mark.parametrize("name", ASKING)
def test_the_shipped_ones_hold(name: str) -> None:
    """Written and read, said and heard; every request is asked, every row is answered."""
    examples = AskedExamples.load(Shelf(), name)
    assert examples is not None
    assert examples.run() == []
    assert examples.file.asked
    assert examples.count == f"{len(examples.file.asked)} asked, {len(examples.file.answered)} answered"


def test_a_table_that_asks_nothing_has_none() -> None:
    """Nothing to run, and nothing to complain of."""
    assert AskedExamples.load(Shelf(), "scorpio") is None
    assert examples_of(Shelf(), "scorpio") == []


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ('request = "create_payout"', 'request = "create_payuot"', "GW402", 'the table asks no "create_payuot"'),
        ('reference = "po-1"\namount', "amount", "GW402", "cannot be written: reference"),
        ('amount    = "5000.00"', 'amount    = "-1"', "GW402", "cannot be written: "),
        ('path    = "/api/v1/payouts"', 'path    = "/api/v1/payout"', "GW402", "path is '/api/v1/payouts', not"),
        ('X-Timestamp = "1767225600"', 'X-Timestamp = "1767225601"', "GW402", "header X-Timestamp is '1767225600'"),
        ('"card_number": "01700000000"', '"card_number": "01"', "GW402", "the body is {"),
        ('query   = "shop_code=main"', 'query   = "shop=main"', "GW402", "query is 'shop_code=main'"),
        ('method  = "GET"', 'method  = "POST"', "GW402", "method is 'GET', not 'POST'"),
        ("http     = 201", "http     = 200", "GW402", "result is 'already_exists', not 'ok'"),
        ('amount = "5000.00", currency', 'amount = "much", currency', "GW402", "amount"),
        ('result   = "ok"', 'result   = "fine"', "GW402", '"fine" is no result'),
        ('[[asked]]\nname    = "the balance"', '[[asked]]\nnames   = "the balance"', "GW101", "names"),
    ],
)
def test_one_that_does_not_hold_is_told(tmp_path: Path, old: str, new: str, code: str, says: str) -> None:
    """With the code, at a place of the file, in words that say what is instead."""
    found = [each for each in changed(tmp_path, old, new) if each.code == code and says in each.says]
    assert found
    assert all(each.place is not None for each in found)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"the balance"\nrequest = "provider_balance"', '"x"\nrequest = "payin_status"', "no example asks provider"),
        ("http     = 403", "http     = 401", "no example is answered so: HTTP 403"),
    ],
)
def test_what_no_example_shows_is_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    """At the table's own row."""
    assert any(says in each.says and "payfield.outbound.toml" in each.file for each in changed(tmp_path, old, new))


def test_requests_without_examples_are_told(tmp_path: Path) -> None:
    """The file that is missing, by its name."""
    for path in shipped().glob("payfield*.toml"):
        if "outbound.examples" not in path.name:
            shutil.copy(path, tmp_path)
    (problem,) = examples_of(Shelf(tmp_path), "payfield")
    assert (problem.code, "payfield.outbound.examples.toml" in problem.says) == ("GW403", True)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('path    = "/api/v1/payins"\nresolve', 'path    = "/api/v1/payouts"\nresolve', "take it for another request"),
        ('account      = "body.card_number"\n', "", "the provider reads"),
    ],
)
def test_a_table_that_the_provider_would_misread_is_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    """What we write is read again as the provider does."""
    assert any(says in each.says for each in changed(tmp_path, old, new, "payfield.outbound.toml"))

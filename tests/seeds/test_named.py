"""The five documents' own lists: each word they name stands in a table and in an example, each rule has its test.

The lists are `named.toml` and `rules.toml` beside this file.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gateway.dialect.shelf import Shelf

HERE = Path(__file__).parent
NAMED = tomllib.loads((HERE / "named.toml").read_text("utf-8"))["named"]
RULES = tomllib.loads((HERE / "rules.toml").read_text("utf-8"))["rule"]
#: Keys of a table whose leaves are words that are said or heard.
ROWS = {"codes", "heard_as", "unread", "values", "states"}


def leaves(value: Any) -> Iterator[Any]:
    """Every scalar inside *value*; a text that is JSON is opened."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    else:
        if isinstance(value, str) and value.lstrip().startswith("{"):
            with suppress(ValueError):
                yield from leaves(json.loads(value))
        yield value


def rows(value: Any, *, inside: bool = False) -> Iterator[Any]:
    """Every scalar that stands in a row of a table, the choices of its options included."""
    if not isinstance(value, Mapping):
        yield from leaves(value) if inside else ()
        return
    for key, each in value.items():
        if key == "http":
            yield from (("http", status) for status in leaves(each))
        yield from each if key == "advice" else rows(each, inside=inside or key in ROWS)


def file_of(table: str, side: str) -> Path:
    """The file in which the callbacks of a table are, or its requests."""
    path = Shelf().path(table)
    return path.with_name(f"{table}.outbound.toml") if side == "api" else path


@cache
def spoken(table: str, side: str) -> tuple[list[Any], list[Any]]:
    """What stands in the rows of one side of a table, and in its examples."""
    path = file_of(table, side)
    examples = tomllib.loads(path.with_suffix(".examples.toml").read_text("utf-8"))
    return list(rows(tomllib.loads(path.read_text("utf-8")))), list(leaves(examples))


def has(found: list[Any], word: Any) -> bool:
    """Is *word* there? Its type counts: 0 is not "0"."""
    return any(type(each) is type(word) and each == word for each in found)


def begins(found: list[Any], text: str) -> bool:
    """Does a text there begin so? Some of the documents' messages end in dots."""
    return any(isinstance(each, str) and each.startswith(text) for each in found)


@pytest.mark.parametrize("named", NAMED, ids=lambda named: named["document"])
def test_each_code_and_status_is_in_a_row_and_in_an_example(named: dict[str, Any]) -> None:
    """Nothing that the document names is missing."""
    table, examples = spoken(named["table"], named["side"])
    assert [word for word in named.get("words", ()) if not has(table, word)] == []
    assert [word for word in named.get("words", ()) if not has(examples, word)] == []


@pytest.mark.parametrize("named", [each for each in NAMED if "texts" in each], ids=lambda named: named["document"])
def test_each_message_is_in_a_row_and_in_an_example(named: dict[str, Any]) -> None:
    """The words of the document's message column."""
    table, examples = spoken(named["table"], named["side"])
    assert [text for text in named["texts"] if not begins(table, text)] == []
    assert [text for text in named["texts"] if not begins(examples, text)] == []


@pytest.mark.parametrize("named", [each for each in NAMED if "http" in each], ids=lambda named: named["document"])
def test_each_http_status_is_accounted_for(named: dict[str, Any]) -> None:
    """In a row, an effect or a shape of the table, and in an example."""
    _, examples = spoken(named["table"], named["side"])
    text = file_of(named["table"], named["side"]).read_text("utf-8")
    assert [status for status in named["http"] if str(status) not in text] == []
    assert [status for status in named["http"] if not has(examples, status)] == []


@pytest.mark.parametrize("named", [each for each in NAMED if "never" in each], ids=lambda named: named["document"])
def test_what_the_document_says_is_no_status_is_in_no_row(named: dict[str, Any]) -> None:
    """Named in the document to be told apart."""
    table, _ = spoken(named["table"], named["side"])
    assert [word for word in named["never"] if has(table, word)] == []


def test_no_document_is_left_out() -> None:
    """Five documents, and both lists speak of each."""
    five = {"000", "001", "002", "003", "004"}
    assert {named["document"].split()[0] for named in NAMED} == five
    assert {rule["document"] for rule in RULES} == five


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule['document']} {rule['says']}")
def test_each_rule_has_its_test(rule: dict[str, Any]) -> None:
    """The tests that are named exist."""
    assert rule["tests"]
    for named in rule["tests"]:
        file, function = named.split("::")
        module = import_module(f"tests.seeds.{file.removesuffix('.py')}")
        assert callable(getattr(module, function, None)), named

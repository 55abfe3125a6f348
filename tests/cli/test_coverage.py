"""`gateway coverage`: the matrix says what is said, how, and what no example shows."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.dialect.shelf import Shelf, shipped
from tests.cli.conftest import Gateway

Edit = Callable[[str, str, str], None]


def test_a_line_for_each_dialect(gateway: Gateway) -> None:
    """Without a name: cells, stand-ins, examples, percent."""
    ended = gateway("coverage")
    assert ended.code == 0
    assert ended.out.splitlines()[0].split() == [
        "dialect", "cells", "by", "a", "stand-in", "with", "an", "example", "asked", "with", "an", "example", "%",
    ]  # fmt: skip
    assert [line.split()[0] for line in ended.out.splitlines()[2:]] == list(Shelf().names)


def test_the_matrix(gateway: Gateway) -> None:
    """Own rows, stand-ins and what cannot occur; + where an example shows it."""
    lines = {line.split()[0]: line.split()[1:] for line in gateway("coverage", "scorpio").out.splitlines() if line}
    assert lines["outcome"] == ["balance", "bet", "win", "rollback", "unread"]
    assert lines["insufficient_funds"] == [".", "own+", ".", ".", "."]
    assert lines["busy"] == ["as+", "as+", "as+", "as+", "as+"]
    assert "withdrawal_declined" not in lines


def test_a_cell_without_an_example(gateway: Gateway, tables: Path, edit: Edit) -> None:
    """It loses its +, the percentage falls below 100, and --fail-under notices."""
    path = tables / "scorpio.examples.toml"
    path.write_text(path.read_text().replace('"free_rounds_inactive"', '"free_rounds_unknown"'))
    table = tables / "scorpio.toml"
    found = json.loads(gateway("coverage", table, "--format", "json").out)[0]
    assert found["operations"]["bet"]["free_rounds_inactive"] == {"said": "stand-in", "example": False}
    assert found["percent"] < 100
    assert gateway("coverage", table).code == 0
    assert gateway("coverage", table, "--fail-under", found["percent"]).code == 0
    assert gateway("coverage", table, "--fail-under", 100).code == 1


def test_markdown(gateway: Gateway) -> None:
    """A table that GitHub shows."""
    ended = gateway("coverage", "scorpio", "--format", "markdown")
    assert "| outcome | balance | bet | win | rollback | unread |\n| --- |" in ended.out
    assert "| insufficient_funds | . | own+ | . | . | . |" in ended.out


def test_a_wide_matrix_is_cut_into_blocks(gateway: Gateway) -> None:
    """No line is wider than 120 columns, and no operation is lost."""
    ended = gateway("coverage", "canonical")
    assert max(map(len, ended.out.splitlines())) <= 120
    heads = [line.split()[1:] for line in ended.out.splitlines() if line.startswith("outcome ")]
    assert len(heads) > 1
    assert {"authenticate", "withdraw_cancel", "unread"} <= {name for head in heads for name in head}


@pytest.mark.parametrize("name", [name for name in Shelf().names if Shelf().dialect(name).outbound])
def test_what_is_asked_is_covered_too(gateway: Gateway, name: str) -> None:
    """Each request by each result that some row says; and whether an example is answered so."""
    outbound = Shelf().dialect(name).outbound
    assert outbound is not None
    (told,) = json.loads(gateway("coverage", name, "--format", "json").out)
    assert {request: {*results} for request, results in told["requests"].items()} == {
        str(form.name): {str(row.result) for row in form.rows} for form in outbound.forms.values()
    }
    assert "Requests: " in gateway("coverage", name).out


def test_an_answer_without_an_example(gateway: Gateway, tmp_path: Path) -> None:
    """Less than a hundred percent, and the cell has no +."""
    for file in shipped().glob("abstrapay*.toml"):
        shutil.copy(file, tmp_path)
    path = tmp_path / "abstrapay.outbound.examples.toml"
    text = path.read_text("utf-8")
    assert 'result   = "session_not_open"' in text
    path.write_text(text.replace('result   = "session_not_open"', 'result   = "session_expired"'), "utf-8")
    table = tmp_path / "abstrapay.toml"
    (told,) = json.loads(gateway("coverage", table, "--format", "json").out)
    assert told["requests"]["create_session"]["session_not_open"] is False
    assert gateway("coverage", table, "--fail-under", "100").code == 1

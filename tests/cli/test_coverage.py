"""`gateway coverage`: the matrix says what is said, how, and what no example shows."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Gateway

Edit = Callable[[str, str, str], None]


def test_a_line_for_each_dialect(gateway: Gateway) -> None:
    """Without a name: cells, stand-ins, examples, percent."""
    ended = gateway("coverage")
    assert ended.code == 0
    assert ended.out.splitlines()[0].split() == [
        "dialect", "cells", "by", "a", "stand-in", "with", "an", "example", "%",
    ]  # fmt: skip
    assert [line.split()[0] for line in ended.out.splitlines()[2:]] == [
        "155io",
        "canonical",
        "evenbet",
        "payfield",
        "scorpio",
    ]


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

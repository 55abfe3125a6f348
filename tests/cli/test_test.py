"""`gateway test`: what differs, word by word, and what --update may and may not touch."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Gateway

Edit = Callable[[str, str, str], None]


def test_counts_of_what_holds(gateway: Gateway) -> None:
    """One line per dialect, exit code 0."""
    ended = gateway("test", "scorpio", "evenbet")
    assert ended.code == 0
    assert [line.partition(":")[0] for line in ended.out.splitlines()] == ["scorpio", "evenbet"]
    assert all(line.endswith("; all hold") for line in ended.out.splitlines())


def test_the_difference_is_shown_word_by_word(gateway: Gateway, tables: Path, edit: Edit) -> None:
    """Expected and actual, only the words that differ marked; spaces of JSON are no difference."""
    edit("scorpio.toml", "ERR_NOT_ENOUGH_MONEY", "ERR_POOR")
    ended = gateway("test", tables / "scorpio.toml")
    assert ended.code == 1
    lines = ended.out.splitlines()
    at = next(number for number, line in enumerate(lines) if "not enough money" in line)
    assert "GW401 the answer differs in the example 'bet declined: not enough money'" in lines[at]
    assert lines[at + 1] == '  expected  {"balance":76.90,"statusCode":"[-ERR_NOT_ENOUGH_MONEY-]"}'
    assert lines[at + 2] == '  actual    {"balance":76.90,"statusCode":"{+ERR_POOR+}"}'
    assert lines[-1].endswith("problems")


def test_update_rewrites_in_place_and_keeps_every_other_byte(gateway: Gateway, tables: Path, edit: Edit) -> None:
    """Comments, line ends and all other answers stay; afterwards only what cannot be rewritten is left."""
    path = tables / "scorpio.examples.toml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    before = path.read_bytes().split(b"\r\n")
    edit("scorpio.toml", "ERR_NOT_ENOUGH_MONEY", "ERR_POOR")
    ended = gateway("test", tables / "scorpio.toml", "--update")
    after = path.read_bytes().split(b"\r\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == ended.out.count(": rewritten") == 2
    for old, new in changed:
        assert new == old.replace(b"ERR_NOT_ENOUGH_MONEY", b"ERR_POOR")
    assert "the answer differs" not in ended.out


def test_an_example_with_a_source_is_never_rewritten(gateway: Gateway, tables: Path, edit: Edit) -> None:
    """It was pasted from the provider's documents: the table is wrong, and the tool says so."""
    path = tables / "scorpio.examples.toml"
    edit("scorpio.toml", '"$code"}', '"$code", "extra": 1}')
    sourced = [block for block in path.read_text().split("[[example]]") if "\nsource " in block]
    assert sourced
    ended = gateway("test", tables / "scorpio.toml", "--update")
    text = path.read_text()
    assert all(block.split("\n[[")[0] in text for block in sourced)
    assert ended.out.count("not rewritten: it has a source") == len(sourced)
    assert ended.code == 1


def test_an_entry_whose_cells_fell_apart_is_left_alone(gateway: Gateway, tables: Path, edit: Edit) -> None:
    """One text cannot be right for two answers."""
    edit("scorpio.examples.toml", "[facts]", "[facts]\n")
    with (tables / "scorpio.examples.toml").open("a") as file:
        file.write('\n[[said]]\noperations = ["bet"]\noutcomes = ["insufficient_funds", "unknown"]\n')
        file.write("answer = '{}'\neffect = [\"final\"]\n")
    ended = gateway("test", tables / "scorpio.toml", "--update")
    assert "no longer answered alike; split the entry" in ended.out
    assert "answer = '{}'\n" in (tables / "scorpio.examples.toml").read_text()


def test_a_refused_table_is_said_first(gateway: Gateway, tables: Path, edit: Edit) -> None:
    """Examples of a table that does not compile are not run."""
    edit("scorpio.toml", "signature_invalid", "signature_invalidd")
    ended = gateway("test", tables / "scorpio.toml")
    assert ended.code == 1
    assert "GW104" in ended.out
    assert "the examples could not be run" in ended.out

"""`gateway check`: everything at once, from any kind of path, in every format, with its exit code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli.check import exit_code
from gateway.dialect.problems import Problem
from tests.cli.conftest import Gateway

Edit = Callable[[str, str, str], None]


def test_a_clean_table(gateway: Gateway, tables: Path) -> None:
    """One closing line and exit code 0."""
    ended = gateway("check", tables / "scorpio.toml")
    assert ended.code == 0
    assert ended.out.startswith("no problems in 1 table (")


def test_a_folder_a_file_and_a_name_mean_the_same_table_once(gateway: Gateway, tables: Path) -> None:
    """Whatever is named twice is checked once; the examples' file names its table."""
    ended = gateway("check", tables, tables / "scorpio.toml", tables / "scorpio.examples.toml")
    assert "in 1 table (" in ended.out
    assert "in 1 table (" in gateway("check", "scorpio").out


def test_every_file_of_the_folder_may_be_named(gateway: Gateway, root: Path) -> None:
    """As a shell spells `mappings/*.toml`: requests and examples are their table's."""
    files = sorted((root / "mappings").glob("payfield*.toml"))
    assert len(files) == 4
    ended = gateway("check", *files)
    assert ended.code == 0
    assert "in 1 table (" in ended.out


def test_all_problems_of_all_files_at_once(gateway: Gateway, tables: Path, edit: Edit) -> None:
    """A file that is no TOML does not hide what is wrong in the next one."""
    edit("scorpio.toml", "signature_invalid", "signature_invalidd")
    (tables / "broken.toml").write_text("dialect =\n")
    ended = gateway("check", tables)
    assert ended.code == 1
    assert f"{tables}/broken.toml:1:10: GW001" in ended.out
    assert 'did you mean "signature_invalid"?' in ended.out
    assert "in 2 of 2 tables (" in ended.out


def test_every_choice_of_an_option_is_proved(gateway: Gateway, edit: Edit, tables: Path) -> None:
    """What is wrong only under a choice that is not the default is found all the same."""
    edit("scorpio.toml", 'choices.minor.money = { unit = "minor" }', "choices.minor.money = { unit = 7 }")
    ended = gateway("check", tables)
    assert ended.code == 1
    assert "GW115" in ended.out


def test_examples_and_widths_belong_to_it(gateway: Gateway, edit: Edit, tables: Path) -> None:
    """An example that no longer holds and a line that is too wide are findings."""
    edit("scorpio.examples.toml", '"ERR_NOT_ENOUGH_MONEY"}', '"ERR_UNKNOWN"}')
    edit("scorpio.toml", 'dialect = "scorpio"', 'dialect = "scorpio"' + " " * 130)
    ended = gateway("check", tables)
    assert ended.code == 1
    assert "GW401" in ended.out
    assert "GW405" in ended.out


def test_a_table_without_examples(gateway: Gateway, tables: Path) -> None:
    """Examples are the documentation: their lack is a finding."""
    (tables / "scorpio.examples.toml").unlink()
    ended = gateway("check", tables)
    assert (ended.code, "GW403" in ended.out) == (1, True)


def test_an_unreadable_file_is_misuse(gateway: Gateway, tables: Path) -> None:
    """A folder that is named like a table cannot be read: 2, not a finding."""
    (tables / "acme.toml").mkdir()
    ended = gateway("check", tables / "acme.toml")
    assert ended.code == 2


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_formats_for_machines(gateway: Gateway, edit: Edit, tables: Path, form: str) -> None:
    """Only the report goes to stdout, and the exit code is the same."""
    edit("scorpio.toml", "signature_invalid", "signature_invalidd")
    ended = gateway("check", tables, "--format", form)
    assert ended.code == 1
    if form == "github":
        assert all(line.startswith("::error file=") for line in ended.out.splitlines())
    else:
        assert "GW104" in json.dumps(json.loads(ended.out))


def test_formats_of_nothing(gateway: Gateway, tables: Path) -> None:
    """A clean run is a valid report too."""
    assert json.loads(gateway("check", tables, "--format", "json").out) == {"problems": []}
    assert gateway("check", tables, "--format", "github").out == ""


def test_exit_codes() -> None:
    """0 clean, 1 findings, 2 unreadable, 3 warnings when they count."""
    error, warning = Problem("GW104", None, (), ""), Problem("GW104", None, (), "", warning=True)
    assert exit_code([]) == 0
    assert exit_code([warning]) == 0
    assert exit_code([warning], strict=True) == 3
    assert exit_code([warning, error], strict=True) == 1
    assert exit_code([error, Problem("GW002", None, (), "")]) == 2

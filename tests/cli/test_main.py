"""What holds for every command: registration, help, misuse, pipes, what is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import COMMANDS, FAMILIES
from tests.cli.conftest import Gateway

MINE = (
    "check", "test", "explain-error", "schema", "explain", "translate", "describe", "coverage", "loss", "version",
    "find", *(f"{word} {name}" for _, word, _, members in FAMILIES for name, _, _ in members),
)  # fmt: skip


def test_help_lists_every_command(gateway: Gateway) -> None:
    """One line for each, so that nobody has to read the source to find one."""
    ended = gateway("--help")
    assert ended.code == 0
    for _, where, line in COMMANDS:
        assert where.partition(":")[2].replace("_", "-") in ended.out
        assert line.split()[0] in ended.out
    for _, word, line, _ in FAMILIES:
        assert f"{word}: " in ended.out
        assert line in " ".join(ended.out.split())


@pytest.mark.parametrize("command", MINE)
def test_every_command_explains_itself(gateway: Gateway, command: str) -> None:
    """--help of a command names its usage and is no misuse."""
    ended = gateway(*command.split(), "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"gateway {command}" in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chek"], 'there is no command "chek": did you mean "check"?'),
        (["check", "--strickt"], "--strict"),
        (["check", "nowhere.toml"], "nowhere.toml: there is no such file or folder"),
        (["check", "--format", "xml"], "xml"),
        (["test", "acmee"], 'there is no dialect "acmee"'),
        (["coverage", "./no.toml"], "./no.toml: there is no such file"),
        (["loss"], "requires an argument"),
        (["find"], "requires an argument"),
        (["find", "t1"], "--config"),
        (["outbox", "resolve", "a::1", "--config", "x.toml", "--reason", "r"], "--as"),
        (["outbox", "lst"], "lst"),
        (["outbx"], 'there is no command "outbx": did you mean "outbox"?'),
        (["journal", "backup", "--config", "x.toml"], "requires an argument"),
        (["find", "t1", "--config", "missing.toml"], "missing.toml: there is no such settings file"),
        (["describe", "canonicle"], 'did you mean "canonical"?'),
        (["describe", "canonical", "--tables", "/nonexistent"], "--tables /nonexistent: there is no such folder"),
        (["describe", "canonical", "--option", "unit"], "--option unit: write it as --option name=value"),
        (["describe", "canonical", "--option", "unit=major"], 'has no option "unit"'),
        (["explain-error", "GW9999"], 'no complaint has the code "GW9999"'),
        (["explain", "canonical", "/nonexistent"], "/nonexistent: No such file or directory"),
        (["translate", "canonical", "."], ".: Is a directory"),
    ],
)
def test_misuse_is_one_sentence_and_exit_code_2(gateway: Gateway, arguments: list[str], says: str) -> None:
    """Nothing on stdout, no traceback, and the sentence says what to mend."""
    ended = gateway(*arguments)
    assert ended.code == 2
    assert says in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err


def test_a_real_process_says_the_same(process: Gateway) -> None:
    """`python -m gateway` has the same exit codes and streams."""
    assert process("check", "canonical").code in (0, 1)
    ended = process("chek")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == 'gateway: there is no command "chek": did you mean "check"?\n'


def test_piped_output_is_plain(process: Gateway) -> None:
    """No colour codes when nobody looks at a terminal, whatever TERM says."""
    ended = process("coverage", env={"TERM": "xterm-256color"})
    assert "\x1b" not in ended.out
    assert all(line == line.rstrip() for line in ended.out.splitlines())


def test_a_reader_that_has_seen_enough_is_no_error(root: Path) -> None:
    """`gateway schema | head -1` ends without a traceback."""
    command = f'"{sys.executable}" -m gateway schema | head -1'
    done = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout == "{\n"
    assert done.stderr == ""


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(root: Path, closed: str) -> None:
    """As under some supervisors: nothing is said, and the next file that is opened does not become one of them."""
    script = "import os; from gateway.cli import run; code = run(['version']); os._exit(code or os.open('/', 0) < 3)"
    command = f'"{sys.executable}" -c "{script}" {closed}'
    done = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


def test_a_terminal_of_few_characters_is_no_error(process: Gateway) -> None:
    """Where stdout knows ASCII only, texts are escaped and not refused."""
    ended = process("describe", "operations", env={"PYTHONIOENCODING": "ascii"})
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("command", ["check", "test", "describe outcomes", "coverage", "schema", "version"])
def test_table_tools_never_load_the_network(root: Path, command: str) -> None:
    """aiohttp and uvloop cost a quarter of a second that these commands do not need."""
    script = f"""
import sys
from gateway.cli import run
run({command.split()!r})
print(sorted({{"aiohttp", "uvloop", "apsw"}} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]"

"""Each made-up table is as sound as a shipped one: `check --strict`, `test`, `describe`, `coverage`, the schema."""

import pytest

from gateway.cli import run
from tests.madeup.stage import FOLDER, NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", [["check", "--strict"], ["test"], ["describe"]])
def test_a_command_about_it(name: str, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """No complaint and no warning, two data files and no Python."""
    assert run([*command, str(FOLDER / f"{name}.toml")]) == 0
    assert capsys.readouterr().err == ""
    assert {path.name for path in FOLDER.glob(f"{name}.*")} == {f"{name}.toml", f"{name}.examples.toml"}


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever an operation can hear is shown."""
    assert run(["coverage", name, "--tables", str(FOLDER)]) == 0
    assert "100 %" in capsys.readouterr().out.splitlines()[0]

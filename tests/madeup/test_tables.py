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


def test_the_page_of_a_batch_says_how_long_its_list_may_be(capsys: pytest.CaptureFixture[str]) -> None:
    """For whoever sends it: where the list stands, how many, and what follows a failure."""
    for option, after in (("go_on", "is tried, but for what may build on it"), ("stop", "is not tried")):
        assert run(["describe", str(FOLDER / "shoal.toml"), "--option", f"after_failure={option}"]) == 0
        page = " ".join(capsys.readouterr().out.split())
        assert "a list of 1 to 20 items at body.transactions" in page
        assert f"what follows one that failed {after}." in page

"""`gateway new`: what it writes compiles, its examples hold, and what was guessed is a work list."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import run
from gateway.dialect.conversations import Conversations
from gateway.dialect.shelf import Shelf
from gateway.dialect.source import Source
from gateway.dialect.todos import todo_problems

BET = {"token": "s", "userId": 17, "txId": "x", "roundId": "r", "gameCode": "g", "bet": 1.5, "currency": "EUR"}
FLAGGED = {
    "command": "bet",
    "playerId": "u",
    "currencyCode": "EUR",
    "transactionId": "x",
    "betAmount": 2.5,
    "isFree": False,
}
WIN = {
    "type": "credit",
    "data": {"user": "u", "transaction_id": "x", "refTransactionId": "b", "sum": "12.50", "ts": 1713792000, "odd": 1},
}
FORM = "action=rollback&token=t&transaction_id=5&ref=4"
HTTP = 'POST /api/cb/withdraw HTTP/1.1\nX-Hub-Signature: abc\n\n{"user":"u","amount":5,"transaction_uuid":"a"}'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begun(folder: Path, sample: str) -> Any:
    """The Dialect of a table that was begun from *sample*; table and examples have no complaint."""
    (folder / "sample.txt").write_text(sample)
    assert run(["new", "acme", "--from-sample", "sample.txt"]) == 0
    shelf = Shelf(folder)
    assert Conversations.load(shelf, "acme").run() == []
    assert run(["check", "acme.toml"]) == 0
    assert run(["check", "--strict", "acme.toml"]) == 3
    return shelf.dialect("acme")


def places(form: Any) -> dict[str, str]:
    """Our fields by their places."""
    return {each.name: str(each.places[0]) for each in form.fields}


def test_a_bet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids, player, money and currency are recognised; a number stays a number."""
    dialect = begun(folder, json.dumps(BET))
    form = dialect.variants["bet"]
    assert places(form) == {
        "session": "body.token",
        "player": "body.userId",
        "transaction": "body.txId",
        "round": "body.roundId",
        "game": "body.gameCode",
        "amount": "body.bet",
        "currency": "body.currency",
    }
    assert dialect.tree.get("money", "form") == "number"
    assert dialect.tree.get("operations", "bet", "integers") == ["player"]
    assert "is this what the sample asks for?" in capsys.readouterr().out


def test_a_bet_with_a_flag_and_its_own_word_for_the_amount(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """betAmount is the amount; a table that demands a flag has a page, and so has one whose amount is still missing."""
    form = begun(folder, json.dumps(FLAGGED)).variants["bet"]
    assert places(form)["amount"] == "body.betAmount"
    assert run(["describe", "acme.toml"]) == 0
    (folder / "less.txt").write_text(json.dumps({**FLAGGED, "betAmount": None}))
    assert run(["new", "less", "--from-sample", "less.txt"]) == 0
    assert run(["describe", "less.toml"]) == 0
    assert "Signature of requests" in capsys.readouterr().out


def test_a_win_in_a_nested_body(folder: Path) -> None:
    """A discriminator chooses the operation; text money, unix time, a reference, an unknown field are seen."""
    dialect = begun(folder, json.dumps(WIN))
    form = dialect.variants["win"]
    assert [(str(place), literals) for place, literals in form.when] == [("body.type", ("credit",))]
    assert places(form)["reference"] == "body.data.refTransactionId"
    assert places(form)["amount"] == "body.data.sum"
    assert dialect.tree.get("money", "form") == "text"
    assert dialect.tree.get("time", "form") == "unix_s"
    assert "# TODO body.data.odd: what is it?" in (folder / "acme.toml").read_text()


def test_a_rollback_in_a_form(folder: Path) -> None:
    """A form body; the currency is remembered by the session."""
    dialect = begun(folder, FORM)
    form = dialect.variants["rollback"]
    assert form.codec == "form"
    assert form.recall == {"currency": "session"}


def test_a_whole_message(folder: Path) -> None:
    """The path names the operation, the header the place of the signature."""
    dialect = begun(folder, HTTP)
    assert dialect.variants["bet"].path == "/withdraw"
    assert str(dialect.request_recipes[None].at) == "header.X-Hub-Signature"


def test_every_guess_is_a_todo(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The work list has the same lines as the table's TODOs, and `check` warns of each."""
    assert run(["new", "acme"]) == 0
    said = capsys.readouterr().out
    work = todo_problems(Source.read(folder / "acme.toml"))
    assert len(work) == (folder / "acme.toml").read_text().count("TODO")
    assert f"{len(work)} things to do in acme.toml" in said
    for problem in work:
        assert problem.place is not None
        assert f"line {problem.place.line:>3}  {problem.says.removeprefix('to do: ')}" in said
    assert run(["check", "acme.toml"]) == 0
    assert capsys.readouterr().out.count("GW407 warning") == len(work)


def test_a_task_ends_with_its_string_and_keeps_its_brackets(folder: Path) -> None:
    """A TODO within quotes ends with them; in a comment it is the rest of the line, a closing bracket included."""
    (folder / "acme.toml").write_text('source = ["TODO: the address"]  # by mail\nx = 1  # TODO: see [codes]\n')
    says = [problem.says for problem in todo_problems(Source.read(folder / "acme.toml"))]
    assert says == ["to do: the address", "to do: see [codes]"]


@pytest.mark.parametrize("parent", ["155io", "evenbet", "scorpio"])
def test_like_another(folder: Path, parent: str) -> None:
    """A variant is short, compiles, and its examples are the parent's, which hold."""
    assert run(["new", "acme", "--like", parent]) == 0
    shelf = Shelf(folder)
    assert Conversations.load(shelf, "acme").run() == []
    assert shelf.dialect("acme").variants.keys() == shelf.dialect(parent).variants.keys()
    assert len((folder / "acme.toml").read_text().splitlines()) <= 30


def test_the_three_next_commands_work(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed under "next" can be typed as it stands."""
    assert run(["new", "acme"]) == 0
    lines = capsys.readouterr().out.partition("next:\n")[2].split("\n")
    commands = [line.split() for line in lines if line.strip()]
    assert len(commands) == 3
    for command in commands:
        assert command[0] == "gateway"
        assert run(command[1:]) == 0, command


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["Acme"], "is not a name for a dialect"),
        (["acme", "--from-sample", "missing.json"], "missing.json"),
        (["acme", "--from-sample", "list.json"], "list.json"),
        (["acme", "--like", "155i"], 'did you mean "155io"?'),
        (["acme", "--like", "155io", "--from-sample", "list.json"], "choose one"),
        (["acme", "--tables", "nowhere"], "nowhere"),
        (["taken"], "taken.toml is there already"),
    ],
)
def test_misuse(folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    """Exit code 2, one reason, and no file."""
    (folder / "list.json").write_text("[1]")
    (folder / "taken.toml").write_text("mine")
    assert run(["new", *words]) == 2
    assert says in capsys.readouterr().err
    assert {path.name for path in folder.iterdir()} == {"list.json", "taken.toml"}
    assert (folder / "taken.toml").read_text() == "mine"

"""`gateway wallet`: promises withdrawn, books in a file, seconds, and what it says of each."""

import json
import signal
import sqlite3
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from gateway.sandbox.moods import Mood
from gateway.sandbox.schema import STEPS
from tests.cli.process import Running, gateway


def fetched(url: str, body: Any = None) -> Any:
    """JSON from an admin call; POST when there is a body."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as answer:
        return json.loads(answer.read())


def started(folder: Path, *words: str) -> tuple[Running, str]:
    """A running wallet that has said everything, and its URL."""
    running = Running("wallet", "--listen", "127.0.0.1:0", *words, cwd=folder)
    running.until("Ctrl+C stops it")
    return running, running.lines[0].split()[3].rstrip(",")


def test_promises_are_withdrawn_and_said(tmp_path: Path) -> None:
    """Each by an option of its own; the others are kept, and a sentence says what is not."""
    running, url = started(tmp_path, "--without", "status", "--without", "idempotent")
    with running:
        assert "promises kept: tombstones, references" in running.lines
        assert "without status: There is no status call" in running.lines
        assert any(line.startswith("without idempotent: A repeated key is judged") for line in running.lines)
        assert fetched(f"{url}/sandbox/moods")["promises"] == ["references", "tombstones"]


def test_all_promises_are_kept_unless_told(tmp_path: Path) -> None:
    """Said too, without a word about the withdrawn."""
    running, _ = started(tmp_path)
    with running:
        assert "promises kept: idempotent, tombstones, status, references" in running.lines
        assert not any(line.startswith("without") for line in running.lines)


def test_what_it_says_to_type_works(tmp_path: Path) -> None:
    """The admin bodies that it prints, as they are."""
    running, url = started(tmp_path)
    with running:
        bodies = [line.partition(" -d ")[2].strip("'") for line in running.lines if "/sandbox/moods -d" in line]
        assert len(bodies) == 3
        for body in bodies:
            fetched(f"{url}/sandbox/moods", json.loads(body))
        assert fetched(f"{url}/sandbox/moods")["settings"][0]["seed"] == 7


def test_books_in_a_file_go_on(tmp_path: Path) -> None:
    """Stopped and started, the player owns what it owned; a new file starts with 100.00."""
    words = ("--books", "books.db", "--fsync")
    running, url = started(tmp_path, *words)
    with running:
        assert running.lines[1].startswith("player 1001 has 100.00 EUR")
        fetched(f"{url}/sandbox/players", {"player": "1001", "currency": "EUR", "balance": "12.34"})
        assert running.stop(signal.SIGTERM) == 0
    running, _ = started(tmp_path, *words)
    with running:
        assert running.lines[1].startswith("player 1001 has 12.34 EUR")


def test_the_moods_are_listed(tmp_path: Path) -> None:
    """One line each, with its sentence."""
    code, out, _ = gateway("wallet", "--moods", cwd=tmp_path)
    assert code == 0
    assert [line.split(maxsplit=1) for line in out.splitlines()] == [[mood.value, mood.sentence] for mood in Mood]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--without", "idempotnt"], '--without: there is no promise "idempotnt": did you mean "idempotent"?'),
        (["--without", "hope"], "one of idempotent, tombstones, status, references"),
        (["--mood", "xyz"], '--mood: there is no mood "xyz"'),
        (["--seconds", "-1"], "--seconds: a number of 0 or more"),
        (["--seconds", "nan"], "--seconds: a number of 0 or more"),
        (["--books", "nowhere/books.db"], "--books nowhere/books.db: unable to open database file"),
        (["--books", "text.db"], "--books text.db: file is not a database"),
        (["--books", "newer.db"], "--books newer.db: the books are of version"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_misuse(tmp_path: Path, words: list[str], says: str) -> None:
    """Exit code 2 and one sentence that names the option."""
    (tmp_path / "text.db").write_text(
        "no database at all, but long enough to be looked at as one, a hundred bytes\n" * 9
    )
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    newer.close()
    code, out, err = gateway("wallet", *words, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err

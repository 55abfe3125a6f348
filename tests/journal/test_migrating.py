"""The numbered steps of a schema: complete, in order, and honest about who can still read what they leave."""

from pathlib import Path

import pytest

from gateway.journal import migrating
from gateway.journal.migrating import Step, missing, steps
from gateway.journal.wishes import JournalRefused

KNOWN = (Step(1, "journal", 1, ""), Step(2, "more", 1, ""), Step(3, "less", 2, ""))


def test_the_shipped_steps_are_in_order() -> None:
    """From the first on; each can be read by a program that knows it."""
    shipped = steps("sqlite")
    assert [step.number for step in shipped] == list(range(1, len(shipped) + 1))
    assert all(1 <= step.readable_from <= step.number for step in shipped)


def test_what_a_file_lacks() -> None:
    """All, some or none."""
    assert missing(KNOWN, {}, "j.db") == KNOWN
    assert [step.number for step in missing(KNOWN, {1: 1}, "j.db")] == [2, 3]
    assert missing(KNOWN, {1: 1, 2: 1, 3: 2}, "j.db") == ()


def test_a_file_that_was_only_expanded_can_be_read_by_the_program_before() -> None:
    """So a release can be taken back; a contracted one cannot, and the complaint says what to do."""
    assert missing(KNOWN[:2], {1: 1, 2: 1, 3: 2}, "j.db") == ()
    with pytest.raises(JournalRefused, match=r"j\.db was written by a newer gateway.*step 2.*knows 1.*newer version"):
        missing(KNOWN[:1], {1: 1, 2: 1, 3: 2}, "j.db")


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"0002_b.sql": "-- readable from 1\n"}, r"not numbered 1, 2, 3, \.\.\.: \[2\]"),
        ({"0001_a.sql": "-- readable from 1\n", "0003_b.sql": "-- readable from 1\n"}, "not numbered"),
        ({"0001_a.sql": "CREATE TABLE a (b);\n"}, "the first line must be"),
        ({"readme.txt": ""}, r"not numbered 1, 2, 3, \.\.\.: \[\]"),
    ],
)
def test_steps_that_are_not_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], complaint: str
) -> None:
    """A mistake of ours is told when the program starts, not when the file is damaged."""
    folder = tmp_path / "schema" / "store"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(migrating, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=complaint):
        steps("store")

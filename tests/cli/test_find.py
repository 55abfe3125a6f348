"""`gateway find`: whatever id is at hand, everything about it, while a gateway serves the journal or none does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.process import gateway
from tests.cli.served import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One gateway for this file; each test has transactions of its own."""
    with Served(tmp_path_factory.mktemp("served")) as one:
        yield one


def events(row: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    """A row's history, of each note what and these facts."""
    return [(note["what"], *(note["facts"].get(name) for name in names)) for note in row["history"]]


def test_a_bet_whose_wallet_was_silent_shows_every_attempt(served: Served) -> None:
    """The call, what the provider was told and that it arrived, each question of ours; then how it ended."""
    served.mood("silent")
    try:
        assert served.send("bet", "silent-1", amount="2.50", round="r-silent") == "unknown"
        asked = served.until("silent-1", lambda row: row["tries"] >= 2)
    finally:
        served.mood(None)
    assert (asked["state"], asked["step"], asked["told"], asked["parked"]) == ("unknown", "ask", ["retries"], None)
    assert asked["call"]["amount"] == "2.50"
    told = [event for event in events(asked, "flight", "heard", "code", "in_time", "late") if event[0] != "lease"]
    assert told[:4] == [
        ("claim", "call", None, None, None, None),
        ("record", None, "silence", "900", None, None),
        ("told", None, None, None, True, None),
        ("record", None, "unknown", None, None, True),
    ]
    steps = [event for event in events(asked, "step", "untried") if event[0] in ("lease", "settle")]
    assert steps[:4] == [("lease", "ask", None), ("settle", None, None)] * 2
    times = [note["time"] for note in asked["history"]]
    assert times == sorted(times)
    # The sandbox's silent wallet never took it: once it speaks, the question has an answer, and the bet may come again.
    settled = served.until("silent-1", lambda row: row["step"] is None)
    assert (settled["state"], settled["history"][-1]["what"]) == ("open", "settle")


def test_every_name_of_a_transaction_leads_to_it(served: Served) -> None:
    """The provider's id, our key, and the key under which the wallet was asked to undo it."""
    served.send("bet", "names-1", amount="1.00", round="r-names")
    for name in ("names-1", "acme::names-1", "rev:acme::names-1", "rev2:acme::names-1"):
        assert [row["key"] for row in served.found(name)] == ["acme::names-1"], name


def test_what_has_to_do_with_it_is_shown_with_it(served: Served) -> None:
    """Of a bet its rollback, of a bet its win, and the other way round; another bet of the round is not."""
    served.send("bet", "undone-1", amount="1.00", round="r-undone")
    served.send("bet", "undone-2", amount="1.00", round="r-undone")
    served.send("rollback", "undo-1", amount="1.00", round="r-undone", reference="undone-1")
    assert {row["key"]: row["state"] for row in served.found("undone-1")} == {
        "acme::undone-1": "reversed",
        "acme::undo-1": "applied",
    }
    assert [row["transaction"] for row in served.found("undo-1")] == ["undo-1", "undone-1"]
    served.send("bet", "paid-1", amount="1.00", round="r-paid")
    served.send("win", "pay-1", amount="3.00", round="r-paid")
    assert [row["transaction"] for row in served.found("paid-1")] == ["paid-1", "pay-1"]
    assert [row["transaction"] for row in served.found("pay-1")] == ["pay-1", "paid-1"]


def test_for_people_it_says_both_sides_in_words(served: Served) -> None:
    """Plain when piped: what it is, what the wallet said, what the provider was told and when, what comes next."""
    served.send("bet", "words-1", amount="1.50", round="r-words")
    served.until("words-1", lambda row: row["told"] == ["done"])
    code, out, err = served.run("find", "words-1", TERM="xterm-256color")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    for part in (
        "bet words-1: applied\n====",
        "money             1.50 EUR",
        "wallet's side     applied: it applied it; its answer came to ok, its id w-",
        "wallet's keys     acme::words-1; to undo it: rev:acme::words-1",
        "which means: applied; confirmed, 20",
        "next              nothing",
        "claim    for the call itself",
        "told     the answer arrived in time: applied",
    ):
        assert part in out, (part, out)


def test_what_is_not_there_is_said_so(served: Served) -> None:
    """Exit code 1, one sentence; JSON has an empty list."""
    assert served.run("find", "nowhere") == (1, "", "gateway: the journal knows nothing of nowhere\n")
    assert served.found("nowhere") == []


def test_it_works_when_nobody_serves_and_leaves_nothing_behind(served: Served) -> None:
    """The same rows as before the gateway stopped; no lock, and the file can be served again."""
    served.send("bet", "later-1", amount="1.00", round="r-later")
    before = served.until("later-1", lambda row: row["telling"] is None)
    served.stop()
    try:
        assert served.found("later-1") == [before]
        left = {path.name for path in served.folder.glob("journal.db*")}
        assert left <= {"journal.db", "journal.db.lock"}
    finally:
        served.start()
    assert served.send("bet", "later-1", amount="1.00", round="r-later") in ("ok", "already_done")


def test_a_callbacks_line_says_what_its_claim_found(served: Served) -> None:
    """`claim` and the row's `state` after: a first bet, and its repeat."""
    served.send("bet", "lines-1", amount="1.00", round="r-lines")
    served.send("bet", "lines-1", amount="1.00", round="r-lines")
    served.send("balance", "none")
    lines = [line for line in served.stop() if line["event"] == "callback"]
    served.start()
    said = [(line["operation"], line.get("claim"), line.get("state")) for line in lines[-3:]]
    assert said == [("bet", "ours", "applied"), ("bet", "known", "applied"), ("balance", None, None)]


def test_a_journal_that_cannot_be_looked_into_is_explained(served: Served, tmp_path: Path) -> None:
    """No file, or no journal: a finding, and nothing is made. A journal in memory: misuse."""
    code, out, err = served.run("find", "x", GATEWAY_JOURNAL__URL=f"sqlite://{tmp_path}/none.db")
    assert (code, out) == (1, "")
    assert f"{tmp_path}/none.db: no such file" in err
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("no journal at all, but long enough to be read as one " * 20)
    code, out, err = served.run("find", "x", GATEWAY_JOURNAL__URL=f"sqlite://{tmp_path}/text.db")
    assert (code, out) == (1, "")
    assert "text.db cannot be read as a journal" in err
    code, out, err = served.run("find", "x", GATEWAY_JOURNAL__DURABILITY="off")
    assert (code, out) == (2, "")
    assert "there is nothing to look into" in err


def test_a_process_says_the_same(served: Served) -> None:
    """`python -m gateway find`, as a shell runs it."""
    words = ("find", "first", "--config", "gateway.toml")
    code, out, err = gateway(*words, cwd=served.folder, env=served.house.env)
    assert (code, err) == (0, "")
    assert out == served.run("find", "first")[1]

"""`find`, `outbox` and `journal` over a journal in PostgreSQL, beside a gateway that serves it."""

import asyncio
import json
from collections.abc import Iterator

import pytest

pytest.importorskip("asyncpg", reason="needs the extra postgres")

from tests.cli.served import Served
from tests.journal.postgres_server import fresh_database


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One gateway for this file."""
    url = asyncio.run(fresh_database(empty=True))
    with Served(tmp_path_factory.mktemp("served"), GATEWAY_JOURNAL__URL=url) as one:
        yield one


def test_a_parked_row_is_found_listed_resolved_and_audited(served: Served) -> None:
    """The same words, exit codes and second hand as over SQLite."""
    assert served.send("bet", "p-bet", amount="900000.00", round="p") == "insufficient_funds"
    served.send("win", "p", amount="3.00", round="p")
    row = served.until("p", lambda row: row["parked"] is not None and row["telling"] is None)
    assert [one["key"] for one in served.found("p")] == ["acme::p", "acme::p-bet"]
    code, out, _ = served.run("outbox", "list", "--json")
    assert code == 1
    assert [(one["key"], one["parked"]) for one in json.loads(out)["rows"]] == [("acme::p", row["parked"])]
    words = ("outbox", "resolve", "acme::p", "--as", "declined", "--reason", "the bet never was")
    assert served.run(*words, "--confirm", "q")[0] == 2
    code, out, err = served.run(*words, "--confirm", "p", "--who", "ann@desk")
    assert (code, err) == (0, "")
    assert out == "acme::p: resolved as declined; the wallet's side is declined, next: nothing\n"
    assert served.run("outbox", "list")[:2] == (0, "Nothing is to be done.\n")
    (audit,) = json.loads(served.run("outbox", "audit", "--json")[1])
    assert (audit["who"], audit["action"], audit["key"]) == ("ann@desk", "resolve declined", "acme::p")
    assert served.run("journal", "check") == (0, "sound\n", "")


def test_what_is_not_there_or_not_for_it(served: Served) -> None:
    """Nothing found is a finding; its own tools make the copies; pruning drops nothing that is young."""
    assert served.run("find", "nowhere") == (1, "", "gateway: the journal knows nothing of nowhere\n")
    code, out, err = served.run("journal", "backup", "copy.db")
    assert (code, out) == (2, "")
    assert "pg_dump" in err
    for words in (("journal", "prune", "--dry-run"), ("journal", "prune")):
        code, out, err = served.run(*words)
        assert (code, err) == (0, "")
        assert out.endswith(": 0 operations, 0 sessions, 0 hashes\n")


def test_a_server_that_is_not_there_is_a_finding(served: Served) -> None:
    """One sentence, no traceback, and no password in it."""
    env = {"GATEWAY_JOURNAL__URL": "postgresql://127.0.0.1:1/journal"}
    code, out, err = served.run("find", "x", **env)
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1


def test_metrics_follow_the_journal(served: Served) -> None:
    """The gauges are there, of what the database counts."""
    served.send("bet", "m-1", amount="1.00", round="m")
    served.until("m-1", lambda _: 'gateway_journal_rows{state="applied"} 0.0' not in served.page("/metrics"))
    assert "gateway_journal_unavailable 0.0" in served.page("/metrics")

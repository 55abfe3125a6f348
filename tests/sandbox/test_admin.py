"""The admin calls: players, moods, the books, and what the wallet was asked."""

from typing import Any

import pytest

from gateway.sandbox.call_log import LATEST
from gateway.sandbox.moods import Mood
from gateway.wire.message import Request


async def test_a_player_opened_by_an_admin_call_can_play(line: Any) -> None:
    """Amounts as decimal texts, tokens and limits included."""
    body = {"player": "bob", "currency": "IQD", "balance": "1.250", "bet_limit": "1", "session": "s", "blocked": False}
    assert await line.admin("POST", "/sandbox/players", body) == (
        200,
        {"player": "bob", "currency": "IQD", "balance": "1.250"},
    )
    assert (
        await line("bet", "b1", player="bob", session="s", currency="IQD", amount="1.001")
    ).outcome == "limit_exceeded"
    assert (await line("bet", "b2", player="bob", session="s", currency="IQD", amount="0.001")).outcome == "ok"


async def test_a_mood_for_one_player_and_one_operation(line: Any) -> None:
    """Others are served; the mood ends with its count, or when moods are deleted."""
    line.server.wallet.open_player("bob", "EUR", 100)
    body = {"mood": "http_500", "player": "bob", "operation": "bet", "count": 1}
    assert (await line.admin("POST", "/sandbox/moods", body))[0] == 200
    assert (await line("bet", "b1", amount="1")).outcome == "ok"
    assert (await line("balance", player="bob")).outcome == "ok"
    assert (await line("bet", "b2", player="bob", amount="1")).outcome == "unknown"
    assert (await line("bet", "b2", player="bob", amount="1")).outcome == "ok"
    await line.admin("POST", "/sandbox/moods", {"mood": "garbage"})
    assert (await line("balance")).outcome == "unknown"
    await line.admin("DELETE", "/sandbox/moods")
    assert (await line("balance")).outcome == "ok"


async def test_a_mood_finds_its_player_by_session_and_by_reference(line: Any) -> None:
    """Calls that name nobody belong to somebody all the same."""
    line.server.wallet.open_player("ann", "EUR", 100, session="s")
    await line("bet", "b1", amount="1")
    line.server.moods.set(Mood.HTTP_500, player="ann")
    assert (await line("bet", "b2", player=None, session="s", amount="1")).outcome == "unknown"
    assert (await line("rollback", "x1", player=None, reference=("b1",))).outcome == "unknown"


async def test_the_moods_are_explained(line: Any) -> None:
    """Every mood with its sentence and what it books, and what is in force."""
    status, shown = await line.admin("GET", "/sandbox/moods")
    assert status == 200
    assert set(shown["moods"]) == {mood.value for mood in Mood}
    assert shown["moods"]["silent"] == {"books": False, "sentence": Mood.SILENT.sentence}
    nobody = {"player": None, "operation": None, "left": None, "seconds": None}
    assert shown["settings"] == [{"mood": "well", **nobody}]
    assert shown["pending"] == 0
    assert shown["promises"] == ["idempotent", "references", "status", "tombstones"]


async def test_a_mix_is_set_and_shown(line: Any) -> None:
    """Weights may be fractions; two wallets with one seed draw the same for the same calls; DELETE ends it."""
    heard = []
    for _ in range(2):
        mix = {"well": 0.75, "garbage": 1}
        body = {"mix": mix, "seed": 7, "operation": "balance", "count": 12}
        assert await line.admin("POST", "/sandbox/moods", body) == (200, {"mix": mix, "seed": 7})
        shown = (await line.admin("GET", "/sandbox/moods"))[1]["settings"]
        assert {**mix, "well": 0.75} == shown[1]["mix"]
        assert (shown[1]["seed"], shown[1]["operation"], shown[1]["left"]) == (7, "balance", 12)
        heard.append([(await line("balance")).outcome.value for _ in range(12)])
    assert heard[0] == heard[1]
    assert {*heard[0]} == {"ok", "unknown"}
    await line.admin("POST", "/sandbox/moods", {"mix": {"garbage": 1}, "seed": 1})
    await line.admin("DELETE", "/sandbox/moods")
    assert (await line("balance")).outcome == "ok"


async def test_the_books_and_the_calls_are_shown(line: Any) -> None:
    """The ledger with its audit; each method, path and key with its count, moods and outcomes; deleting forgets."""
    for _ in range(2):
        await line("bet", "b1", amount="10")
    line.server.moods.set(Mood.HTTP_500)
    await line("bet", "b2", amount="10")
    ledger = (await line.admin("GET", "/sandbox/ledger"))[1]
    assert {"player": "ann", "account": "balance", "currency": "EUR", "balance": "90.00"} in ledger["players"]
    assert ledger["audit"] == []
    assert (await line.admin("GET", "/sandbox/calls"))[1]["calls"] == [
        {
            "method": "POST", "path": "/bet", "key": "b1", "count": 2,
            "moods": ["well", "well"], "outcomes": ["ok", "already_done"], "landed": [],
        },
        {
            "method": "POST", "path": "/bet", "key": "b2", "count": 1,
            "moods": ["http_500"], "outcomes": [""], "landed": [],
        },
    ]  # fmt: skip
    await line.admin("DELETE", "/sandbox/calls")
    assert line.server.calls.lines() == []


async def test_what_is_remembered_of_the_calls_is_bounded(line: Any) -> None:
    """Every call without a key counts on one line; of its moods and outcomes the newest are kept."""
    for _ in range(LATEST + 5):
        line.server.calls.note(Request("POST", "/balance"), None, Mood.WELL, None)
    line.server.calls.note(Request("POST", "/balance"), None, Mood.SLOW, None)
    (one,) = line.server.calls.lines()
    assert one["count"] == LATEST + 6
    assert len(one["moods"]) == len(one["outcomes"]) == LATEST
    assert one["moods"][-2:] == ["well", "slow"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/moods", {"mood": "cheerful"}),
        ("/sandbox/moods", {}),
        ("/sandbox/moods", {"mood": "slow", "operation": "dance"}),
        ("/sandbox/moods", {"mood": "slow", "count": 0}),
        ("/sandbox/moods", {"mood": "slow", "count": "3"}),
        ("/sandbox/moods", ["slow"]),
        ("/sandbox/moods", {"mood": "slow", "count": 1.5}),
        ("/sandbox/moods", {"mood": "slow", "player": 7}),
        ("/sandbox/moods", {"mood": "slow", "seconds": "1"}),
        ("/sandbox/moods", {"mood": "slow", "seconds": -1}),
        ("/sandbox/moods", {"mood": "slow", "secnds": 1}),
        ("/sandbox/moods", {"mood": "slow", "seed": 1}),
        ("/sandbox/moods", {"mood": "slow", "mix": {"slow": 1}, "seed": 1}),
        ("/sandbox/moods", {"mix": {"slow": 1}}),
        ("/sandbox/moods", {"mix": {"slow": 1}, "seed": "7"}),
        ("/sandbox/moods", {"mix": {"slow": 1}, "seed": True}),
        ("/sandbox/moods", {"mix": ["slow"], "seed": 7}),
        ("/sandbox/moods", {"mix": {"slow": "1"}, "seed": 7}),
        ("/sandbox/moods", {"mix": {"slow": -1}, "seed": 7}),
        ("/sandbox/moods", {"mix": {"slow": 0}, "seed": 7}),
        ("/sandbox/moods", {"mix": {"cheerful": 1}, "seed": 7}),
        ("/sandbox/players", {"player": "bob"}),
        ("/sandbox/players", {"player": "bob", "currency": "QQQ"}),
        ("/sandbox/players", {"player": "bob", "currency": "EUR", "balance": "1.001"}),
        ("/sandbox/players", {"player": "bob", "currency": "EUR", "balance": "much"}),
        ("/sandbox/players", {"player": "bob", "currency": "EUR", "colour": "red"}),
        ("/sandbox/players", {"player": 7, "currency": "EUR"}),
        ("/sandbox/players", {"player": "bob", "currency": "EUR", "session": 7}),
    ],
)
async def test_what_an_admin_cannot_mean_is_refused(line: Any, path: str, body: Any) -> None:
    """400 with the reason, and nothing changed."""
    status, answer = await line.admin("POST", path, body)
    assert status == 400, answer
    assert answer["error"]
    assert line.server.wallet.ledger.player("bob") is None
    assert [setting.mood for setting in line.server.moods.settings()] == [Mood.WELL]


async def test_other_doors(line: Any) -> None:
    """Unknown admin path 404, wrong method 405, each naming what there is."""
    assert (await line.admin("GET", "/sandbox/secrets"))[0] == 404
    assert (await line.admin("DELETE", "/sandbox/ledger"))[0] == 405

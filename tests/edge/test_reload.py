"""Settings, tables and secrets read again while callbacks are served: one swap, nothing lost, what is bad stays out."""

import asyncio
import hashlib
import os
import re
import shutil
import signal
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli import run
from gateway.dialect.problems import Refused
from gateway.dialect.shelf import shipped
from gateway.edge import reload as reloading
from gateway.edge import watching
from gateway.edge.preparing import prepare
from gateway.edge.settings import load
from gateway.sandbox.moods import Mood
from tests.edge.test_app import DIALECTS, House, Served


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The tables of the three providers, in a folder of their own."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name in DIALECTS.values():
        for path in shipped().glob(f"{name}.*"):
            shutil.copy(path, folder)
    return folder


@pytest.fixture
def house(tmp_path: Path, own: Path) -> House:
    """Settings whose providers look there first."""
    return House(tmp_path, "canonical", own)


def rewrite(path: Path, old: str, new: str) -> None:
    """Another text in a file, which is replaced as editors do."""
    text = path.read_text("utf-8")
    assert old in text
    fresh = path.with_suffix(".new")
    fresh.write_text(text.replace(old, new), "utf-8")
    os.replace(fresh, path)


async def reload(served: Served) -> tuple[int, str]:
    """POST /-/reload."""
    async with served.client.post(f"{served.admin}/-/reload") as answer:
        return answer.status, await answer.text()


async def metric(served: Served, name: str) -> dict[str, float]:
    """Every series of that name, by its labels."""
    async with served.client.get(f"{served.admin}/metrics") as answer:
        found = re.findall(rf"(?m)^{name}(?:\{{(.*)\}})? (\S+)$", await answer.text())
    return {labels: float(value) for labels, value in found}


async def said(served: Served, name: str, **facts: Any) -> tuple[Outcome, dict[str, Any]]:
    """What a bet of that provider hears."""
    caller = served.callers[name]
    got = await caller.send(caller.call(Operation.BET, **{"amount": Decimal("1.00"), **facts}))
    return got.reply.outcome, orjson.loads(got.response.body) if got.response else {}


async def test_a_changed_table_is_served_and_told_row_by_row(house: House, own: Path) -> None:
    """The answer is another one; POST and log name the rows that are; the gauge names the table by its SHA-256."""
    async with Served(house) as served:
        assert (await said(served, "slots"))[1]["statusCode"] == "OK"
        assert await reload(served) == (200, "nothing has changed\n")
        rewrite(own / "scorpio.toml", '"OK"', '"FINE"')
        status, text = await reload(served)
        assert status == 200
        assert "scorpio: codes.ok: " in text
        assert "OK -> " in text
        assert not [line for line in text.splitlines() if not line.startswith("scorpio: ")]
        assert (await said(served, "slots"))[1]["statusCode"] == "FINE"
        assert [line["changes"] for line in served.lines("reloaded")] == [[], text.splitlines()]
        info = await metric(served, "gateway_mapping_info")
        digest = hashlib.sha256((own / "scorpio.toml").read_bytes()).hexdigest()
        assert [labels for labels in info if 'dialect="scorpio"' in labels and f'sha256="{digest}"' in labels]
        assert len([labels for labels in info if 'dialect="scorpio"' in labels]) == 1
        assert await metric(served, "gateway_config_last_reload_successful") == {"": 1.0}


async def test_a_bad_table_keeps_the_old_one_and_complains_as_check_does(
    house: House, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of that dialect; another one that is sound is served. 400 with check's own words, and the gauge is 0."""
    async with Served(house) as served:
        rewrite(own / "scorpio.toml", '"OK"', '"FINE"')
        rewrite(own / "evenbet.toml", "player_blocked", "player_blokked")
        assert run(["check", str(own / "evenbet.toml")]) == 1
        complaints = capsys.readouterr().out.splitlines()[:-1]
        status, text = await reload(served)
        assert status == 400
        told = [line for line in text.splitlines() if "own/evenbet.toml:" in line]
        assert told
        assert {*told} <= {*complaints}  # under the options that are chosen; check tries every other one too
        assert "as before: acme" in text
        assert (await said(served, "acme"))[0] is Outcome.OK
        assert (await said(served, "slots"))[1]["statusCode"] == "FINE"
        assert await metric(served, "gateway_config_last_reload_successful") == {"": 0.0}
        (refused,) = served.lines("reload refused")
        assert refused["level"] == "error"
        assert any("evenbet.toml" in line and "GW" in line for line in refused["complaints"])
        at = await metric(served, "gateway_config_last_reload_success_timestamp_seconds")
        shutil.copy(shipped() / "evenbet.toml", own)
        assert (await reload(served))[0] == 200
        assert await metric(served, "gateway_config_last_reload_successful") == {"": 1.0}
        assert (await metric(served, "gateway_config_last_reload_success_timestamp_seconds"))[""] > at[""]


async def test_a_callback_at_work_ends_on_the_table_that_it_began_with(
    house: House, own: Path, eventually: Any
) -> None:
    """The wallet is slow; meanwhile the words are others."""
    async with Served(house) as served:
        served.wallet.moods.set(Mood.SLOW, operation=Operation.BET, count=1, seconds=1.5)
        slow = asyncio.create_task(said(served, "slots"))
        await eventually(served.wallet.calls.lines)
        rewrite(own / "scorpio.toml", '"OK"', '"FINE"')
        assert (await reload(served))[0] == 200
        assert (await said(served, "slots"))[1]["statusCode"] == "FINE"
        assert not slow.done()
        assert (await slow)[1]["statusCode"] == "OK"


async def test_broken_settings_change_nothing(house: House, own: Path) -> None:
    """Neither TOML nor what is said about everybody; a table that changed meanwhile waits too."""
    async with Served(house) as served:
        text = house.path.read_text("utf-8")
        rewrite(own / "scorpio.toml", '"OK"', '"FINE"')
        for broken in ("no toml", text.replace("drain.accept_grace = 0", "drain.timeout = 1"), text + "\n[odd]\n"):
            house.path.write_text(broken, "utf-8")
            status, told = await reload(served)
            assert (status, "nothing was changed" in told) == (400, True), told
            assert (await said(served, "slots"))[1]["statusCode"] == "OK"
        house.path.write_text(text, "utf-8")
        assert (await reload(served))[0] == 200
        assert (await said(served, "slots"))[1]["statusCode"] == "FINE"


async def test_a_file_that_hangs_is_a_complaint_and_the_next_reload_is_one(
    house: House, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a mount that is gone, here a pipe: nothing is changed, and once it is mended all of it is."""
    monkeypatch.setattr(reloading, "READ_WITHIN_S", 0.5)
    secret, aside = house.folder / "acme.key", house.folder / "acme.aside"
    async with Served(house) as served:
        rewrite(own / "scorpio.toml", '"OK"', '"FINE"')
        secret.rename(aside)
        os.mkfifo(secret)
        took = f"{house.path}: reading the settings and what they name took longer than 0.5 s"
        for _ in range(2):
            status, text = await asyncio.wait_for(reload(served), 10)
            assert (status, text.splitlines()[0]) == (400, took)
        assert "1 complaint(s), nothing was changed" in text
        assert [line["complaints"] for line in served.lines("reload refused")] == [[took]] * 2
        assert await metric(served, "gateway_config_last_reload_successful") == {"": 0.0}
        assert (await said(served, "slots"))[1]["statusCode"] == "OK"
        writer = os.open(secret, os.O_WRONLY)  # who reads it reads nothing, and ends
        aside.replace(secret)
        os.close(writer)
        monkeypatch.undo()
        assert (await reload(served))[0] == 200
        assert (await said(served, "slots"))[1]["statusCode"] == "FINE"


async def test_providers_come_and_go(house: House) -> None:
    """A new one is served and counted, one that is gone is not found; a mount moves."""
    async with Served(house) as served:
        text = house.path.read_text("utf-8")
        key = '[providers.slots]\ndialect = "scorpio"'
        more = text[text.index(key) :].replace("providers.slots", "providers.second")
        house.path.write_text((text + more).replace("[providers.acme]\n", '[providers.acme]\nmount = "/moved"\n'))
        status, told = await reload(served)
        assert status == 200, told
        assert "providers.acme.mount: /acme -> /moved" in told
        assert "providers.second.dialect: new, scorpio" in told
        caller = served.callers["slots"]
        object.__setattr__(caller, "url", f"{served.url}/second")
        got = await caller.send(caller.call(Operation.BET, amount=Decimal("1.00")))
        assert got.reply.outcome is Outcome.OK
        counted = await metric(served, "gateway_callbacks_total")
        assert counted['operation="bet",outcome_class="done",provider="second"'] == 1.0
        house.path.write_text(text)
        assert (await reload(served))[0] == 200
        async with served.client.post(f"{served.url}/second", data=b"{}") as answer:
            assert answer.status == 404
        counted = await metric(served, "gateway_callbacks_total")
        assert counted['operation="bet",outcome_class="done",provider="second"'] == 1.0


async def test_what_only_a_start_can_change_is_named_and_kept(house: House) -> None:
    """Addresses, journal, the wallet's URL and promises: the rest of the same file is served."""
    async with Served(house) as served:
        text = house.path.read_text("utf-8")
        text = text.replace("sqlite:journal.db", "sqlite:other.db").replace(served.wallet.url, "http://127.0.0.1:9")
        house.path.write_text(
            text.replace(', "status"', "").replace('listen = "127.0.0.1:0"', 'listen = "127.0.0.1:1"')
        )
        status, told = await reload(served)
        assert status == 200
        for name in ("public.listen", "admin.listen", "journal.url", "wallet.url", "wallet.promises"):
            assert f"only a restart changes {name}" in told
        assert (await said(served, "acme"))[0] is Outcome.OK


async def test_a_secret_is_rotated_without_a_restart(house: House) -> None:
    """Old, both, new: each step a reload, no caller is refused, the metric says which key fitted; no value is told."""
    async with Served(house) as served:
        caller = served.callers["acme"]
        fresh = b"another-secret-of-acme-0123456789"
        (house.folder / "acme.fresh").write_bytes(fresh)
        new = caller.dialect.bind({"key": [fresh]}, "sender")
        old_line, both = '{ file = "acme.key" }', '{ file = "acme.fresh" }, { file = "acme.key" }'
        rewrite(house.path, old_line, both)
        status, told = await reload(served)
        assert (status, "providers.acme.secrets.key" in told) == (200, True)
        assert (await said(served, "acme"))[0] is Outcome.OK
        assert (await caller.send(caller.call(Operation.BET), new)).reply.outcome is Outcome.OK
        keys = await metric(served, "gateway_signatures_verified_total")
        assert (keys['key="key 1",provider="acme"'], keys['key="key 2",provider="acme"']) == (1.0, 1.0)
        (house.folder / "acme.key").write_bytes(b"a-third-secret-of-acme-0123456789")
        assert (await reload(served)) == (200, "acme.secrets.key, key 2: another secret\n")
        assert (await caller.send(caller.call(Operation.BET))).reply.outcome is not Outcome.OK
        (house.folder / "acme.key").unlink()
        status, told = await reload(served)
        assert (status, "No such file" in told, "as before: acme" in told) == (400, True, True)
        assert (await caller.send(caller.call(Operation.BET), new)).reply.outcome is Outcome.OK
        assert fresh not in served.out.getvalue()
        assert b"a-third-secret" not in served.out.getvalue()


async def test_who_may_come_is_changed_while_it_serves(house: House) -> None:
    """A provider's list of addresses, and the admin listener's token; a file of the token is watched as well."""
    tokens = ["first-token-of-the-operator", "second-token-of-the-operator"]
    (house.folder / "admin.token").write_text(tokens[0])
    async with Served(house) as served:
        listen, slots = 'admin.listen = "127.0.0.1:0"', "[providers.slots]"
        rewrite(house.path, listen, f'{listen}\nadmin.secrets.token = [{{ file = "admin.token" }}]')
        rewrite(house.path, slots, f'{slots}\nallow = ["203.0.113.0/24"]')
        assert (await reload(served))[0] == 200
        assert (await said(served, "slots"))[0] is not Outcome.OK
        assert (await said(served, "acme"))[0] is Outcome.OK

        async def admitted(method: str, path: str, token: str) -> int:
            shown = {"Authorization": f"Bearer {token}"}
            async with served.client.request(method, f"{served.admin}{path}", headers=shown) as answer:
                return answer.status

        assert [await admitted("GET", "/metrics", token) for token in tokens] == [200, 401]
        assert house.folder / "admin.token" in watching.stamps(house.path, load(house.path))
        (house.folder / "admin.token").write_text(tokens[1])
        rewrite(house.path, '["203.0.113.0/24"]', '["203.0.113.0/24", "127.0.0.1"]')
        assert await admitted("POST", "/-/reload", tokens[0]) == 200
        assert [await admitted("GET", "/metrics", token) for token in tokens] == [401, 200]
        assert (await said(served, "slots"))[0] is Outcome.OK


async def test_sighup_reloads(house: House, own: Path, eventually: Any) -> None:
    """As the POST does."""
    async with Served(house) as served:
        rewrite(own / "scorpio.toml", '"OK"', '"FINE"')
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(lambda: [*served.lines("reloaded")], 20)
        assert [line["why"] for line in served.lines("reloaded")] == ["SIGHUP"]
        assert (await said(served, "slots"))[1]["statusCode"] == "FINE"


async def test_watching_sees_a_link_that_is_swapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Any
) -> None:
    """As Kubernetes mounts a ConfigMap: files are links into `..data`, a link to a folder, and it is exchanged."""
    monkeypatch.setattr(watching.Watch.__init__, "__defaults__", (0.05,))
    mounted = tmp_path / "own"
    mounted.mkdir()
    for version in ("..one", "..two"):
        (mounted / version).mkdir()
        for name in DIALECTS.values():
            for path in shipped().glob(f"{name}.*"):
                shutil.copy(path, mounted / version)
                if version == "..one":
                    (mounted / path.name).symlink_to(Path("..data") / path.name)
    (mounted / "..data").symlink_to("..one")
    rewrite(mounted / "..two" / "scorpio.toml", '"OK"', '"FINE"')
    async with Served(House(tmp_path, "canonical", mounted), watch=True) as served:
        await asyncio.sleep(0.5)
        (mounted / "..fresh").symlink_to("..two")
        os.replace(mounted / "..fresh", mounted / "..data")
        await eventually(lambda: [*served.lines("reloaded")], 20)
        assert (await said(served, "slots"))[1]["statusCode"] == "FINE"
        await asyncio.sleep(0.3)
        assert [line["why"] for line in served.lines("reloaded")] == ["watch"]


async def test_watching_sees_what_refused_settings_name(
    house: House, monkeypatch: pytest.MonkeyPatch, eventually: Any
) -> None:
    """As where a ConfigMap comes before its Secret: the file is not there yet, and nobody reloads when it is."""
    monkeypatch.setattr(watching.Watch.__init__, "__defaults__", (0.05,))
    fresh = b"another-secret-of-acme-0123456789"
    async with Served(house, watch=True) as served:
        await asyncio.sleep(0.5)
        rewrite(house.path, '{ file = "acme.key" }', '{ file = "acme.late" }')
        await eventually(lambda: [*served.lines("reload refused")], 20)
        await asyncio.sleep(0.5)
        assert (await said(served, "acme"))[0] is Outcome.OK
        (house.folder / "acme.late").write_bytes(fresh)
        await eventually(lambda: [*served.lines("reloaded")], 20)
        caller = served.callers["acme"]
        new = caller.dialect.bind({"key": [fresh]}, "sender")
        assert (await caller.send(caller.call(Operation.BET), new)).reply.outcome is Outcome.OK


async def test_a_folder_of_tables_that_is_gone_is_no_reason_to_serve_the_shipped_ones(house: House, own: Path) -> None:
    """Neither at a reload, which keeps what was read before, nor at a start."""
    rewrite(own / "scorpio.toml", '"OK"', '"FINE"')
    async with Served(house) as served:
        os.replace(own, own.with_name("elsewhere"))
        status, told = await reload(served)
        assert (status, "own: there is no such folder" in told) == (400, True)
        assert (await said(served, "slots"))[1]["statusCode"] == "FINE"
        with pytest.raises(Refused, match=r"GW003.*own: there is no such folder"):
            prepare(load(house.path), house.path)


async def test_a_token_is_withdrawn_at_once_whatever_else_is_refused(house: House, own: Path) -> None:
    """An end in the past is one, also where another provider's table keeps that one as it was."""
    (house.folder / "one.token").write_text("first-token-of-the-operator")
    (house.folder / "two.token").write_text("second-token-of-the-operator")
    listen = 'admin.listen = "127.0.0.1:0"'
    both = '[{ file = "one.token" }, { file = "two.token" }]'
    async with Served(house, **{listen: f"{listen}\nadmin.secrets.token = {both}"}) as served:
        rewrite(house.path, '"two.token"', f'"two.token", not_after = {datetime.now(UTC).isoformat()}')
        (own / "scorpio.toml").write_text("broken")
        taken = {}
        for path, token in (("/-/reload", "first"), ("/metrics", "second"), ("/metrics", "first")):
            shown = {"Authorization": f"Bearer {token}-token-of-the-operator"}
            method = "POST" if path == "/-/reload" else "GET"
            async with served.client.request(method, f"{served.admin}{path}", headers=shown) as answer:
                taken[path, token] = answer.status
        assert taken == {("/-/reload", "first"): 400, ("/metrics", "second"): 401, ("/metrics", "first"): 200}


async def test_no_web_page_can_ask_for_a_change(house: House) -> None:
    """A foreign Host or Origin is refused before anything is read."""
    async with Served(house) as served:
        for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
            for path in ("/-/reload", "/-/log-level?level=error"):
                async with served.client.post(served.admin + path, headers=headers) as answer:
                    assert answer.status == 403
        assert not [*served.lines("reloaded")]


async def test_the_log_level_is_changed_while_it_runs(house: House) -> None:
    """By POST alone; at "warning" a callback writes no line, at "info" it does again."""
    async with Served(house) as served:
        async with served.client.get(f"{served.admin}/-/log-level?level=warning") as answer:
            assert answer.status == 405
        for level, lines in (("warning", 0), ("info", 1)):
            async with served.client.post(f"{served.admin}/-/log-level?level={level}") as answer:
                assert answer.status == 200
            await said(served, "slots")
            assert len([*served.lines("callback")]) == lines
        async with served.client.post(f"{served.admin}/-/log-level?level=loud") as answer:
            assert (answer.status, "info, warning, error" in await answer.text()) == (400, True)

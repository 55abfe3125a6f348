"""`gateway drift` asks a gateway that serves, prints what stood in no row, and the rows can be pasted."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import aiohttp

from gateway.canon.operations import Operation
from gateway.cli.caller import Caller
from gateway.dialect.shelf import Shelf, shipped
from tests.cli.process import gateway
from tests.cli.served import Served


def bet(served: Served, **fields: Any) -> int:
    """A signed EvenBet bet with *fields* beside its own; the HTTP status of the answer."""
    spoken = Shelf().dialect("evenbet")
    keys = spoken.bind({"key": [served.house.env["ACME_KEY"].encode()]}, "sender")

    async def sent() -> int:
        async with aiohttp.ClientSession() as client:
            caller = Caller(spoken, keys, f"http://{served.house.public}/api/web/casino/providers/acme", client)
            form = caller.form(Operation.BET)
            draft = form.write(caller.call(Operation.BET, session="session-1001"), {})
            draft.body.update(fields)
            keys.of(form.name).make(draft, 0)
            request = draft.request()
            async with client.post(
                caller.url + request.path, data=request.body, headers=dict(request.headers)
            ) as answer:  # fmt: skip
                return answer.status

    return asyncio.run(sent())


def test_a_new_field_is_seen_told_pasted_and_known(tmp_path: Path) -> None:
    """One count, one line, one row; with the row in a table of one's own it is seen no more."""
    with Served(tmp_path) as served:
        config = ("--config", "gateway.toml")
        code, out, _ = gateway("drift", *config, cwd=tmp_path, env=served.house.env)
        assert (code, out.strip()) == (0, "Everything that came stands in a row.")
        for _ in range(2):
            assert bet(served, vipName="Ann Lee") == 200
        code, out, err = gateway("drift", *config, cwd=tmp_path, env=served.house.env)
        assert code == 1, err
        assert "acme (evenbet), its callbacks:" in out
        assert "field of bet: body.vipName: text of 7 characters  (2 times" in out
        assert 'known = ["body.vipName"]' in out
        code, raw, _ = gateway("drift", *config, "--json", cwd=tmp_path, env=served.house.env)
        (one,) = json.loads(raw)
        assert (code, one["kind"], one["times"]) == (1, "field", 2)
        lines = served.stop()
        assert [line["name"] for line in lines if line["event"] == "drift"] == ["body.vipName"]
        assert "Ann Lee" not in out + raw + json.dumps(lines)

        tables = tmp_path / "tables"
        shutil.copytree(shipped(), tables)
        table = tables / "evenbet.toml"
        rows = [line.strip() for line in out.splitlines()]
        at = next(index for index, line in enumerate(rows) if line.startswith("# in "))
        where = int(rows[at].partition("after line ")[2].rstrip(":"))
        text = table.read_text("utf-8").splitlines()
        table.write_text("\n".join([*text[:where], *[line for line in rows[at + 1 :] if line], *text[where:], ""]))
        served.house.config.write_text(
            served.house.config.read_text().replace('dialect = "evenbet"', 'dialect = "evenbet"\ntables = "tables"')
        )
        served.start()
        assert bet(served, vipName="Ann Lee") == 200
        code, out, _ = gateway("drift", *config, cwd=tmp_path, env=served.house.env)
        assert (code, out.strip()) == (0, "Everything that came stands in a row.")


def test_an_admin_listener_with_a_token(tmp_path: Path) -> None:
    """It is shown, the first that lives; one that the gateway does not take is told as that."""
    ended, token = "ended-token-of-the-operator", "token-of-the-operator-0123"
    with Served(tmp_path) as served:
        served.stop()
        for name, value in (("ended", ended), ("token", token)):
            (tmp_path / name).write_text(value)
        listed = '{ file = "ended", not_after = 2020-01-01T00:00:00Z }, { file = "token" }'
        settings = served.house.config.read_text()
        assert settings.count("[admin]") == 1
        served.house.config.write_text(settings.replace("[admin]", f"[admin]\nsecrets.token = [{listed}]"))
        served.start()
        command = ("drift", "--config", "gateway.toml")
        code, out, err = gateway(*command, cwd=tmp_path, env=served.house.env)
        assert (code, out.strip()) == (0, "Everything that came stands in a row."), err
        (tmp_path / "token").write_text("another-token-of-somebody")
        code, out, err = gateway(*command, cwd=tmp_path, env=served.house.env)
        assert (code, out, "takes no token" in err) == (1, "", True)
        assert token not in err


def test_nobody_there(tmp_path: Path) -> None:
    """A gateway that is not served, and an answer that is none, are one sentence each."""
    served = Served(tmp_path)
    code, _, err = gateway("drift", "--config", "gateway.toml", cwd=tmp_path, env=served.house.env)
    assert (code, err.count("\n")) == (1, 1)
    assert "is it served?" in err
    served.__exit__()

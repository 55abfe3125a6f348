"""`gateway config show`: what is in force, where it came from, and never a secret. `check`: could it be served?"""

import re
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.cli.config import spelled
from tests.cli.process import ROOT
from tests.edge.test_app import House


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine that runs the tests."""
    import os

    for name in os.environ:
        if name.upper().startswith("GATEWAY_"):
            monkeypatch.delenv(name)


def shown(capsys: pytest.CaptureFixture[str], path: Path) -> dict[str, tuple[str, str]]:
    """name -> (value, origin), as printed."""
    assert run(["config", "show", "--config", str(path)]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line]
    found = {}
    for row in rows:
        name, rest = row.split(None, 1)
        value, origin = rest.rsplit(None, 1)
        found[name] = value.strip(), origin
    return found


def test_values_and_where_they_came_from(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """File, environment and default are told apart, for the shipped example."""
    monkeypatch.setenv("GATEWAY_PROVIDERS__MARBLES__MOUNT", "/m")
    monkeypatch.setenv("WALLET_SECRET", "whsec_canary")
    found = shown(capsys, ROOT / "deploy" / "gateway.toml")
    assert found["public.listen"] == ('"0.0.0.0:8080"', "file")
    assert found["providers.marbles.mount"] == ('"/m"', "environment")
    assert found["providers.acme.mount"] == ('"/api/web/casino/providers/acme"', "file")
    assert found["providers.slotcity.mount"] == ('"/slotcity"', "default")
    assert found["wallet.connections"] == ("100", "file")
    assert found["providers.acme.tables"] == ("(not set)", "default")
    assert found["wallet.secrets.signing"] == ('[{ env = "WALLET_SECRET" }]', "file")
    assert "canary" not in str(found)


def test_nothing_that_a_reference_leads_to_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    """The example's secrets do not exist here, and it is shown all the same."""
    found = shown(capsys, ROOT / "deploy" / "gateway.toml")
    assert found["providers.marbles.secrets.public_key"][0] == '[{ file = "secrets/marbles.pem" }]'


def test_faults_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be used: exit code 1 and its lines; none at all: 2."""
    path = tmp_path / "gateway.toml"
    path.write_text("[wallet]\n")
    assert run(["config", "show", "--config", str(path)]) == 1
    assert "gateway.toml:1: wallet.url" in capsys.readouterr().err
    assert run(["config", "show", "--config", str(tmp_path / "none.toml")]) == 2


def test_a_single_reference_stands_as_it_is() -> None:
    """As one in a list does: the key of a certificate is one."""
    assert spelled('{ file = "s.key" }') == '{ file = "s.key" }'
    assert spelled(['{ env = "A" }', "b"]) == '[{ env = "A" }, "b"]'


def test_what_serve_would_refuse_is_said_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A secret that is not there, a dialect that is none: the complaints of `serve`, and no port or journal opened."""
    house = House(tmp_path)
    house.settings()
    command = ["config", "check", "--config", str(house.path)]
    assert run(command) == 0
    assert capsys.readouterr().out == f"{house.path} can be served: 3 providers\n"
    assert not (tmp_path / "journal.db").exists()
    (tmp_path / "acme.key").unlink()
    house.path.write_text(house.path.read_text().replace('"scorpio"', '"skorpio"'))
    assert run(command) == 1
    said = capsys.readouterr().out
    assert re.findall(r"gateway\.toml:\d+:\d+: (GW\d+) ", said) == ["GW505", "GW003"]
    assert "can be served" not in said
    house.path.write_text("wallet = 1")
    assert run(command) == 1
    assert "wallet" in capsys.readouterr().err

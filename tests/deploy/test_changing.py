"""deploy/README.md, "Changing a running gateway": what it says to type is typed, beside a gateway that serves."""

import re
import subprocess
from pathlib import Path

import pytest

from gateway.edge.settings import Otel, load
from tests.cli.process import COMMAND, surroundings
from tests.cli.served import Served

#: Said not to be run here.
NOT_RUN = ("systemctl ",)


def section(root: Path) -> str:
    """From its title to the next one of its rank."""
    text = (root / "deploy" / "README.md").read_text("utf-8")
    found = re.search(r"(?ms)^## Changing a running gateway\n(.*?)^## ", text)
    assert found is not None
    return found[1]


@pytest.mark.needs("curl")
def test_what_it_says_to_type_runs(root: Path, tmp_path: Path) -> None:
    """Every line in its order, with this machine's ports; each succeeds, and says what the page promises."""
    lines = re.findall(r"(?m)^    (\S.*)$", section(root))
    assert len(lines) >= 9
    told: dict[str, str] = {}
    with Served(tmp_path) as served:
        shim = tmp_path / "bin"
        shim.mkdir()
        (shim / "gateway").write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
        (shim / "gateway").chmod(0o755)
        env = surroundings(**served.house.env)
        env["PATH"] = f"{shim}:{env['PATH']}"
        (tmp_path / "gateway.log").write_text('{"trace_id":"TRACE"}\n')
        for line in lines:
            if line.startswith(NOT_RUN):
                continue
            typed = line.replace("127.0.0.1:8081", served.house.admin)
            done = subprocess.run(
                ["sh", "-c", typed], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120
            )
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
            told[line] = done.stdout
        log = served.stop()
    said = "\n".join(told.values())
    for promised in ("nothing has changed", 'dialect="evenbet"', '"ready":true', 'key="key 1"', "info -> warning"):
        assert promised in said
    assert [line["event"] for line in log if line["event"] == "reloaded"] == ["reloaded"] * 2


def test_its_settings_are_settings(root: Path, tmp_path: Path) -> None:
    """The secret's list and [otel], as the page has them, in the shipped file."""
    secret, otel = re.findall(r"(?ms)^~~~toml\n(.*?)^~~~", section(root))
    shipped = (root / "deploy" / "gateway.toml").read_text("utf-8")
    text = shipped.replace('secrets.key = [{ env = "ACME_KEY" }]\n', secret) + otel
    (tmp_path / "gateway.toml").write_text(text, "utf-8")
    settings = load(tmp_path / "gateway.toml")
    assert [each.ends_at for each in settings.providers["acme"].secrets["key"]] == ["", "2027-01-01T00:00:00Z"]
    assert settings.otel == Otel(endpoint="http://127.0.0.1:4318", ratio=0.1)

"""`gateway metrics`, and deploy/metrics.md, which is what it prints."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Gateway


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell less of a process")
def test_the_page_of_the_repository_is_what_the_command_prints(gateway: Gateway, root: Path) -> None:
    """For the shipped settings, whose secrets are not there. GATEWAY_UPDATE=1 writes it anew."""
    ended = gateway("metrics", "--config", "deploy/gateway.toml")
    assert (ended.code, ended.err) == (0, "")
    path = root / "deploy" / "metrics.md"
    if os.environ.get("GATEWAY_UPDATE"):
        path.write_text(ended.out, "utf-8")
    assert path.read_text("utf-8") == ended.out


def test_without_settings_there_is_a_formula_and_no_number(gateway: Gateway) -> None:
    """Nothing is guessed."""
    ended = gateway("metrics")
    assert ended.code == 0
    assert " P + " in ended.out
    assert "With these settings" not in ended.out


def test_the_tokens_of_listeners_and_certificates_are_counted(gateway: Gateway, root: Path, tmp_path: Path) -> None:
    """Each has a series where it has an end."""
    settings = (root / "deploy" / "gateway.toml").read_text("utf-8")
    assert settings.count("[admin]") == 1
    path = tmp_path / "gateway.toml"
    path.write_text(
        settings.replace("[admin]", '[admin]\nsecrets.token = [{ env = "ONE" }, { env = "OTHER" }]').replace(
            "[public]", '[public]\ntls = { certificate = "a.pem", key = { env = "KEY" } }'
        ),
        "utf-8",
    )
    found = [
        re.search("S at most ([0-9]+)", gateway("metrics", "--config", str(each)).out)
        for each in (root / "deploy" / "gateway.toml", path)
    ]
    plain, more = (int(each[1]) for each in found if each is not None)
    assert more == plain + 3


def test_a_settings_file_that_is_not_there(gateway: Gateway) -> None:
    """Misuse, in one sentence."""
    ended = gateway("metrics", "--config", "nowhere.toml")
    assert (ended.code, ended.out) == (2, "")
    assert "nowhere.toml: there is no such settings file" in ended.err

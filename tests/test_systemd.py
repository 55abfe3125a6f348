"""deploy/systemd by systemd's own tools: sound units, hardened, and nothing in them that the gateway does not know."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.edge.settings import load

TEMPLATE, INSTANCE = "gateway@.service", "gateway@9101.service"
#: What `systemd-analyze security` may say at most, in tenths.
EXPOSED = 15


@pytest.fixture
def units(root: Path, tmp_path: Path) -> Path:
    """A copy of the units with an instance; the program that they start is one that is here."""
    for path in (root / "deploy" / "systemd").iterdir():
        shutil.copy(path, tmp_path)
    text = (tmp_path / TEMPLATE).read_text("utf-8")
    assert "ExecStart=/opt/gateway/bin/gateway serve --config " in text
    for name in (TEMPLATE, INSTANCE):
        (tmp_path / name).write_text(text.replace("/opt/gateway/bin/gateway", "/bin/true"), "utf-8")
    return tmp_path


def said(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """What systemd-analyze says in that folder."""
    command = ["systemd-analyze", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.needs("systemd-analyze")
def test_the_units_are_sound(units: Path) -> None:
    """Not a word is unknown: systemd itself would only warn, and leave the protection away."""
    names = [f"./{path.name}" for path in sorted(units.iterdir()) if path.name != TEMPLATE]
    assert len(names) == 3
    done = said(units, "verify", *names)
    ours = [line for line in done.stderr.splitlines() if "gateway" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


@pytest.mark.needs("systemd-analyze")
def test_the_service_is_hardened(units: Path) -> None:
    """Its exposure is at most 1.5 of 10; and the judge is not blind: without the protection it says more."""
    words = ["security", "--offline=true", f"--threshold={EXPOSED}", f"./{INSTANCE}"]
    done = said(units, *words)
    assert done.returncode == 0, done.stdout
    level = re.search(r"Overall exposure level for \S+: (\d+\.\d)", done.stdout)
    assert level is not None
    assert float(level[1]) <= EXPOSED / 10
    path = units / INSTANCE
    path.write_text(path.read_text("utf-8").replace("SystemCallFilter=", "#"), "utf-8")
    assert said(units, *words).returncode != 0


def test_its_variables_are_settings(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two instances of the template: one public port, two admin listeners; and a drain that systemd waits for."""
    text = (root / "deploy" / "systemd" / TEMPLATE).read_text("utf-8")
    (line,) = re.findall(r"(?m)^Environment=(.*)$", text)
    shipped = (root / "deploy" / "gateway.toml").read_text("utf-8")
    (tmp_path / "gateway.toml").write_text(shipped.replace("sqlite:journal.db", "postgresql:///gateway"), "utf-8")
    listens = set()
    for instance in ("9101", "9102"):
        for word in line.split():
            name, _, value = word.partition("=")
            monkeypatch.setenv(name, value.replace("%i", instance))
        settings = load(tmp_path / "gateway.toml")
        assert settings.public.reuse_port
        listens.add((settings.public.listen, settings.admin.listen))
    assert len(listens) == 2
    assert len({public for public, _ in listens}) == 1
    (stop,) = re.findall(r"(?m)^TimeoutStopSec=(\d+)$", text)
    assert settings.drain.accept_grace + settings.drain.timeout < int(stop)

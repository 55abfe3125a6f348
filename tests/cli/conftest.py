"""The command line, run in this process or as a real one; and a folder of tables that a test may break."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.cli import run
from gateway.dialect.shelf import shipped

Gateway = Callable[..., "Ended"]


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class _Piped(io.StringIO):
    """Standard input as a pipe: text for `sys.stdin`, its bytes under `buffer`."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw.decode("utf-8", "replace"))
        self.buffer = io.BytesIO(raw)  # type: ignore[misc]


@pytest.fixture
def gateway(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path) -> Gateway:
    """`gateway("check", "acme")` in this process, standing in the repository; *stdin* is what is piped in."""
    monkeypatch.chdir(root)

    def call(*arguments: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", _Piped(stdin))
        capsys.readouterr()
        try:
            code = run([str(each) for each in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ended(code, *capsys.readouterr())

    return call


@pytest.fixture
def process(root: Path) -> Gateway:
    """`python -m gateway ...` as a process of its own, piped; *env* is laid over the environment."""

    def call(*arguments: object, stdin: bytes = b"", env: dict[str, str] | None = None) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "gateway", *map(str, arguments)],
            cwd=root, input=stdin, capture_output=True, check=False, env={**os.environ, **(env or {})},
        )  # fmt: skip
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder with a copy of one shipped dialect, table and examples, to be broken."""
    for name in ("scorpio.toml", "scorpio.examples.toml"):
        shutil.copy(shipped() / name, tmp_path / name)
        (tmp_path / name).chmod(0o644)
    return tmp_path


@pytest.fixture
def edit(tables: Path) -> Callable[[str, str, str], None]:
    """`edit("scorpio.toml", old, new)`: replace a text that must be there."""

    def change(name: str, old: str, new: str) -> None:
        path = tables / name
        text = path.read_bytes().decode()
        assert old in text
        path.write_bytes(text.replace(old, new).encode())

    return change

"""A gateway that serves a durable journal before a wallet with moods, and the command line beside it."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import run
from tests.cli.house import Deployed
from tests.cli.process import COMMAND, SECONDS, Running, surroundings


class Served:
    """The shipped settings, served in *folder*; `stop` and `start` as often as wanted. To be used in a `with`.

    *env* is laid over the environment. The quarantine is a second: what a silent wallet left in doubt is soon certain
    once it speaks.
    """

    def __init__(self, folder: Path, **env: str) -> None:
        self.house = Deployed(folder)
        self.house.env |= env
        self.house.env["GATEWAY_JOURNAL__QUARANTINE"] = "1"
        self.folder = folder
        self.journal = folder / "journal.db"
        words = ["wallet", "--listen", self.house.wallet, "--secret", self.house.wallet_secret]
        self._wallet = Running(*words, cwd=folder)
        self._gateway: Running | None = None

    def __enter__(self) -> "Served":
        self._wallet.until("Ctrl+C stops it")
        self.start()
        self.send("bet", "first", amount="1.00", round="r-first")  # whose session it is, is known from here on
        return self

    def __exit__(self, *_: object) -> None:
        if self._gateway is not None:
            self._gateway.__exit__()
        self._wallet.__exit__()

    def start(self) -> None:
        """Serve."""
        self._gateway = Running("serve", "--config", "gateway.toml", cwd=self.folder, env=self.house.env)
        self._gateway.until("  admin  ")

    def stop(self) -> list[dict[str, Any]]:
        """Drain; the lines of its log."""
        served, self._gateway = self._gateway, None
        assert served is not None
        assert served.stop(signal.SIGTERM) == 0
        return [json.loads(line) for line in served.lines if line.startswith("{")]

    def mood(self, word: str | None) -> None:
        """Break the wallet, or mend it."""
        body = None if word is None else json.dumps({"mood": word}).encode()
        url = f"http://{self.house.wallet}/sandbox/moods"
        request = urllib.request.Request(url, body, method="DELETE" if body is None else "POST")
        urllib.request.urlopen(request, timeout=10).close()

    def send(self, operation: str, transaction: str, **facts: str) -> str:
        """A call of acme's; what was answered, in our words."""
        options = [word for name, value in facts.items() for word in (f"--{name}", value)]
        code, out, err = self.run("send", "acme", operation, "--transaction", transaction, *options)
        assert code == 0, err
        return out.rpartition("as a reply: ")[2].split(",")[0].strip()

    def run(self, *words: str, **env: str) -> tuple[int, str, str]:
        """One command with these settings, in this process: exit code, stdout, stderr."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in {**self.house.env, **env}.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "stdin", io.StringIO())
            try:
                code = run([*words, "--config", "gateway.toml"])
            except SystemExit as ended:
                code = int(ended.code or 0)
        return code, out.getvalue(), err.getvalue()

    def found(self, name: str) -> list[dict[str, Any]]:
        """`find --json`; an empty list when it finds nothing."""
        code, out, err = self.run("find", name, "--json")
        rows: list[dict[str, Any]] = json.loads(out)
        assert (code, err) == (0 if rows else 1, "")
        return rows

    def until(self, name: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first row that *name* finds, once it fits."""
        began = time.monotonic()
        while True:
            rows = self.found(name)
            if rows and fits(rows[0]):
                return rows[0]
            assert time.monotonic() - began < SECONDS, rows
            time.sleep(0.05)

    def page(self, path: str) -> str:
        """A page of the admin's listener."""
        with urllib.request.urlopen(f"http://{self.house.admin}{path}", timeout=10) as answer:
            return str(answer.read().decode())


class Asked:
    """A command that asks something on a terminal: its standard input is one, its other streams are read.

    To be used in a `with`.
    """

    def __init__(self, served: Served, *words: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *words, "--config", "gateway.toml"],
            cwd=served.folder,
            env=surroundings(**served.house.env),
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        os.close(slave)
        self.asked = b""

    def until(self, text: str) -> None:
        """Read standard error up to *text*."""
        assert self.process.stderr is not None
        while text.encode() not in self.asked:
            got = self.process.stderr.read(1)
            assert got, self.asked
            self.asked += got

    def type(self, text: str) -> tuple[int, str, str]:
        """Type a line, and wait for the end: exit code, stdout, the rest of stderr."""
        os.write(self._master, f"{text}\n".encode())
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out.decode(), err.decode()

    def __enter__(self) -> "Asked":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        os.close(self._master)

"""Does an installed gateway serve: one callback through it to a sandbox wallet, in processes of their own."""

import os
import signal
import subprocess
from pathlib import Path

from tests.cli.house import Deployed

SECONDS = 60


def serves(program: Path, folder: Path) -> int:
    """Serve deploy/gateway.toml with *program* from an empty directory in *folder*, send it a bet; its exit code.

    Whatever is needed of the checkout is copied into *folder* before; the processes are told nothing of it.
    """
    deployed, empty = Deployed(folder), folder / "empty"
    empty.mkdir()
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "PYTHON"))}
    env = keep | deployed.env | {"PYTHONUNBUFFERED": "1"}

    def start(*words: str) -> "subprocess.Popen[str]":
        out = subprocess.PIPE
        return subprocess.Popen(
            [str(program), *words], cwd=empty, env=env, stdout=out, stderr=subprocess.STDOUT, text=True
        )

    wallet = start("wallet", "--listen", deployed.wallet, "--secret", deployed.wallet_secret)
    served = start("serve", "--config", str(deployed.config))
    try:
        _until(wallet, "Ctrl+C stops it")
        _until(served, "  admin  ")
        words = ["send", "acme", "bet", "--amount", "1.50", "--config", str(deployed.config)]
        sent = subprocess.run(
            [str(program), *words], cwd=empty, env=env, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        assert sent.returncode == 0, sent.stdout + sent.stderr
        served.send_signal(signal.SIGTERM)
        return served.wait(SECONDS)
    finally:
        for process in (served, wallet):
            process.kill()
            process.communicate()
        assert list(empty.iterdir()) == [], "it wrote where it stood"


def _until(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return
    raise AssertionError("".join(said))

"""The limit of open files: raised as far as it goes, and a word in the log where that is not far enough."""

import resource
import signal
from pathlib import Path

import pytest

from tests.cli import process
from tests.cli.house import Deployed
from tests.cli.process import Running


@pytest.mark.parametrize(("hard", "warned"), [(900, True), (2399, True), (2400, False)])
def test_the_limit_is_raised_and_too_low_a_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard: int, warned: bool
) -> None:
    """Twice the connections of one client, those to the wallet, and 300: with the shipped settings 2400."""
    limited = ["sh", "-c", f'ulimit -Sn 400 && ulimit -Hn {hard} && exec "$@"', "sh"]
    monkeypatch.setattr(process, "COMMAND", [*limited, *process.COMMAND])
    deployed = Deployed(tmp_path)
    words = ["serve", "--config", "gateway.toml", "--log-format", "json"]
    with Running(*words, cwd=tmp_path, env=deployed.env) as served:
        served.until('"started"')
        assert resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE) == (hard, hard)
        assert served.stop(signal.SIGTERM) == 0
    told = [line for line in served.lines if '"open files"' in line]
    assert [(f'"limit":{hard}' in line, '"wanted":2400' in line) for line in told] == [(True, True)] * warned

"""deploy/README.md is true: its commands run in their order, and it explains every reason to park a row."""

import re
import shlex
from pathlib import Path

import pytest

from gateway.exchange import recovery
from gateway.journal import arming, claiming, recording
from tests.cli.served import Served

REASONS = (
    arming.UNKNOWN_CALL, arming.UNKNOWN_UNDOING, arming.UNHEARD, arming.TOO_MANY, arming.BY_HAND,
    arming.HOLD_AGED, arming.INCOMPLETE, claiming.WIN_WITHOUT_BET, recording.LOST,
    recovery.REFUSED_WIN, recovery.REFUSED_BET, recovery.REFUSED_UNDOING, recovery.UNWRITABLE,
)  # fmt: skip


@pytest.fixture(scope="module")
def runbook(root: Path) -> str:
    """The page for who runs it."""
    return (root / "deploy" / "README.md").read_text("utf-8")


def test_every_reason_to_park_is_explained(runbook: str) -> None:
    """A row of the table for each, word for word."""
    rows = {cells[1].strip() for cells in (line.split("|") for line in runbook.splitlines()) if len(cells) == 4}
    missing = [reason for reason in REASONS if reason.strip(": ") not in rows]
    assert missing == []


def test_its_commands_run_in_their_order(runbook: str, tmp_path: Path) -> None:
    """With a row that is parked: found, tried again in vain, resolved, and nothing is left."""
    blocks = "".join(re.findall(r"```\n(.*?)```", runbook, re.DOTALL)).splitlines()
    assert all(line.startswith("gateway ") and line.endswith(" --config gateway.toml") for line in blocks)
    codes: dict[str, list[int]] = {}
    with Served(tmp_path) as served:
        served.send("bet", "t-bet", amount="900000.00", round="r")
        served.send("win", "t", amount="3.00", round="r")
        served.until("t", lambda row: row["parked"] is not None and row["telling"] is None)
        for line in blocks:
            words = [{"KEY": "acme::t", "TRANSACTION": "t"}.get(word, word) for word in shlex.split(line)[1:-2]]
            if words[1:2] in (["retry"], ["resolve"]):
                words += ["--confirm", "t"]
            code, _, err = served.run(*words)
            assert "Traceback" not in err
            codes.setdefault(" ".join(words[:2]), []).append(code)
    assert codes == {
        "outbox list": [1, 0],
        "outbox show": [0],
        "find t": [0],
        "outbox retry": [1],  # of this row there is nothing to try
        "outbox resolve": [0],
        "outbox audit": [0],
        "journal check": [0],
        "drift": [0],
    }

"""The pages of deploy/ as tests read them: what stands in their code blocks."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

from tests.cli.process import COMMAND
from tests.cli.served import Served
from tests.deploy.promql import run

_BLOCK = re.compile(r"(?ms)^(```|~~~)(\w*)\n(.*?)^\1$")
#: What ends with 1 when it finds something, or has nothing to do: the answer may be either.
FINDS = {"outbox list", "outbox retry"}
#: What stands for a name of the reader's own.
NAMES = {"DIALECT": "evenbet", "PROVIDER": "acme"}


def blocks(text: str, language: str) -> list[str]:
    """The lines of all blocks of that language; "" are commands."""
    found = [body for _, of, body in _BLOCK.findall(text) if of == language]
    return [line for body in found for line in body.splitlines()]


def board(root: Path) -> dict[str, Any]:
    """The dashboard, as Grafana gets it."""
    found: dict[str, Any] = json.loads((root / "deploy" / "grafana" / "gateway.json").read_text("utf-8"))
    return found


def panels_ask(of: dict[str, Any]) -> list[str]:
    """All that a dashboard asks of Prometheus, with the variables as Grafana would put them in."""
    panels = [target["expr"] for panel in of["panels"] for target in panel.get("targets", [])]
    told = [*panels, *(each["expr"] for each in of["annotations"]["list"])]
    return [each.replace("$__rate_interval", "1m").replace("$provider", ".*") for each in told]


class Reader:
    """Who types what a page says, beside a gateway that serves, in which *root*'s files are to be had."""

    def __init__(self, served: Served, root: Path) -> None:
        self._served, self._root = served, root
        self._parked = 0

    def park(self) -> str:
        """A win of a bet that was declined: the transaction of the row that is parked for it."""
        self._parked += 1
        transaction, round_ = f"parked-{self._parked}", f"round-{self._parked}"
        self._served.send("bet", f"declined-{self._parked}", amount="900000.00", round=round_)
        self._served.send("win", transaction, amount="3.00", round=round_)
        self._served.until(transaction, lambda row: row["parked"] is not None and row["telling"] is None)
        return transaction

    def type(self, line: str, transaction: str = "") -> tuple[int, str]:
        """Its exit code, 0 also for what found something, and what it said."""
        names = {**NAMES, "KEY": f"acme::{transaction}", "TRANSACTION": transaction}
        words = [names.get(word, word) for word in shlex.split(line)]
        if words[0] != "gateway":
            admin = self._served.house.admin
            return run(*(word.replace("127.0.0.1:8081", admin) for word in words), cwd=self._root)
        if words[-2:] != ["--config", "gateway.toml"]:
            return run(*COMMAND, *words[1:], cwd=self._root)
        words = words[1:-2]
        if words[1:2] in (["retry"], ["resolve"]):
            words += ["--confirm", transaction]
        code, out, err = self._served.run(*words)
        return (0 if code == 1 and " ".join(words[:2]) in FINDS else code), out + err

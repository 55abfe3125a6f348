"""A real Prometheus scrapes a real gateway, with the rules of deploy/: it finds what the list says, and alerts."""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import pytest

from gateway.edge.catalogue import LATER, families
from tests.cli.process import free_port
from tests.cli.served import Served
from tests.deploy.documents import blocks, board, panels_ask
from tests.deploy.promql import alerts, exposed, recorded, run
from tests.deploy.promql import rules as rule_files

SECONDS = 60


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway with a row that is parked."""
    with Served(tmp_path_factory.mktemp("served")) as one:
        one.send("bet", "t-bet", amount="900000.00", round="r")
        one.send("win", "t", amount="3.00", round="r")
        one.until("t", lambda row: row["parked"] is not None)
        yield one


class Prometheus:
    """The Debian package's, on loopback, with what is shipped, but for the gateway's address and haste."""

    def __init__(self, root: Path, folder: Path, target: str) -> None:
        shipped = root / "deploy" / "prometheus"
        text = (shipped / "prometheus.yml").read_text("utf-8")
        for old, new in (
            ("127.0.0.1:8081", target),
            ("scrape_interval: 15s", "scrape_interval: 500ms"),
            ("evaluation_interval: 30s", "evaluation_interval: 500ms"),
            ("127.0.0.1:9093", f"127.0.0.1:{free_port()}"),
        ):
            assert old in text
            text = text.replace(old, new)
        (folder / "prometheus.yml").write_text(text)
        (folder / "rules").mkdir()
        for name, rules in rule_files(root).items():
            (folder / "rules" / f"{name}.yml").write_text(rules.replace("interval: 5m", "interval: 500ms"))
        self._url = f"http://127.0.0.1:{(port := free_port())}"
        self.process = Popen(
            ["prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdout=DEVNULL, stderr=DEVNULL,
        )  # fmt: skip

    def ask(self, path: str, **query: str) -> Any:
        """What its API says; None while it does not answer."""
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def until(self, says: Callable[[], Any]) -> Any:
        """What *says* gives, once it gives something."""
        give_up = time.monotonic() + SECONDS
        while not (said := says()):
            assert time.monotonic() < give_up, "Prometheus did not come to say so"
            assert self.process.poll() is None, "Prometheus has ended"
            time.sleep(0.1)
        return said


@pytest.fixture
def prometheus(root: Path, tmp_path: Path, served: Served) -> Iterator[Prometheus]:
    """It runs, and scrapes."""
    one = Prometheus(root, tmp_path, served.house.admin)
    yield one
    one.process.terminate()
    one.process.wait(20)


@pytest.mark.needs("promtool")
def test_the_exposition_is_in_order(served: Served) -> None:
    """promtool has no word against it, and it is what the list says."""
    page = served.page("/metrics")
    code, told = run("promtool", "check", "metrics", given=page)
    assert (code, told) == (0, "")
    names = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE ")}
    assert names == {family.name for family in families()}


@pytest.mark.needs("prometheus")
def test_scraped_and_alerting(prometheus: Prometheus, root: Path) -> None:
    """Every rule is evaluated without a fault; the parked row pages; nothing that is well does.

    What the dashboard and the runbooks ask can be answered.
    """

    def rules() -> list[dict[str, Any]]:
        groups = (prometheus.ask("rules") or {"groups": []})["groups"]
        found = [rule for group in groups for rule in group["rules"]]
        return found if found and all(rule["health"] != "unknown" for rule in found) else []

    def firing() -> set[str]:
        told = prometheus.ask("alerts") or {"alerts": []}
        return {each["labels"]["alertname"] for each in told["alerts"] if each["state"] == "firing"}

    found = prometheus.until(rules)
    assert {rule["name"] for rule in found} == alerts(root) | recorded(root)
    assert [(rule["name"], rule["lastError"]) for rule in found if rule["health"] != "ok"] == []
    wanted = {"GatewayRowParked", "GatewayMoneyToLookAt"}
    prometheus.until(lambda: wanted <= firing())
    assert firing() == wanted
    scraped = {*prometheus.ask("label/__name__/values")}
    assert exposed() - {"gateway_config_last_reload_successful", *LATER} <= scraped
    books = "".join(path.read_text("utf-8") for path in (root / "deploy" / "runbooks").glob("*.md"))
    queries = [*panels_ask(board(root)), *blocks(books, "promql")]
    assert [each for each in queries if prometheus.ask("query", query=each) is None] == []

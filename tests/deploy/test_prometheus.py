"""A real Prometheus and Alertmanager, set up as deploy/README.md says, before a real gateway with a parked row."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.edge.catalogue import families
from tests.cli.served import Served
from tests.deploy.documents import blocks, board, panels_ask
from tests.deploy.promql import RELOADED, alerts, exposed, recorded, run
from tests.deploy.watchers import Watchers

TITLE = "## From nothing to scraped and alerting\n"
#: What of the page is not run here.
NOT_RUN = ("apt-get ", "systemctl ")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway with a row that is parked."""
    with Served(tmp_path_factory.mktemp("served")) as one:
        one.send("bet", "t-bet", amount="900000.00", round="r")
        one.send("win", "t", amount="3.00", round="r")
        one.until("t", lambda row: row["parked"] is not None)
        yield one


@pytest.fixture(scope="module")
def section(root: Path) -> str:
    """What the page says."""
    text = (root / "deploy" / "README.md").read_text("utf-8")
    return text.partition(TITLE)[2].partition("\n## ")[0]


@pytest.mark.needs("promtool")
def test_the_exposition_is_in_order(served: Served) -> None:
    """promtool has no word against it, and it is what the list says, in names and in number."""
    page = served.page("/metrics")
    code, told = run("promtool", "check", "metrics", given=page)
    assert (code, told) == (0, "")
    names = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE ")}
    assert names == {family.name for family in families()}
    code, told, _ = served.run("metrics")
    most = re.search(r"at most \*\*([\d,]+) series\*\*", told)
    assert most is not None
    found = sum(not line.startswith("#") for line in page.splitlines())
    assert 0.9 * int(most[1].replace(",", "")) <= found <= int(most[1].replace(",", ""))


@pytest.mark.needs("promtool", "amtool", "prometheus", "prometheus-alertmanager")
def test_from_nothing_to_scraped_and_alerting(served: Served, section: str, root: Path, tmp_path: Path) -> None:
    """The page's commands, in their order. Every rule is evaluated without a fault; the parked row reaches the pager,
    and nothing that is well does. What the dashboard and the runbooks ask can be answered.
    """
    lines = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    assert [line.split()[0] for line in lines if line.startswith(NOT_RUN)] == ["apt-get", "systemctl"]
    watchers = Watchers(tmp_path, served.house.admin)
    try:
        for line in lines:
            if line.startswith("systemctl "):
                watchers.start()
                found = watchers.until(watchers.rules)
                watchers.until(lambda: {"GatewayRowParked", "GatewayMoneyToLookAt"} <= watchers.firing())
            elif not line.startswith(NOT_RUN):
                code, told = run("sh", "-c", placed(line, tmp_path, watchers), cwd=root)
                assert code == 0, f"{line}\n{told}"
                assert "query instant" not in line or re.search(r"=> \d+ @", told), f"{line}\n{told}"
        assert {rule["name"] for rule in found} == alerts(root) | recorded(root)
        assert [(rule["name"], rule["lastError"]) for rule in found if rule["health"] != "ok"] == []
        assert watchers.firing() == {"GatewayRowParked", "GatewayMoneyToLookAt"}
        wanted = {
            ("/page", "GatewayRowParked", "gateway"),
            ("/page", "GatewayRowParked", "made-up"),
            ("/ticket", "GatewayMoneyToLookAt", "gateway"),
        }
        watchers.until(lambda: wanted <= watchers.pager.rung)
        assert watchers.pager.rung == wanted
        assert exposed() - RELOADED <= {*watchers.ask("label/__name__/values")}
        books = "".join(path.read_text("utf-8") for path in (root / "deploy" / "runbooks").glob("*.md"))
        queries = [*panels_ask(board(root)), *blocks(books, "promql")]
        assert [each for each in queries if watchers.ask("query", query=each) is None] == []
    finally:
        watchers.stop()


def placed(line: str, etc: Path, watchers: Watchers) -> str:
    """A command of the page with this machine's places."""
    line = line.replace("127.0.0.1:9090", watchers.prometheus).replace("127.0.0.1:9093", watchers.alertmanager)
    return line.replace("/etc/prometheus", str(etc))


def test_its_links_lead_somewhere(section: str, root: Path) -> None:
    """Every file that the page names is there."""
    links = re.findall(r"\]\(([^)#]+)\)", section)
    assert {"metrics.md", "runbooks/", "grafana/gateway.json"} <= {*links}
    assert [link for link in links if not (root / "deploy" / link).exists()] == []

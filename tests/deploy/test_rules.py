"""The rules for Prometheus and the routes for Alertmanager, by the real tools."""

import re
from pathlib import Path

import pytest

from gateway.exchange.journey import ALERTS
from tests.deploy.promql import RULE, alerts, exposed, named, recorded, rules, run

#: Whose alert watches a gauge, or another counter, that says the same.
WATCHED_OTHERWISE = {"parked": "GatewayRowParked", "bug": "GatewayBug"}
CASE = re.compile(r"alertname: (\S+)\n +exp_alerts:( \[\])?\n")


def expressions(text: str) -> dict[str, list[str]]:
    """Those of every rule, by its name."""
    found: dict[str, list[str]] = {}
    _, *parts = RULE.split(text)
    for name, body in zip(parts[1::3], parts[2::3], strict=True):
        found.setdefault(name, []).append(body)
    return found


@pytest.mark.needs("promtool")
def test_prometheus_can_read_them(root: Path) -> None:
    """The rules, without a finding of the linter, and the configuration that names them."""
    folder = root / "deploy" / "prometheus"
    code, told = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *map(str, folder.glob("rules/*.yml")))
    assert code == 0, told
    code, told = run("promtool", "check", "config", str(folder / "prometheus.yml"))
    assert code == 0, told


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("name", ["slo", "slo_days", "money", "running"])
def test_every_alert_fires_and_is_silent(name: str, root: Path) -> None:
    """The cases of deploy/prometheus/tests."""
    code, told = run("promtool", "test", "rules", str(root / f"deploy/prometheus/tests/{name}.yml"))
    assert code == 0, told


def test_every_alert_has_a_case_of_each_kind(root: Path) -> None:
    """One that fires and one that does not; and no file of cases is forgotten above."""
    paths = sorted((root / "deploy/prometheus/tests").glob("*.yml"))
    assert {path.stem for path in paths} == {"slo", "slo_days", "money", "running"}
    found = [case for path in paths for case in CASE.findall(path.read_text("utf-8"))]
    assert {name for name, silent in found if not silent} == alerts(root)
    assert {name for name, silent in found if silent} == alerts(root)


def test_they_name_what_there_is(root: Path) -> None:
    """No alert waits for a metric that nobody makes, or that nobody records."""
    text = "".join(rules(root).values())
    assert named(text) - exposed() == set()
    assert {*re.findall(r"[a-z_]+:[a-z_]+:[a-z0-9_]+", text)} == recorded(root)


def test_every_kind_of_alert_of_the_gateway_is_alerted(root: Path) -> None:
    """What an operator must look at, no operator must look for."""
    patterns = re.findall(r'gateway_alerts\S*\{kind=~?"([^"]+)"\}', "".join(rules(root).values()))
    assert {kind for kind in ALERTS if not any(re.fullmatch(pattern, kind) for pattern in patterns)} == {
        *WATCHED_OTHERWISE
    }
    assert {*WATCHED_OTHERWISE.values()} <= alerts(root)


def test_every_alert_says_whom_it_wakes_and_what_to_do(root: Path) -> None:
    """A page or a ticket, one sentence, one runbook of the alert's own name; and no runbook without an alert."""
    for text in rules(root).values():
        for name, bodies in expressions(text).items():
            if ":" in name:
                continue
            for body in bodies:
                assert re.search(r"(?m)^ +severity: (page|ticket)$", body), name
                assert re.search(r"(?m)^ +summary: >-\n +\S", body), name
                assert f"/{name}.md\n" in body, name
    assert {path.stem for path in (root / "deploy/runbooks").glob("*.md")} == alerts(root)


@pytest.mark.needs("amtool")
def test_alertmanager_can_read_its_routes(root: Path) -> None:
    """And wakes somebody for a page, for nothing else."""
    path = str(root / "deploy" / "alertmanager" / "alertmanager.yml")
    code, told = run("amtool", "check-config", path)
    assert code == 0, told
    for severity, receiver in (("page", "pager"), ("ticket", "tickets")):
        words = ["amtool", "config", "routes", "test", "--config.file", path, f"severity={severity}"]
        code, told = run(*words, f"--verify.receivers={receiver}")
        assert code == 0, told


def test_nothing_about_money_is_inhibited(root: Path) -> None:
    """Only the burning of a budget, and a key's ticket beside its page."""
    text = (root / "deploy" / "alertmanager" / "alertmanager.yml").read_text("utf-8")
    targets = re.findall(r'target_matchers: \[alertname=~?"([^"]+)"', text)
    held = {name for target in targets for name in target.split("|")}
    assert held == {"GatewayErrorBudgetBurn", "GatewayProviderFailing", "GatewayKeyNearItsEnd"}

"""The dashboard: the committed JSON is what the script makes, and every expression can be asked."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.documents import board, panels_ask
from tests.deploy.promql import alerts, complaints, exposed, named, recorded

ROWS = [
    "Is money moving?", "Which dialect?", "Which outcome?", "Ours, or the wallet's?", "Which instance?",
    "Which table version?",
]  # fmt: skip


@pytest.fixture(scope="module")
def committed(root: Path) -> dict[str, Any]:
    """As Grafana gets it."""
    return board(root)


def test_it_is_what_the_script_makes(root: Path, committed: dict[str, Any]) -> None:
    """python deploy/grafana/dashboard.py writes it anew."""
    made = runpy.run_path(str(root / "deploy" / "grafana" / "dashboard.py"))["dashboard"]()
    assert committed == made


def test_its_rows_stand_in_the_order_in_which_one_asks(committed: dict[str, Any]) -> None:
    """Each has panels; none lies over another, and each has a number of its own."""
    panels = committed["panels"]
    assert [panel["title"] for panel in panels if panel["type"] == "row"] == ROWS
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells


@pytest.mark.needs("promtool")
def test_every_expression_can_be_asked(committed: dict[str, Any], root: Path, tmp_path: Path) -> None:
    """By promtool, of metrics that exist or that the rules record."""
    asked = panels_ask(committed)
    assert not any("$" in each for each in asked)
    assert complaints(asked, tmp_path) == ""
    text = "\n".join(asked)
    assert named(text) <= exposed()
    assert {*re.findall(r"[a-z_]+:[a-z_]+:[a-z0-9_]+", text)} <= recorded(root)


def test_every_panel_leads_to_a_runbook_and_every_runbook_has_a_panel(committed: dict[str, Any], root: Path) -> None:
    """No link leads nowhere, no alert is explained by nothing."""
    links = {panel["title"]: panel["links"] for panel in committed["panels"] if panel["type"] != "row"}
    assert [title for title, found in links.items() if not found] == []
    led = {re.sub(r"^\$\{runbooks\}/(\w+)\.md$", r"\1", each["url"]) for found in links.values() for each in found}
    assert led == alerts(root)

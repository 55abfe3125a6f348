"""A runbook for each alert: four sections, commands that run, queries that Prometheus can read, links that lead on."""

import re
from pathlib import Path

import pytest

from tests.cli.served import Served
from tests.deploy.documents import Reader, blocks
from tests.deploy.promql import alerts, complaints, exposed, named, recorded

SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]


@pytest.fixture(scope="module")
def books(root: Path) -> dict[str, str]:
    """Every runbook's text by its name."""
    return {path.stem: path.read_text("utf-8") for path in sorted((root / "deploy" / "runbooks").glob("*.md"))}


def test_each_has_its_four_sections(books: dict[str, str], root: Path) -> None:
    """In their order, under the alert's name; and at least one thing to type."""
    assert {*books} == alerts(root)
    for name, text in books.items():
        assert text.startswith(f"# {name}\n"), name
        assert re.findall(r"(?m)^## (.+)$", text) == SECTIONS, name
        assert blocks(text, ""), name
        assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120, name


def test_their_links_lead_somewhere(books: dict[str, str], root: Path) -> None:
    """To other runbooks, and to sections of the page above."""
    for name, text in books.items():
        for path, section in re.findall(r"\]\(([^)#]+)#?([^)]*)\)", text):
            target = root / "deploy" / "runbooks" / path
            assert target.is_file(), (name, path)
            titles = re.findall(r"(?m)^#+ (.+)$", target.read_text("utf-8"))
            assert not section or section in {title.lower().replace(" ", "-") for title in titles}, (name, section)


@pytest.mark.needs("promtool")
def test_their_queries_can_be_asked(books: dict[str, str], root: Path, tmp_path: Path) -> None:
    """By promtool, and of metrics that exist."""
    queries = [line for text in books.values() for line in blocks(text, "promql")]
    assert complaints(queries, tmp_path) == ""
    assert named("\n".join(queries)) <= exposed() | recorded(root)


@pytest.mark.needs("promtool", "curl")
def test_their_commands_run(books: dict[str, str], root: Path, tmp_path: Path) -> None:
    """Each, in its order, beside a gateway that serves; where one speaks of a row, there is a parked one.

    What stands in several runbooks, and speaks of no row, runs once.
    """
    failed, known = [], set()
    with Served(tmp_path) as served:
        reader = Reader(served, root)
        for name, text in books.items():
            lines = blocks(text, "")
            transaction = reader.park() if re.search(r"\b(KEY|TRANSACTION)\b", "\n".join(lines)) else ""
            for line in lines:
                if line in known:
                    continue
                if "KEY" not in line and "TRANSACTION" not in line:
                    known.add(line)
                code, told = reader.type(line, transaction)
                if code or "Traceback" in told:
                    failed.append(f"{name}: {line}\n{code}: {told}")
    assert failed == []

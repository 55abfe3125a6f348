"""The README's pictures: there, small, and made by deploy/pictures/draw.py."""

import re
import runpy
import struct
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

SAID = """\
gateway 0.1.0: 2 dialects checked in 5 ms
port 8080 is taken: callbacks listens on 8084

playing 3 conversations; a silent wallet takes its time

155io    honest bet      bet 150000 > wallet: bet 1.50 EUR > ok
                         SUCCESS balance 9850000; HTTP 200, 4.0 ms; and then: book it
evenbet  honest bet      bet 150000 > wallet: bet 1.50 EUR > ok
                         0; HTTP 200, 4.0 ms; and then: book it
evenbet  forged          bet 150000 > wallet: (not asked) > -
                         2; HTTP 200, 0.3 ms; and then: give up

all 3 conversations are as their tables and examples say

the other direction: the platform asks, a provider made of each table answers

dialect platform asked
155io   launch_game
evenbet launch_game

2 of 2 requests are answered as their tables say"""
SHOWN = """\
gateway 0.1.0: 2 dialects checked in 5 ms

playing 3 conversations; a silent wallet takes its time

155io    honest bet      bet 150000 > wallet: bet 1.50 EUR > ok
                         SUCCESS balance 9850000; HTTP 200, 4.0 ms; and then: book it
... and 2 of other dialects

all 3 conversations are as their tables and examples say

the other direction: the platform asks, a provider made of each table answers

dialect platform asked
155io   launch_game
... and 1 of other dialects

2 of 2 requests are answered as their tables say"""


@pytest.fixture
def draw(root: Path) -> dict[str, Any]:
    """The script."""
    return runpy.run_path(str(root / "deploy" / "pictures" / "draw.py"))


def size(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG."""
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_the_readme_shows_them(root: Path) -> None:
    """Both, each under 200 kB, so that a clone stays small."""
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (root / "README.md").read_text("utf-8"))
    assert shown == ["deploy/pictures/demo.png", "deploy/pictures/bench.png"]
    for name in shown:
        assert (root / name).stat().st_size < 200_000
        assert min(size(root / name)) > 400
    assert "deploy/pictures/draw.py" in (root / "Makefile").read_text("utf-8")


def test_what_is_left_out_is_said(draw: dict[str, Any]) -> None:
    """Rows of other dialects only, counted by conversation; of this machine's own ports nothing is told."""
    shown = draw["excerpt"]([Text(line) for line in SAID.splitlines()])
    assert "\n".join(text.plain for text in shown) == SHOWN


@pytest.mark.needs("chromium")
def test_a_terminal_is_drawn(draw: dict[str, Any], tmp_path: Path) -> None:
    """By Debian's Chromium; nothing is fetched, so the font is one of this machine's."""
    picture = tmp_path / "terminal.png"
    draw["terminal"](picture, [Text(line) for line in SHOWN.splitlines()])
    width, height = size(picture)
    assert width == draw["PIXELS"]
    assert 200 < height < width
    assert picture.stat().st_size > 10_000, "an empty page would be smaller"

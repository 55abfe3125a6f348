"""The pictures of the README: `make pictures`, or `make pictures ARGS=build/bench/full.json` for other results.

What the demo prints, as a terminal shows it (by Debian's Chromium), and what the bench measured (by the plot of
tests/bench, in the bench's own environment). What cannot be drawn here is said, and its picture is left as it was.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from tests.bench.environment import tools_folder

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: Whose rows are shown; the others would fill a page.
SHOWN = ("155io ", "abstrapay ")
#: A terminal's columns.
WIDE = 110
PIXELS = 880


def demo() -> list[Text]:
    """What `gateway demo --once` prints on a terminal."""
    env = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(WIDE), "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gateway", "demo", "--once"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    return [Text.from_ansi(line) for line in done.stdout.splitlines()]


def excerpt(lines: list[Text]) -> list[Text]:
    """Its own lines, and the rows of some dialects; what is left out is said in its place."""
    made: list[Text] = []
    begun, rows, left = "", False, 0
    for line in lines:
        if re.match(r"port \d+ is taken", line.plain):  # on the machine that draws it
            continue
        rows = rows or line.plain.startswith("playing ")
        if line.plain.strip() and not line.plain.startswith(" "):
            begun = line.plain
        of_table = (
            rows and bool(line.plain.strip()) and not begun.startswith(("playing ", "all ", "the other ", "request"))
        )
        if of_table and not begun.startswith(SHOWN) and not re.match(r"\d+ of \d+ |dialect ", begun):
            left += not line.plain.startswith(" ")
            continue
        if left and not line.plain.strip():
            made.append(Text(f"... and {left} of other dialects", style="dim italic"))
            left = 0
        line.rstrip()
        made.append(line)
    return made


def terminal(picture: Path, lines: list[Text]) -> None:
    """The picture of a terminal with these lines."""
    browser = shutil.which("chromium")
    if browser is None:
        print("no chromium here (Debian's chromium): the terminal is not drawn")
        return
    console = Console(record=True, width=WIDE, file=io.StringIO())
    for text in lines:
        console.print(text, no_wrap=True, overflow="ellipsis")
    # No font is fetched from anywhere: the machine's own.
    svg = console.export_svg(
        title="gateway demo --once", theme=SVG_EXPORT_THEME,
        code_format=re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
            "Fira Code", "DejaVu Sans Mono"
        ),
    )  # fmt: skip
    found = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', svg)
    assert found is not None
    width, height = PIXELS, round(PIXELS * float(found[2]) / float(found[1]))
    page = f"<!doctype html><body style='margin:0;background:#fff'>{svg.replace('<svg ', f'<svg width={width} ', 1)}"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(page, "utf-8")
        shot = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--disable-lcd-text",
            f"--user-data-dir={folder}/profile",
        ]
        shot += [f"--window-size={width},{height}", f"--screenshot={picture}", f"file://{folder}/page.html"]
        subprocess.run([browser, *shot], check=True, capture_output=True, timeout=120)
    said(picture)


def plot(picture: Path, results: Path | None) -> None:
    """The picture of the bench's results: those named, else the newest in build/bench."""
    newest = sorted((ROOT / "build" / "bench").glob("*.json"), key=lambda path: path.stat().st_mtime)
    results = results or (newest[-1] if newest else None)
    python = tools_folder() / "python" / "bin" / "python"
    if results is None or not python.exists():
        print("no results of the bench here, or none of its tools: make bench; its picture is left as it was")
        return
    command = [str(python), str(ROOT / "tests" / "bench" / "plot.py"), str(results), str(picture)]
    subprocess.run(command, check=True)
    said(picture)


def said(picture: Path) -> None:
    """Tell what was written, and how large it is."""
    print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    terminal(HERE / "demo.png", excerpt(demo()))
    plot(HERE / "bench.png", Path(sys.argv[1]) if sys.argv[1:] else None)

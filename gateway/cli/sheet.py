"""A page of headings, paragraphs, tables and code, written once and shown as plain text or as Markdown.

On a terminal, headings are bold; piped, or under NO_COLOR, the text is plain. Nothing in it is read as markup.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from textwrap import fill, indent
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 120  # columns where nobody tells us the terminal's
WORD = 36  # characters of a first cell's longest word that is not broken
SheetFormat = Literal["text", "markdown"]


@dataclass
class _Heading:
    text: str
    level: int


@dataclass
class _Prose:
    text: str


@dataclass
class _Items:
    texts: list[str]


@dataclass
class _Table:
    columns: Sequence[str]
    rows: list[list[str]]


@dataclass
class _Code:
    text: str


_Block = _Heading | _Prose | _Items | _Table | _Code


@dataclass
class Sheet:
    """Blocks in order; each method adds one."""

    blocks: list[_Block] = field(default_factory=list)

    def heading(self, text: str, level: int = 2) -> None:
        """A heading; level 1 is the page's own."""
        self.blocks.append(_Heading(text, level))

    def say(self, text: str) -> None:
        """A paragraph."""
        self.blocks.append(_Prose(text))

    def items(self, texts: Iterable[str]) -> None:
        """A list; nothing when it is empty."""
        if found := list(texts):
            self.blocks.append(_Items(found))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table; nothing when it has no rows."""
        if found := [list(row) for row in rows]:
            self.blocks.append(_Table(columns, found))

    def code(self, text: str) -> None:
        """Lines shown as they stand."""
        self.blocks.append(_Code(text))

    def markdown(self) -> str:
        """The page as Markdown (GitHub's tables)."""
        return "\n\n".join(_marked(block) for block in self.blocks) + "\n"

    def show(self, form: SheetFormat = "text") -> None:
        """Print it."""
        if form == "markdown":
            print(self.markdown(), end="")
            return
        out = console()
        for number, block in enumerate(self.blocks):
            if number and _apart(self.blocks[number - 1], block):
                out.print()
            _shown(out, block)


def console(*, stderr: bool = False) -> Console:
    """A console that colours only on a terminal without NO_COLOR, and is 120 columns wide when piped."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream, width=None if stream.isatty() else PLAIN_WIDTH, highlight=False, markup=False, emoji=False
    )


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table without lines around it, its header set off."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    rows = [list(row) for row in rows]
    words = [word for row in rows for word in row[0].split()]
    narrow = min(max(map(len, words), default=0), WORD)
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", min_width=None if number else narrow)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _apart(above: _Block, block: _Block) -> bool:
    """Is there an empty line between them? Not below a heading, nor between a sentence and its list."""
    if isinstance(above, _Heading):
        return isinstance(block, _Heading)
    return not (isinstance(above, _Prose) and isinstance(block, _Items))


def _shown(out: Console, block: _Block) -> None:
    if isinstance(block, _Heading):
        out.print(Text(block.text, style="bold"))
        if block.level == 1:
            out.print("=" * len(block.text))
    elif isinstance(block, _Prose):
        print(
            fill(block.text, min(out.width, PLAIN_WIDTH), break_on_hyphens=False, break_long_words=False), file=out.file
        )
    elif isinstance(block, _Items):
        width = min(out.width, PLAIN_WIDTH)
        for text in block.texts:
            lines = fill(text, width, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False,
                         break_long_words=False)  # fmt: skip
            print(lines, file=out.file)
    elif isinstance(block, _Table):
        _tabled(out, plain_table(block.columns, block.rows))
    else:
        print(indent(block.text, "    "), file=out.file)


def _tabled(out: Console, table: Table) -> None:
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as written:
        out.print(table)
    for line in written.get().splitlines():
        print(line.rstrip(), file=out.file)


def _marked(block: _Block) -> str:
    if isinstance(block, _Heading):
        return f"{'#' * block.level} {block.text}"
    if isinstance(block, _Prose):
        return block.text
    if isinstance(block, _Items):
        return "\n".join(f"- {text}" for text in block.texts)
    if isinstance(block, _Table):
        lines = [block.columns, ["---"] * len(block.columns), *block.rows]
        return "\n".join(
            "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in lines
        )
    return f"```\n{block.text}\n```"

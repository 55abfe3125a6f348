"""The page of each complaint's code: what it means, why it is refused, how to put it right, an example.

The pages stand in `errors.toml` beside this file, one section per code; `gateway explain-error GW104` prints one.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from textwrap import fill, indent

from gateway.dialect.problems import suggest


@dataclass(frozen=True)
class Page:
    """*title* is one line, *why* and *remedy* prose, *example* lines to be shown as they stand (may be empty)."""

    code: str
    title: str
    why: str
    remedy: str
    example: str = ""

    def __str__(self) -> str:
        parts = [f"{self.code}: {self.title}", _prose(self.why), f"How to put it right\n\n{_prose(self.remedy)}"]
        if self.example:
            parts.append(f"Example\n\n{indent(self.example.rstrip(), '    ')}")
        return "\n\n".join(parts) + "\n"


@cache
def pages() -> dict[str, Page]:
    """Every page, by code, in the order of the codes."""
    text = (files("gateway.dialect") / "errors.toml").read_text("utf-8")
    return {code: Page(code, **section) for code, section in sorted(tomllib.loads(text).items())}


def explain(code: str) -> str:
    """The page of *code* as plain text, letter case aside. Raises LookupError, with a sentence, when there is none."""
    page = pages().get(code.upper())
    if page is None:
        near = suggest(code.upper(), pages())
        raise LookupError(f'no complaint has the code "{code}"' + (f": {near}" if near else ""))
    return str(page)


def _prose(text: str) -> str:
    return "\n\n".join(fill(" ".join(paragraph.split()), 100) for paragraph in text.strip().split("\n\n"))

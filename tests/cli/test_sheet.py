"""Pages: the same blocks as plain text and as Markdown, nothing of them read as markup."""

import pytest

from gateway.cli.sheet import Sheet
from gateway.cli.words_apart import apart


@pytest.fixture
def sheet() -> Sheet:
    sheet = Sheet()
    sheet.heading("Page", 1)
    sheet.say("A sentence with [red]brackets[/red].")
    sheet.items(["one", "two"])
    sheet.heading("Table")
    sheet.table(("a", "b"), [("1|2", "[bold]x")])
    sheet.code("$ code")
    sheet.table(("never",), [])
    return sheet


def test_text(sheet: Sheet, capsys: pytest.CaptureFixture[str]) -> None:
    """Plain, aligned, no blanks at line ends, no empty table."""
    sheet.show()
    expected = """\
Page
====
A sentence with [red]brackets[/red].
  - one
  - two

Table
a     b
─────────────
1|2   [bold]x

    $ code
"""
    assert capsys.readouterr().out == expected


def test_markdown(sheet: Sheet) -> None:
    """GitHub's tables, bars escaped."""
    expected = """\
# Page

A sentence with [red]brackets[/red].

- one
- two

## Table

| a | b |
| --- | --- |
| 1\\|2 | [bold]x |

```
$ code
```
"""
    assert sheet.markdown() == expected


def test_words_apart() -> None:
    """Only the words that differ are marked, numbers whole."""
    gone, come = apart('{"balance":98.50,"a":1}', '{"balance":98.51,"a":1,"b":2}')
    assert str(gone) == '{"balance":[-98.50-],"a":1}'
    assert str(come) == '{"balance":{+98.51+},"a":1{+,"b":2+}}'
    assert str(apart("same", "same")[0]) == "same"

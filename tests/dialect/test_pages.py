"""Every complaint has its page, and a page is plain text."""

import re
from pathlib import Path

import pytest

import gateway
from gateway.dialect.pages import Page, explain, pages


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    """A code that the sources use is explained, whole; a page that no source uses is dead."""
    sources = Path(gateway.__path__[0]).rglob("*.py")
    used = {code for path in sources for code in re.findall(r'"(GW\d{3})"', path.read_text("utf-8"))}
    assert used == set(pages())
    for page in pages().values():
        assert all(text.strip() for text in (page.title, page.why, page.remedy)), page.code
        assert "\n" not in page.title
        assert page.title[0].islower() or page.title[0] in '"`[', page.code


def test_a_page_without_an_example() -> None:
    """The example may be left out; then its heading is, too."""
    text = str(Page("GW900", "title", "First.\n\nSecond.", "Do it."))
    assert text == "GW900: title\n\nFirst.\n\nSecond.\n\nHow to put it right\n\nDo it.\n"


def test_a_page_is_plain_text() -> None:
    """Title, reason, remedy and example in this order, by any letter case; an unknown code gets a suggestion."""
    text = explain("gw001")
    assert text == str(pages()["GW001"])
    assert text.startswith("GW001: the file is not TOML\n\nThe file cannot be read")
    assert text.index("How to put it right\n\n") < text.index("Example\n\n    # wrong")
    assert max(map(len, text.split("\n"))) <= 100
    with pytest.raises(LookupError, match=r'no complaint has the code "GW0001": did you mean "GW001"\?'):
        explain("GW0001")
    with pytest.raises(LookupError, match=r'no complaint has the code "bet"$'):
        explain("bet")

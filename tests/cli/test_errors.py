"""`gateway explain-error`: the page of a code."""

from gateway.dialect.pages import pages
from tests.cli.conftest import Gateway


def test_a_page(gateway: Gateway) -> None:
    """Letter case aside, with its title and its remedy."""
    code = next(iter(pages()))
    ended = gateway("explain-error", code.lower())
    assert ended.code == 0
    assert ended.out.startswith(f"{code}: {pages()[code].title}\n")
    assert "How to put it right" in ended.out


def test_an_unknown_code_names_the_nearest(gateway: Gateway) -> None:
    """Misuse, with the code that was probably meant."""
    code = next(iter(pages()))
    ended = gateway("explain-error", code + "0")
    assert (ended.code, ended.out) == (2, "")
    assert f'did you mean "{code}"?' in ended.err


def test_all_codes(gateway: Gateway) -> None:
    """Without a code: all of them, a line each."""
    assert [line.split()[0] for line in gateway("explain-error").out.splitlines()] == list(pages())

"""`gateway explain-error GW104`: the page of a complaint's code."""

from gateway.cli.exits import Misuse
from gateway.dialect.pages import explain, pages


def explain_error(code: str = "", /) -> None:
    """What a complaint means, why it is refused and how to put it right.

    Parameters
    ----------
    code
        A code such as GW104; without one, all codes with their titles.
    """
    if not code:
        for page in pages().values():
            print(f"{page.code}  {page.title}")
        return
    try:
        print(explain(code), end="")
    except LookupError as error:
        raise Misuse(f"{error.args[0]} (`gateway explain-error` lists all)") from None

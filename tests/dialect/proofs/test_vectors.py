"""Proof 6, the signatures: every published vector verifies, with the section it stands in."""

import hashlib
import hmac

from tests.dialect.made import complaints

KEY = "published-key"


def vector(secret: str, body: str = "{}") -> str:
    """A vector of a raw body, signed with *secret*."""
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return f'vectors = [{{ raw = \'{body}\', secret = "{KEY}", gives = "{signature}" }}]'


def test_a_vector_that_verifies() -> None:
    """Of the shared section, and of an operation's own."""
    assert complaints("[request.signature]\n" + vector(KEY)) == []
    assert complaints("[operations.bet.signature]\n" + vector(KEY)) == []


def test_a_vector_that_does_not() -> None:
    """GW118 at the vector, wherever it stands."""
    assert complaints("[request.signature]\n" + vector("another"))[0][0] == "GW118"
    found = complaints("[operations.bet.signature]\n" + vector("another"))
    assert [code for code, _ in found] == ["GW118"]
    assert found[0][1].startswith("operations.bet.signature.vectors")


def test_vectors_of_a_recipe_that_is_none() -> None:
    """The recipe is told once; its vectors are not judged."""
    found = complaints('[request.signature]\nrecipe = "none-such"\n' + vector(KEY))
    assert [code for code, _ in found] == ["GW117"]

"""The last words of an account are made before anything is served, and they are the dialect's own."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.exchange.parties import Provider
from gateway.wire.opened import Opened
from tests.dialect import made
from tests.exchange.accounts import made_account
from tests.exchange.clock import START
from tests.exchange.driving import PROMISES, World, account, wallet_side
from tests.exchange.shipped import DIALECTS


@pytest.mark.parametrize("name", DIALECTS)
def test_every_operation_has_its_last_words(name: str) -> None:
    """`internal_error` and `unknown` of each operation, `internal_error` of the unread: HTTP 200, signed where due."""
    provider, caller = account(name)
    wanted = {(variant, outcome) for variant in provider.dialect.variants
              for outcome in (Outcome.INTERNAL_ERROR, Outcome.UNKNOWN)} | {(None, Outcome.INTERNAL_ERROR)}  # fmt: skip
    assert set(provider.last_words) == wanted
    for key, response in provider.last_words.items():
        assert response is not None
        if provider.dialect.said[key].answer.transport:  # a bare status is all that it says
            assert (response.status, response.body) == (500, b"")
            continue
        assert response.status == 200
        assert isinstance(Opened(response).body, dict)
        if caller.answer is not None:
            caller.answer.check(Opened(response), START)


def test_what_cannot_be_made_is_found_at_start() -> None:
    """A failure while the last words are made is raised, not served."""
    provider, _ = account("155io")

    class Mute(Dialect):
        def write_answer(self, *given: Any) -> Any:
            raise ValueError("no words")

    mute = Mute(**{each.name: getattr(provider.dialect, each.name) for each in fields(Dialect) if each.init})
    with pytest.raises(ValueError, match="no words"):
        replace(provider, dialect=mute).prepared(START)


def test_preparing_keeps_the_account() -> None:
    """Name, id, mount and settings stay as they are."""
    provider, _ = account("scorpio")
    bare = Provider("a", "b", "/c", provider.dialect, provider.keys, {"currency": "EUR"})
    made = bare.prepared(START)
    assert (made.name, made.journal_id, made.mount, made.settings) == ("a", "b", "/c", {"currency": "EUR"})
    assert made.last_words
    assert not bare.last_words


def test_a_renamed_account_keeps_its_rows() -> None:
    """Keys are made of the journal's id, never of the name."""
    world = World("scorpio")
    world.tell(world.request(Operation.BET))
    world.provider = replace(world.provider, name="renamed", mount="/renamed")
    assert world.tell(world.request(Operation.BET)).outcome is Outcome.ALREADY_DONE
    assert wallet_side()[0].promises == PROMISES


def test_the_time_of_the_last_words_is_that_of_their_making() -> None:
    """A table whose every answer tells the time can be served, and says one even if all else fails."""
    told = '[answers]\nbody = \'\'\'{"code": "$code", "text": "$message", "at": "$now"}\'\'\'\n'
    provider, _ = made_account(made.dialect(told))
    words = provider.prepared(START).last_words["bet", Outcome.UNKNOWN]
    assert words is not None
    assert datetime.fromisoformat(Opened(words).body["at"]).timestamp() == START

"""Every answer that a table documents, for every request of every table, through the listener on real sockets."""

import pytest

from gateway.canon.outcomes import Moved
from gateway.canon.requests import CREATES, Ask, Result
from gateway.dialect.shelf import Shelf
from tests.asked.stage import Stage, given, table

TABLES = [name for name in Shelf().names if Shelf().dialect(name).outbound is not None]
REQUESTS = [(name, ask) for name in TABLES for ask in table(name).forms]


def test_the_tables_that_ask() -> None:
    """So that a table that lost its section is missed."""
    assert {"155io", "abstrapay", "evenbet", "payfield"} <= {*TABLES}


@pytest.mark.parametrize(("dialect", "name"), REQUESTS)
async def test_every_documented_answer(dialect: str, name: Ask) -> None:
    """Heard as its row says, with the provider's own code and words beside; 5xx is a doubt whatever they are."""
    async with Stage(dialect) as stage:
        for number, row in enumerate(table(dialect).forms[name].rows):
            facts = given(dialect, name)
            if "reference" in facts:
                facts["reference"] = f"r-{number}"
            stage.provider.meets(row)
            told = await stage.ask(name, facts)
            doubt = row.result is Result.UNKNOWN or (row.answer.http or 0) >= 500
            assert told["result"] == (Result.UNKNOWN if doubt else row.result), (row, told)
            assert told["done"] == Result(told["result"]).done.value
            assert told["ending"] == ("unknown" if doubt else "heard")
            assert told["theirs"]["code"] == row.answer.code or row.answer.code is None
            if row.answer.message_starts:
                assert told["theirs"]["message"].startswith(row.answer.message_starts)
            if name in CREATES and row.result.done is Moved.NO:
                held = stage.row(name, facts["reference"])
                assert held is not None
                assert held.unapplied
        assert stage.provider.books.forged == 0


@pytest.mark.parametrize(("dialect", "name"), REQUESTS)
async def test_a_success(dialect: str, name: Ask) -> None:
    """What was asked arrives as it was given, signed, and the answer's facts come back."""
    async with Stage(dialect) as stage:
        facts = given(dialect, name)
        if name in (Ask.PAYOUT_STATUS, Ask.PAYIN_STATUS):
            create = Ask.CREATE_PAYOUT if name is Ask.PAYOUT_STATUS else Ask.CREATE_PAYIN
            facts = {**facts, "reference": given(dialect, create)["reference"]}
            await stage.ask(create, given(dialect, create))
        told = await stage.ask(name, facts)
        assert told["http"] == 200
        assert (told["result"], told["ending"], told["done"]) == ("ok", "heard", "yes"), told
        assert stage.provider.books.forged == 0

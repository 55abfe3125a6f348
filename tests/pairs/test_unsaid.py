"""What the stories of pairs leave out is named by `gateway loss`, and by start-up where it would cost money."""

import re
from contextlib import redirect_stdout
from functools import cache
from io import StringIO

import pytest

from gateway.canon.operations import Operation
from gateway.cli.loss_between import reasons, said, together
from gateway.cli.sheet import Sheet
from gateway.dialect.problems import Problem
from gateway.dialect.proofs.pairs import prove_pair
from gateway.dialect.shelf import Shelf
from tests.exchange.driving import dialect
from tests.pairs.stage import PAIRS, TABLES, Pair, asked, promises

#: Every operation that the stories play, as `Pair.can` is asked for it.
PLAYED = (
    Operation.BALANCE, Operation.AUTHENTICATE, Operation.PLAYER, Operation.BET, Operation.WIN, Operation.BET_WIN,
    Operation.PROMO_WIN, Operation.ROLLBACK, Operation.ROLLBACK_WIN, Operation.END_ROUND,
)  # fmt: skip


@cache
def refusals(provider: str, wallet: str) -> list[Problem]:
    """What start-up says of the pair."""
    return prove_pair(dialect(provider), dialect(wallet), promises(wallet))


@cache
def rows(provider: str, wallet: str) -> set[tuple[str, str, str]]:
    """The table "What cannot be asked" of the report, as Markdown shows it."""
    told = StringIO()
    with redirect_stdout(told):
        together(Sheet(), dialect(provider), dialect(wallet), refusals(provider, wallet)).show("markdown")
    part = told.getvalue().partition("## What cannot be asked, or not always")[2].partition("\n## ")[0]
    cells = [re.findall(r"[^|]+", line) for line in part.splitlines() if line.startswith("|")]
    return {(one.strip(), two.strip(), three.strip()) for one, two, three in cells[2:]}


@pytest.mark.parametrize("provider", TABLES)
def test_the_report_names_whatever_is_left_out(provider: str) -> None:
    """A row for each question that cannot always be asked, with each reason; and none for what can be."""
    for wallet in TABLES:
        due = {
            (each.form.name, said(each), text)
            for each in asked(provider, wallet)
            for text in reasons(dialect(wallet), each)
        }
        assert rows(provider, wallet) == due
        named = {(name, operation) for name, operation, _ in due}
        for each in asked(provider, wallet):
            assert ((each.form.name, said(each)) in named) is not each.sayable


@pytest.mark.parametrize("provider", TABLES)
def test_what_is_not_played_is_what_cannot_be_asked(provider: str) -> None:
    """Every operation that the provider has is either played in front of a wallet, or the report says why not."""
    for wallet in TABLES:
        reported = {(name, operation) for name, operation, _ in rows(provider, wallet)}
        pair = Pair(provider, wallet)
        for operation in PLAYED:
            question = pair.question(operation)
            if question is not None and not pair.can(operation):
                sent = dialect(wallet).instead.get(operation, (question.operation,))
                assert any((question.form.name, str(each)) in reported for each in sent)


@pytest.mark.parametrize("provider", TABLES)
def test_start_up_refuses_what_the_report_names(provider: str) -> None:
    """A pair with a row is refused, at the operation that has it; one without is served."""
    for wallet in TABLES:
        names = dialect(provider).variants.keys()  # an option's row stands under the option
        refused = {word for problem in refusals(provider, wallet) for word in problem.keypath if word in names}
        assert refused == {each.form.name for each in asked(provider, wallet) if not each.sayable}


def test_how_many_pairs_there_are() -> None:
    """The product is whole; how much of it can be served as it stands is told, and never less than our own wallet."""
    served = [pair for pair in PAIRS if all(each.sayable for each in asked(*pair))]
    assert len(PAIRS) == len(TABLES) ** 2
    assert {(name, "canonical") for name in TABLES} <= set(served)
    playing = [pair for pair in PAIRS if not {each.operation for each in asked(*pair) if each.never} & {Operation.BET}]
    left = {name: sorted(map(str, dialect(name).operations())) for name in Shelf().names if name not in TABLES}
    assert not any("win" in known or "rollback" in known for known in left.values())
    print(f"{len(PAIRS)} pairs, {len(served)} served as they stand, bets in {len(playing)}; without bets: {left}")

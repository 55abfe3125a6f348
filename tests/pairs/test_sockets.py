"""A handful of pairs over real sockets: a served gateway between a provider of one dialect and a wallet of another."""

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.caller import Caller
from gateway.sandbox.moods import Mood
from gateway.sandbox.wallet import Wallet
from tests.edge import test_app
from tests.edge.test_app import House, Served
from tests.exchange.driving import PROMISES
from tests.pairs.stage import false_secrets, promises

#: Wallets asked by GET, in a cipher, that sign their answers, whose code is the status, that name players by a token.
SOME = (
    ("155io", "groove"), ("155io", "blueocean"), ("155io", "hub88"), ("scorpio", "igamingace"),
    ("betbrothers", "scorpio-older"), ("100hp", "100hp"), ("evenbet", "evenbet"), ("155io", "155io"),
    ("jdb", "jdb"),
)  # fmt: skip


@pytest.fixture(params=SOME, ids="-".join)
def served(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The gateway of one pair; its wallet promises what its dialect has words for."""
    provider, wallet = request.param
    monkeypatch.setattr(test_app, "DIALECTS", {"acme": provider})
    house = House(tmp_path, wallet)
    kept = promises(wallet)
    changed = {f', "{word}"' if word != "idempotent" else '"idempotent", ': "" for word in PROMISES - kept}
    if not {"idempotent", "references"} <= kept:
        changed["[wallet]"] = "[wallet]\naccept_manual_resolution = true"
    return Served(house, **{old: changed[old] for old in sorted(changed)})


async def player(served: Served) -> tuple[Caller, Wallet]:
    """The provider after a player's login, where it has one, and the wallet."""
    caller = served.callers["acme"]
    if Operation.AUTHENTICATE in caller.dialect.operations():
        got = await caller.send(caller.call(Operation.AUTHENTICATE))
        assert got.reply.outcome is Outcome.OK, (got.response, got.why)
    return caller, served.wallet.wallet


async def test_a_bet_its_win_and_a_rollback(served: Served) -> None:
    """Each is booked at the wallet, in its own dialect, and told as done in the provider's."""
    async with served:
        caller, wallet = await player(served)
        bet = caller.call(Operation.BET, amount=Decimal("2.50"))
        got = await caller.send(bet)
        assert got.reply.outcome is Outcome.OK, (got.response, got.why, list(served.lines("callback")))
        assert wallet.balance("1001") == Decimal("97.50")
        win = caller.call(Operation.WIN, amount=Decimal("1.25"), reference=(str(bet.transaction),), round=bet.round)
        got = await caller.send(win)
        assert got.reply.outcome is Outcome.OK, (got.response, got.why)
        assert wallet.balance("1001") == Decimal("98.75")
        second = caller.call(Operation.BET, amount=Decimal("5.00"))
        await caller.send(second)
        assert wallet.balance("1001") == Decimal("93.75")
        undo = caller.call(Operation.ROLLBACK, reference=(str(second.transaction),), round=second.round)
        got = await caller.send(undo)
        assert got.reply.outcome is Outcome.OK, (got.response, got.why)
        assert wallet.balance("1001") == Decimal("98.75")
        assert wallet.audit() == ()


async def test_refused_repeated_and_forged(served: Served) -> None:
    """Too much is refused, a repeat counts once, another's signature reaches nobody."""
    async with served:
        caller, wallet = await player(served)
        got = await caller.send(caller.call(Operation.BET, amount=Decimal("999.00")))
        assert got.reply.outcome is Outcome.INSUFFICIENT_FUNDS, (got.response, got.why)
        bet = caller.call(Operation.BET, amount=Decimal("3.00"))
        await caller.send(bet)
        await caller.send(bet)
        assert wallet.balance("1001") == Decimal("97.00")
        asked = len(served.wallet.calls.lines())
        forged = caller.dialect.bind({**false_secrets()}, "sender")
        got = await caller.send(caller.call(Operation.BET, amount=Decimal("4.00")), forged)
        assert got.reply.outcome is not Outcome.OK
        assert len(served.wallet.calls.lines()) == asked
        assert wallet.balance("1001") == Decimal("97.00")


async def test_a_wallet_that_hangs_up_after_it_has_booked(served: Served) -> None:
    """No decline: a word after which the provider comes back, and the money has moved once at the most."""
    async with served:
        caller, wallet = await player(served)
        await caller.send(caller.call(Operation.BET, amount=Decimal("1.00")))
        served.wallet.moods.set(Mood.CLOSE_AFTER_BOOKING, operation=Operation.BET, count=2)
        bet = caller.call(Operation.BET, amount=Decimal("3.00"))
        await caller.send(bet)
        (line,) = list(served.lines("callback"))[-1:]
        assert line["outcome"] in ("unknown", "ok")
        assert {"final", "silent"}.isdisjoint(line["effect"]) or line["outcome"] == "ok"
        assert wallet.balance("1001") == Decimal("96.00")

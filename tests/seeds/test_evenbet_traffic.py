"""EvenBet's callbacks in use: the login reply, amounts, repeats, rollbacks, the mount, the wallet's side."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.dialect.conversations import Conversations
from gateway.dialect.shelf import Shelf
from gateway.edge.logs import Log
from gateway.edge.metrics import Metrics
from gateway.edge.server import Server
from gateway.edge.settings import ProviderPart
from gateway.wire.message import Heard, Response
from tests.seeds.stage import Stage
from tests.seeds.test_evenbet import PATHS, code, send


@pytest.fixture
def evenbet(stage: Callable[..., Stage]) -> Stage:
    """An account of this dialect as it comes."""
    return stage("evenbet")


# -- login, money, repeats


def test_the_login_reply_has_every_mandatory_field(evenbet: Stage) -> None:
    """A new session token, the balance, the currency and its precision, who and when; the country is optional."""
    reply = send(evenbet, "/login", token="L1").body
    mandatory = ["token", "balance", "currency", "nickname", "timestamp", "userId", "currencyPrecision"]
    assert list(reply) == mandatory
    assert reply["token"] not in ("L1", "")
    assert reply["balance"] == 10000
    assert reply["currency"] == "EUR"
    assert reply["userId"] == 1001
    assert reply["currencyPrecision"] == 2
    assert isinstance(reply["timestamp"], str)
    assert send(evenbet, "/balance", token=reply["token"]).body == {"balance": 10000}


@pytest.mark.parametrize(("currency", "precision", "minor"), [("JPY", 0, 250), ("KWD", 3, 250_000)])
def test_amounts_count_in_units_of_the_precision_that_login_told(
    evenbet: Stage, currency: str, precision: int, minor: int
) -> None:
    """Yen have no decimals and dinars three; a debit of all the money leaves nothing."""
    evenbet.sandbox.open_player("7", currency, 250, launch="L7", country="MT")
    reply = send(evenbet, "/login", token="L7").body
    assert (reply["currencyPrecision"], reply["balance"], reply["country"]) == (precision, minor, "MT")
    assert send(evenbet, "/debit", amount=minor, token=reply["token"]).body == {"balance": 0}


@pytest.mark.parametrize("player", ["ann", "007", "1e5"])
def test_a_player_id_that_is_no_integer_cannot_log_in(evenbet: Stage, player: str) -> None:
    """userId is an integer; what would be another player's as a number is not said: 900, and an alert."""
    evenbet.sandbox.open_player(player, "EUR", 5, launch="L7")
    scene = send(evenbet, "/login", token="L7")
    assert code(scene) == 900
    assert scene.journey.alerts == ["unfilled"]


def test_1000_and_1000_point_0_are_one_amount(evenbet: Stage) -> None:
    """The number may be typed as a float; a repeat that is typed otherwise is the same transaction."""
    assert send(evenbet, "/debit", amount=1000).body == {"balance": 9000}
    assert send(evenbet, "/debit", amount=1000.0).body == {"balance": 9000}
    assert evenbet.balance == Decimal("90.00")


@pytest.mark.parametrize(("callback", "balance"), [("/debit", 9500), ("/credit", 10000), ("/rollback", 10000)])
def test_a_repeat_is_a_success_that_moves_nothing(evenbet: Stage, callback: str, balance: int) -> None:
    """8 is obsolete: who repeats what was done hears the success again, word for word; the wallet is not asked."""
    send(evenbet, "/debit")
    first = send(evenbet, callback, "x1")
    assert first.body["balance"] == balance
    send(evenbet, "/debit", "d3", roundId="31")
    again = send(evenbet, callback, "x1")
    assert again.body == first.body, "with the balance of then"
    assert again.asked == []
    assert evenbet.balance * 100 == balance - 250


def test_the_same_id_with_other_content_is_a_wrong_parameter(evenbet: Stage) -> None:
    """An id is unique in the whole system: 400 and an alert, nothing moves, the wallet is not asked."""
    send(evenbet, "/debit")
    scene = send(evenbet, "/debit", amount=300)
    assert code(scene) == 400
    assert scene.journey.alerts == ["conflict"]
    assert scene.asked == []


def test_a_declined_debit_stays_declined_when_the_balance_rose(evenbet: Stage) -> None:
    """The id has its answer; only a new id can fare better."""
    assert code(send(evenbet, "/debit", "d1", 20_000)) == 1
    evenbet.sandbox.open_player("1001", "EUR", 500)
    assert code(send(evenbet, "/debit", "d1", 20_000)) == 1
    assert send(evenbet, "/debit", "d2", 20_000).body == {"balance": 30_000}


@pytest.mark.parametrize(("choice", "answer"), [("unknown", 4), ("done", None)])
def test_a_rollback_after_a_clean_decline_is_normal_traffic(
    stage: Callable[..., Stage], choice: str, answer: int | None
) -> None:
    """Callers send one after each failed debit: no alert and no money, 4 as documented or a success by option."""
    account = stage("evenbet", declined_debit=choice)
    send(account, "/debit", "d1", 99_999)
    scene = send(account, "/rollback", "r1", 99_999)
    assert code(scene) == answer
    assert scene.journey.alerts == []
    assert account.balance == Decimal("100.00")


def test_a_credit_can_be_rolled_back(evenbet: Stage) -> None:
    """A caller that failed to credit reverses the credit; its debit is open again."""
    send(evenbet, "/debit")
    send(evenbet, "/credit", "c1", 500, endRound=True)
    assert send(evenbet, "/rollback", "r1", 500, refTransactionId="c1").body == {"transactionId": "r1", "balance": 9750}
    assert send(evenbet, "/credit", "c2", 500, endRound=True).body == {"balance": 10250}


def test_a_second_rollback_of_one_debit_is_a_success_that_moves_nothing(evenbet: Stage) -> None:
    """There is no code for it, and the debit is reversed."""
    send(evenbet, "/debit")
    send(evenbet, "/rollback", "r1")
    assert send(evenbet, "/rollback", "r2").body == {"transactionId": "r2", "balance": 10000}


# -- where it stands, and the other side


async def test_the_documented_path_is_a_mount(evenbet: Stage) -> None:
    """Callers use /api/web/casino/providers/{name}/debit: the provider's mount, and the table's own path below it."""
    part = ProviderPart.model_validate({"dialect": "evenbet", "mount": "/api/web/casino/providers/acme"})
    account = replace(evenbet.provider, mount=part.mount)
    unused: Any = None
    metrics = Metrics({"evenbet": ("bet",)})
    server = Server([account], start=unused, refuse=unused, memory=unused, hop=unused, metrics=metrics,
                    log=Log(unused, "json"), host="127.0.0.1", port=0)  # fmt: skip
    for operation, path in PATHS.items():
        found = server.find(f"/api/web/casino/providers/acme{path}")
        assert found == (account, path)
        assert evenbet.dialect.variants[operation].path == path
    assert server.find("/api/web/casino/providers/acmes/debit") is None


def test_the_table_plays_the_wallet_side_too(evenbet: Stage) -> None:
    """Written as a provider writes it and read back as a wallet's answer: a debit that is done, declined, in doubt."""
    facts: dict[str, Any] = {
        "session": "s1",
        "player": "1001",
        "currency": "EUR",
        "round": "29",
        "game": "g",
        "round_end": False,
    }
    bet = Call(Operation.BET, transaction="d1", amount=Decimal("2.50"), **facts)
    done = evenbet.reads("bet", bet, evenbet.play(bet))
    assert (done.outcome, done.balance) == (Outcome.OK, Decimal("97.50"))
    dear = with_fields(bet, transaction="d2", amount=Decimal(999))
    assert evenbet.reads("bet", dear, evenbet.play(dear)).outcome is Outcome.INSUFFICIENT_FUNDS
    evenbet.wallet_answers = lambda request: Heard(Response(502, (), b"<html>"))
    third = with_fields(bet, transaction="d3")
    assert evenbet.reads("bet", third, evenbet.play(third)).outcome is Outcome.UNKNOWN


def test_the_examples_hold() -> None:
    """mappings/evenbet.examples.toml: every conversation, every answer, every effect."""
    assert Conversations.load(Shelf(), "evenbet").run() == []

"""What the documents of each dialect list is no drift, whether a row reads it or not.

The lists are the field tables of the documents, by the tables' own names of the operations.
"""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.canon.calls import Call
from gateway.canon.operations import Operation
from gateway.cli import run
from gateway.dialect.requestform import RequestForm
from gateway.dialect.shelf import Shelf
from gateway.wire.jsontext import write_json
from gateway.wire.message import Request
from gateway.wire.opened import Opened
from tests.dialect.made import complaints, dialect, request

HUB88 = """user transaction_uuid supplier_transaction_id token supplier_user round_closed round reward_uuid request_uuid
  is_free is_supplier_promo is_aggregated game_code currency bet amount meta"""
CALETA = """token transaction_uuid supplier_user round_closed round request_uuid is_free game_id game_code currency
  campaign_uuid reward_uuid bet amount"""
RUBYPLAY = """sessionToken playerId promotionId externalCampaignId currencyCode gameId country amount roundId
  transactionId deviceType gameRoundEnd freeRound purchasedFeature"""
HPGAMES = """merchantId timestamp betId transactionId amount currency created gameId type authToken playerId rewardId
  rewardType hash"""
BLUEOCEAN = """callerId callerPassword action username session_id game_id_hash gamesession_id amount transaction_id
  round_id gameplay_final freeround_id freeround_spins_remaining freeround_completed jackpot_contribution_in_amount
  key"""
LISTED = {
    ("155io", "bet"): """requestId clientSessionId clientPlayerId transactionId roundId gameId amount currency isFree
      rewardUuid meta timestamp""",
    ("hub88", "bet"): HUB88,
    ("hub88", "win"): f"{HUB88} reference_transaction_uuid",
    ("hub88", "promo_win"): f"{HUB88} reference_transaction_uuid",
    ("caleta", "bet"): CALETA,
    ("caleta", "win"): f"{CALETA} reference_transaction_uuid jackpot_win",
    ("caleta", "rollback"): """token transaction_uuid round_closed round request_uuid reference_transaction_uuid is_free
      game_code user""",
    ("evenbet-seamless", "bet"): """method userId currency amount transactionId sessionId gameId roundId betType
      tournamentBuyIn tournamentEntryFee ?clientId""",
    ("evenbet-seamless", "win"): """method userId currency amount transactionId sessionId gameId roundId betType
      linkedTransactionIds result rake ?clientId""",
    ("evenbet-seamless", "rollback"): "method userId currency amount transactionId referenceTransactionId ?clientId",
    ("rubyplay", "player_information"): "sessionToken clientVersion",
    ("rubyplay", "bet"): RUBYPLAY,
    ("rubyplay", "win"): RUBYPLAY,
    ("hpgames", "bet"): HPGAMES,
    ("hpgames", "win"): f"{HPGAMES} jackpotId",
    ("jdb", "win"): """action ts transferId historyId uid currency gType mType amount refTransferIds gameRoundSeqNo bet
      win netWin roundClosed reportDate gameDate""",
    ("jdb", "bet_win"): """action ts transferId historyId uid currency gType mType bet win netWin mb reportDate
      gameDate""",
    ("blueocean", "bet"): " ".join(f"?{name}" for name in [*BLUEOCEAN.split(), "is_freeround_bet"]),
    ("betbrothers", "bet"): """action player_id amount currency_code is_mobile payload.reference payload.session_token
      payload.provider_transfer_data.transaction_id payload.provider_transfer_data.round_id
      payload.provider_transfer_data.table_reference""",
    ("scorpio-older", "bet"): """command timestamp check data.account data.amount data.trans_guid data.round_id
      data.game_code""",
    ("scorpio", "bet"): """command transactionId playerId roundId providerId providerName gameCode gameName currency
      amount isRoundFinished isCall timestamp""",
    ("scorpio", "rollback"): """command transactionId referenceId playerId roundId providerId providerName gameCode
      gameName currency amount timestamp""",
}


def message(form: RequestForm, listed: str) -> Request:
    """A message that has every listed field, each with nothing in it; ?name stands in the query."""
    body: dict[str, Any] = {}
    for name in listed.split():
        inner, *steps = body, *name.split(".")
        for step in steps[:-1]:
            inner = inner.setdefault(step, {})
        if not name.startswith("?"):
            inner[steps[-1]] = None
    query = "&".join(f"{name[1:]}=" for name in listed.split() if name.startswith("?"))
    return Request("POST", form.path, query, (), write_json(body))


@pytest.mark.parametrize(("table", "operation"), LISTED, ids=" ".join)
def test_a_documented_field_is_no_drift(table: str, operation: str) -> None:
    """Not on the first day, and not on any other."""
    made = Shelf().dialect(table)
    form = made.variants[operation]
    codec = "none" if made.variants[operation].codec == "none" else "json"
    opened = Opened(message(form, LISTED[table, operation]), codec)
    assert [seen.name for seen in made.listings.requests[operation].unlisted(opened)] == []


KNOWN = """
request.known = ["body.campaign"]
operations.bet.known = ["body.meta.ip", "query.lang"]
"""
BET = '{"player": "1001", "id": "t-1", "round": "r-1", "amount": "1.50", "currency": "EUR"'


def test_what_is_known_is_neither_written_nor_read() -> None:
    """The same call and the same bytes as without the rows; only the watch looks elsewhere, and no further."""
    plain, made = dialect(), dialect(KNOWN)
    sent = replace(request("/bet", BET + ', "campaign": "c-1", "meta": {"ip": "::1", "os": ""}}'), query="lang=en&x=")
    facts = [each.variants["bet"].read(each.open(sent)).facts for each in (plain, made)]
    assert facts[0] == facts[1]
    call = Call(Operation.BET, amount=Decimal("1.50"), **facts[0])
    written = [each.variants["bet"].write(call, {}).request() for each in (plain, made)]
    assert written[0] == written[1]
    assert [seen.name for seen in made.listings.requests["bet"].unlisted(made.open(sent))] == [
        "body.meta.os",
        "query.x",
    ]


def test_an_operation_adds_to_what_all_know() -> None:
    """The shared row holds for it, too."""
    made = dialect(KNOWN)
    assert {name: len(form.listed) for name, form in made.variants.items()} == {
        name: 3 if name == "bet" else 1 for name in made.variants
    }


def test_a_known_name_is_a_documented_one() -> None:
    """Where only values are signed: with it, and without a field that may be absent, a message is not renamed."""
    plain, made = dialect(), dialect(KNOWN)
    sent = request("/bet", '{"player": "1001", "id": "t-1", "campaign": "c-1"}')
    assert plain.variants["bet"].renamed(plain.open(sent), "body") is True
    assert made.variants["bet"].renamed(made.open(sent), "body") is False


def test_what_is_no_place_is_not_known() -> None:
    """A complaint, with the word."""
    assert complaints('operations.bet.known = ["campaign"]') == [("GW107", "operations.bet.known")]


def test_the_page_of_a_dialect_tells_them(capsys: pytest.CaptureFixture[str]) -> None:
    """`gateway describe`: not read, and need not be there."""
    assert run(["describe", "hub88"]) == 0
    assert any(
        line.split() == ["not", "read", "body.is_aggregated", "no"] for line in capsys.readouterr().out.splitlines()
    )

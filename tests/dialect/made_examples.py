"""A small table with sound examples of everything it has, for tests that make one of them wrong."""

from pathlib import Path

from gateway.dialect.conversations import Conversations
from gateway.dialect.shelf import Shelf
from tests.dialect.made import BASE

TABLE = """dialect = "made"
extends = "acme"
[operations.bet.heard_as]
player_blocked = ["BARRED"]
[unread]
codes.busy = { no_answer = true }
codes.maintenance = { http = 503 }
"""
SOUND = """now = 2026-01-01T00:00:00Z
[secrets]
key = "not-a-real-secret-of-anybody"
[facts]
player = "1001"
currency = "EUR"
transaction = "t-1"
round = "r-1"
[[example]]
name = "a balance"
operation = "balance"
body = '{"player": "1001", "currency": "EUR", "time": "2026-01-01T00:00:00Z"}'
call = { player = "1001", currency = "EUR", time = "2026-01-01T00:00:00Z" }
reply = { outcome = "ok", player = "1001", balance = "87.50" }
answer = '{"code": "OK", "text": "Done", "player": "1001", "balance": 87.50}'
effect = ["done"]
[[example]]
name = "a bet too high"
operation = "bet"
body = '{"player": "1001", "currency": "EUR", "id": "t-1", "round": "r-1", "amount": 5}'
call = { player = "1001", currency = "EUR", transaction = "t-1", round = "r-1", amount = "5.00" }
reply = { outcome = "insufficient_funds" }
answer = '{"code": "NO_MONEY", "text": "Insufficient funds", "player": "1001"}'
effect = ["final"]
[[example]]
name = "a win"
operation = "win"
body = '{"player": "1001", "currency": "EUR", "id": "t-2", "round": "r-1", "amount": 7.5}'
call = { player = "1001", currency = "EUR", transaction = "t-2", round = "r-1", amount = "7.50" }
answer = '{"code": "OK", "text": "Done", "player": "1001"}'
effect = ["done"]
[[example]]
name = "a rollback"
operation = "rollback"
body = '{"player": "1001", "currency": "EUR", "id": "t-3", "bet": "t-1"}'
call = { player = "1001", currency = "EUR", transaction = "t-3", reference = "t-1" }
answer = '{"code": "OK", "text": "Done", "player": "1001"}'
effect = ["done"]
[[example]]
name = "a forged bet"
operation = "bet"
forged = true
body = '{"player": "1001"}'
refused = "signature_invalid"
answer = '{"code": "REFUSED", "text": "Invalid request", "player": "1001"}'
effect = ["final"]
[[example]]
name = "no operation of theirs"
operation = "unread"
path = "/nothing"
body = '{"player": "1001"}'
refused = "unsupported_operation"
answer = '{"code": "REFUSED", "text": "Invalid request", "player": "1001"}'
effect = { bet = ["final"], win = ["final"], rollback = ["final"] }
[[said]]
operations = ["bet"]
outcomes = [
  "signature_invalid", "credentials_invalid", "unsupported_operation", "player_not_found", "player_blocked",
  "session_invalid", "session_expired", "amount_invalid", "currency_mismatch", "transaction_conflict", "round_closed",
  "already_rolled_back", "game_not_available", "limit_exceeded", "bet_not_allowed", "bonus_rejected",
  "free_rounds_unknown", "free_rounds_quantity", "free_rounds_inactive",
]
answer = '{"code": "REFUSED", "text": "Invalid request", "player": "1001"}'
effect = ["final"]
[[said]]
operations = ["win"]
outcomes = ["already_settled", "transaction_not_found", "no_open_bet"]
answer = '{"code": "REFUSED", "text": "Invalid request", "player": "1001"}'
effect = ["final"]
[[said]]
operations = ["bet", "win"]
outcomes = ["in_progress", "busy", "maintenance", "wallet_failed", "internal_error"]
answer = '{"code": "ERROR", "text": "The outcome is not known yet", "player": "1001"}'
effect = { bet = ["rolls_back"], win = ["retries"] }
[[said]]
operations = ["rollback"]
outcomes = ["already_done", "nothing_to_do", "transaction_not_found", "already_rolled_back"]
answer = '{"code": "OK", "text": "Done", "player": "1001"}'
effect = ["done"]
[[said]]
operations = ["unread"]
outcomes = ["busy"]
no_answer = true
effect = { bet = ["rolls_back"], win = ["retries"], rollback = ["retries"] }
[[said]]
operations = ["unread"]
outcomes = ["maintenance"]
http = 503
effect = { bet = ["rolls_back"], win = ["retries"], rollback = ["retries"] }
[[heard]]
operations = ["bet"]
answer = '{"code": "BARRED", "text": "since May"}'
outcome = "player_blocked"
[[failure]]
answers = [{ http = 500 }, { no_answer = true }]
effect = { bet = ["rolls_back"], win = ["retries"], rollback = ["retries"] }
"""


def changed(text: str, old: str, new: str) -> str:
    """*text* with the first *old*, which must be there, replaced."""
    assert old in text
    return text.replace(old, new, 1) if old else text


def loaded(folder: Path, examples: str, table: str = TABLE) -> Conversations:
    """The table and its examples, read but not run."""
    (folder / "made.toml").write_text(table, "utf-8")
    (folder / "made.examples.toml").write_text(examples, "utf-8")
    return Conversations.load(Shelf(folder, BASE), "made")

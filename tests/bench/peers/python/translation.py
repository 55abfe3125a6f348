"""What both Python peers do to a bet: verify, read strictly enough, translate, and translate the reply back.

Pure functions over bytes, orjson on both sides (it is what one would take here), constant-time comparison, exact
amounts as integers of minor units. One dialect, one operation, and no journal.
"""

import base64
import hmac
import os
import secrets
import time

import orjson

PROVIDER = "acme"
PASSWORD = os.environ.get("PASSWORD", "").encode()
SIGNING = base64.b64decode(os.environ.get("SIGNING", "").removeprefix("whsec_"))
BODY_LIMIT = 64 * 1024
DEADLINE = 3.6
EXPONENTS = {"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}
REFUSALS = {
    "request_invalid": (400, "Bad request. Badly formatted JSON."),
    "insufficient_funds": (402, "The player does not have enough money for the action."),
    "signature_invalid": (403, "Forbidden. Request sign doesn't match."),
    "session_invalid": (403, "Forbidden. Request sign doesn't match."),
    "player_not_found": (404, "Player not found."),
    "game_not_available": (405, "Game is not available."),
    "player_blocked": (407, "Player is blocked."),
    "bet_not_allowed": (408, "Bet is rejected."),
    "limit_exceeded": (418, "The player has reached his responsible limits."),
    "internal_error": (500, "Unknown error."),
    "maintenance": (503, "Service is unavailable."),
    "unknown": (504, "Request timed out."),
}
UNKNOWN = REFUSALS["unknown"]


class Invalid(Exception):
    """A callback, or a wallet's reply, that is not what its side promised."""


def verified(body: bytes, given: str) -> bool:
    """Whether X-REQUEST-SIGN fits the body."""
    return hmac.compare_digest(hmac.digest(PASSWORD, body, "sha256").hex().encode(), given.encode())


def wallet_call(body: bytes) -> tuple[str, str, dict[str, str]]:
    """The provider's id, the wallet's key, and the canonical call. Raises Invalid."""
    try:
        sent = orjson.loads(body)
        payload = sent["payload"]
        transfer = payload["provider_transfer_data"]
        player, currency, amount = sent["player_id"], sent["currency_code"], sent["amount"]
        session, transaction, round_id = payload["session_token"], transfer["transaction_id"], transfer["round_id"]
        game = payload.get("reference")
        texts = (player, currency, session, transaction, round_id, game or "")
        if sent["action"] != "bet" or not all(type(text) is str for text in texts):
            raise Invalid
        if type(amount) is not int or amount < 0:
            raise Invalid
        exponent = EXPONENTS[currency]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise Invalid from None
    key = f"{PROVIDER}:bet:{transaction}"
    call = {"provider": PROVIDER, "player": player, "session": session, "currency": currency}
    if game:
        call["game"] = game
    call |= {"transaction": key, "amount": major(amount, exponent), "round": round_id}
    return transaction, key, call


def signed(call: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """The wallet call's body and headers."""
    body = orjson.dumps(call)
    message, stamp = secrets.token_hex(16), str(int(time.time()))
    mac = hmac.digest(SIGNING, f"{message}.{stamp}.".encode() + body, "sha256")
    return body, {
        "Content-Type": "application/json",
        "Idempotency-Key": call["transaction"],
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def told(transaction: str, call: dict[str, str], status: int, reply: bytes) -> tuple[str, int, bytes]:
    """The outcome, and the status and body that the provider hears."""
    try:
        said = orjson.loads(reply)
        outcome = said["outcome"]
        if status != 200 or said["call"] != call["transaction"] or said["player"] != call["player"]:
            raise Invalid
        if outcome not in ("ok", "already_done"):
            return refused(outcome)
        if said["currency"] != call["currency"]:
            raise Invalid
        balance = minor(said["balance"], EXPONENTS[call["currency"]])
    except (Invalid, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return refused("unknown")
    answer = {
        "transaction_id": said.get("transaction", transaction),
        "balance": balance,
        "currency_code": said["currency"],
    }
    return outcome, 200, orjson.dumps(answer)


def refused(outcome: str) -> tuple[str, int, bytes]:
    """A refusal, whose code is the HTTP status, too."""
    code, message = REFUSALS.get(outcome, UNKNOWN)
    return outcome, code, orjson.dumps({"code": code, "message": message})


def major(amount: int, exponent: int) -> str:
    """150 as "1.50"."""
    if not exponent:
        return str(amount)
    digits = str(amount).rjust(exponent + 1, "0")
    return f"{digits[:-exponent]}.{digits[-exponent:]}"


def minor(text: str, exponent: int) -> int:
    """ "98.50" as 9850; nothing is rounded."""
    whole, _, fraction = text.partition(".")
    if len(fraction) > exponent or not (whole + fraction).isdecimal():
        raise Invalid
    return int(whole + fraction.ljust(exponent, "0"))

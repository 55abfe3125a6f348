"""The one piece of work that all contenders do, as bytes: a provider's signed bet, the wallet's call, both answers.

The provider speaks the shipped dialect betbrothers (HMAC-SHA256 of the raw body), the wallet our canonical one. A list
of callbacks for a load generator is a file of raw HTTP requests, all of one size, every one with an id of its own: a
journal answers repeats from memory, so a repeated callback would measure nothing.
"""

import hmac
import itertools
import os
from hashlib import sha256
from pathlib import Path

PASSWORD = b"bench-password-0123456789"
#: The wallet's signing key, in the form of Standard Webhooks; its 32 bytes in base64.
SIGNING = "whsec_YmVuY2gtc2lnbmluZy1rZXktMDEyMzQ1Njc4OWFiY2Q="
DIALECT = "betbrothers"
PROVIDER = "acme"
PATH = "/operator/wallet"
WALLET_PATH = "/bet"
_IDS = itertools.count(1)
#: In every id, so that two runs on one journal never meet.
_RUN = os.urandom(4).hex()


def fresh_ids(count: int) -> list[str]:
    """Ids that nobody has used before, all of one length."""
    first = next(_IDS)
    return [f"{_RUN}-{first:06d}-{number:08d}" for number in range(count)]


def callback_body(transaction: str, padding: int = 0) -> bytes:
    """A bet of 1.50 EUR, about 0.3 KiB; *padding* more bytes stand in a field that nobody reads, in texts of 1 KiB."""
    text = '"' + "x" * 1021 + '"'
    pad = f',"notes":[{",".join([text] * (padding // 1024))}]' if padding else ""
    return (
        '{"action":"bet","player_id":"1001","amount":150,"currency_code":"EUR","is_mobile":false,"payload":'
        '{"reference":"rollers","session_token":"5f0c7d1e9a3b4c2d8e6f","provider_transfer_data":'
        f'{{"transaction_id":"{transaction}","round_id":"r-{transaction}"{pad}}}}}}}'
    ).encode()


def signature(body: bytes) -> str:
    """What X-REQUEST-SIGN says of *body*."""
    return hmac.digest(PASSWORD, body, "sha256").hex()


def raw_request(provider: str, body: bytes, sign: str | None = None) -> bytes:
    """The callback as it goes over the wire."""
    head = (
        f"POST /{provider}{PATH} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
        f"X-REQUEST-SIGN: {sign or signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def write_list(path: Path, count: int, *, padding: int = 0, providers: int = 1, only: int | None = None) -> int:
    """Write *count* unique callbacks, of the providers in turn or of *only* one; the size of each in bytes."""
    names = [provider_name(number) for number in (range(providers) if only is None else (only,))]
    size = 0
    with path.open("wb", buffering=1 << 20) as out:
        for number, transaction in enumerate(fresh_ids(count)):
            request = raw_request(names[number % len(names)], callback_body(transaction, padding))
            size = size or len(request)
            assert len(request) == size
            out.write(request)
    return size


def provider_name(number: int) -> str:
    """The first is PROVIDER; all have the same length."""
    return PROVIDER if number == 0 else f"p{number:03d}"


def wallet_call(provider: str, transaction: str) -> dict[str, str]:
    """The canonical call that must reach the wallet for `callback_body(transaction)`."""
    return {
        "provider": provider,
        "player": "1001",
        "session": "5f0c7d1e9a3b4c2d8e6f",
        "currency": "EUR",
        "game": "rollers",
        "transaction": f"{provider}:bet:{transaction}",
        "amount": "1.50",
        "round": f"r-{transaction}",
    }


def answer(transaction: str) -> dict[str, object]:
    """What the provider must hear once the wallet has said ok."""
    return {"transaction_id": transaction, "balance": 9850, "currency_code": "EUR"}


#: What a forged callback must hear, with HTTP 403.
FORGED = {"code": 403, "message": "Forbidden. Request sign doesn't match."}


def wallet_signature(message_id: str, timestamp: str, body: bytes) -> str:
    """What `webhook-signature` says (Standard Webhooks, symmetric)."""
    from base64 import b64decode, b64encode

    key = b64decode(SIGNING.removeprefix("whsec_"))
    signed = message_id.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + b64encode(hmac.new(key, signed, sha256).digest()).decode()

"""AbstraPay's side, written from its pages and not from ours: its fields, and its hash by the page's own steps."""

from collections.abc import Mapping
from hashlib import md5
from urllib.parse import urlencode

from gateway.wire.message import Request
from tests.seeds.stage import TEXT_SECRET

#: Texts that the page's rule leaves out, beside the hash itself.
NOTHING = ("", "null", "undefined")
DEPOSIT = {
    "event": "DEPOSIT", "depositId": "812", "idempotencyKey": "6f1d4a1e-2f3b-4c7e-9a51-0d0c2b7e1a10",
    "externalUserId": "2001", "amount": "12500000", "amountInDollar": "12.50", "grossAmount": "12600000",
    "feeAmount": "100000", "feeInDollar": "0.100000", "type": "NATIVE", "contractAddress": "null",
    "transactionHash": "0x5c50", "chainId": "1", "confirmedAt": "2026-01-01T00:00:00Z",
}  # fmt: skip
GATE = {
    "event": "WITHDRAW_REQUEST", "withdrawRequestId": "b1c6a2f0-7c0e-4f0b-8a5e-3b1f6c9d2e01", "externalUserId": "2001",
    "type": "DIRECT_TRANSFER", "address": "0x9f2a", "chainId": "1", "amountInUsd": "40.00",
}  # fmt: skip
COMPLETE = {
    "event": "WITHDRAW_COMPLETE", "withdrawRequestId": GATE["withdrawRequestId"], "externalUserId": "2001",
    "address": "0x9f2a", "amountInUsd": "40.00", "transactionHash": "0x77aa", "chainId": "1",
}  # fmt: skip


def digest(fields: Mapping[str, str], secret: bytes = TEXT_SECRET) -> str:
    """Sorted by name, `name=value` joined by &, the secret behind it, MD5, hex."""
    signed = {name: value for name, value in fields.items() if name != "hash" and value not in NOTHING}
    text = "&".join(f"{name}={signed[name]}" for name in sorted(signed))
    return md5(text.encode() + secret, usedforsecurity=False).hexdigest()


def body(fields: Mapping[str, str], secret: bytes = TEXT_SECRET, **changed: str) -> bytes:
    """The form as it travels; *changed* after it was signed."""
    return urlencode({**fields, "hash": digest(fields, secret), **changed}).encode()


def webhook(raw: bytes) -> Request:
    """A POST of *raw*."""
    return Request("POST", "/", "", (("Content-Type", "application/x-www-form-urlencoded"),), raw)

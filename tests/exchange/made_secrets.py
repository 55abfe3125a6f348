"""The secrets of both ends of a conversation that is driven by hand; all made up."""

import base64
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

WALLET_SECRETS = {"signing": [b"whsec_" + base64.b64encode(b"the wallet's secret, thirty-two.")]}


@cache
def key_pair(which: str) -> tuple[bytes, bytes]:
    """A generated RSA key, private and public, as PEM; one per name and run."""
    key = rsa.generate_private_key(65537, 2048)
    plain = serialization.NoEncryption()
    return (
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    )


@cache
def secrets() -> Mapping[str, list[bytes]]:
    """Every secret that one of the shipped dialects asks for."""
    theirs, ours = key_pair("theirs"), key_pair("ours")
    return {
        "public_key": [theirs[1]], "private_key": [theirs[0]],
        "our_public_key": [ours[1]], "our_private_key": [ours[0]],
        "key": [b"the evening key"], "api_token": [b"the scorpion token"], "login": [b"ruby:the red password"],
        "callback_token": [b"the older scorpion's token"],
        "secret_key": [b"the ordered fields"], "password": [b"the brothers' word"],
        "security_key": [b"the groove key, sixteen"], "salt": [b"theoceansalt0123"],
        "shared_secret": [b"one-hundred-secret"], "operator_secret_key": [b"the cashier's key"],
        "webhook_secret": [b"the secret of webhooks"],
        "aes_key": [b"sixteen bytes ok"], "aes_iv": [b"another sixteen!"], **WALLET_SECRETS,
    }  # fmt: skip

"""Secrets made up for one run: whatever a dialect's recipes ask for, for both ends of the line."""

import base64
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.dialect.dialect import Dialect
from gateway.wire.recipe_rules import KEYLESS
from gateway.wire.signatures import Recipe

BITS = 2048


def made_up(dialect: Dialect) -> dict[str, bytes]:
    """A value for every secret that either role of *dialect* has: RSA pairs that belong together, random texts."""
    found: dict[str, bytes] = {}
    recipes = [*dialect.request_recipes.values(), *([dialect.answer_recipe] if dialect.answer_recipe else [])]
    for recipe in recipes:
        found.update({name: value for name, value in _of(recipe).items() if name and name not in found})
    for envelope in dialect.envelopes:
        found.update({name: secrets.token_hex(size // 2).encode() for name, size in envelope.sizes.items()})
    return found


def public_of(private_pem: bytes) -> bytes:
    """The public half of a PEM private key, as PEM. ValueError when it is none."""
    return _public(serialization.load_pem_private_key(private_pem, password=None))


def _of(recipe: Recipe) -> dict[str, bytes]:
    if recipe.scheme in KEYLESS:
        return {}
    if recipe.scheme == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {recipe.check_secret: _public(key), recipe.make_secret: private}
    if recipe.secret_form == "whsec":
        return {recipe.check_secret: b"whsec_" + base64.b64encode(secrets.token_bytes(32))}
    if recipe.scheme == "basic":
        return {recipe.check_secret: b"made-up:" + secrets.token_hex(24).encode()}
    return {recipe.check_secret: secrets.token_hex(24).encode()}


def _public(key: object) -> bytes:
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

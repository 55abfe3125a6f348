"""gateway.wire.recipe_rules, recipes, signing_keys: unsound sections and unusable secrets get a remedy."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.wire.recipes import RECIPES, RecipeFault
from gateway.wire.signatures import Recipe, SecretFault
from tests.wire.signing import rsa_pair

HMAC: dict[str, Any] = {
    "scheme": "hmac", "digest": "sha256", "encoding": "hex", "at": "header.X", "over": ["raw"], "secret": "key",
}  # fmt: skip
RSA: dict[str, Any] = {"recipe": "rsa-raw", "at": "header.X", "keys": {"check": "public", "make": "private"}}
FRESH = {"at": "header.T", "form": "unix_s", "within_s": 60}


@pytest.mark.parametrize(
    ("section", "key", "fact", "remedy"),
    [
        ({}, (), "no scheme", "one of hmac, hash, rsa, token, basic, decryption, none"),
        ({"scheme": "hmca"}, ("scheme",), "'hmca'", "one of hmac"),
        ({"scheme": ["hmac"]}, ("scheme",), "no scheme", "one of hmac"),
        ({"recipe": "hmac"}, ("recipe",), "'hmac'", "hmac-raw"),
        ({"recipe": 1}, ("recipe",), "no recipe", "hmac-raw"),
        ({**HMAC, "digest": "sha3"}, ("digest",), "'sha3'", "sha256"),
        ({**HMAC, "encoding": "base32"}, ("encoding",), "'base32'", "base64"),
        ({**HMAC, "secret_form": "hex"}, ("secret_form",), "'hex'", "whsec"),
        ({**HMAC, "padding": "pss"}, ("padding",), "knows no", "digest"),
        ({**HMAC, "at": "headers.X"}, ("at",), "headers", "header.X"),
        ({**HMAC, "at": 7}, ("at",), "", "header.X"),
        ({**HMAC, "at": "path.x"}, ("at",), "not in the path", "header.X"),
        ({**HMAC, "at": "header.X?"}, ("at",), "mandatory", "header.X"),
        ({**HMAC, "at": "body.x[]"}, ("at",), "list", "without []"),
        ({**HMAC, "at": "body.sign"}, ("over",), "among what it signs", "except"),
        ({**HMAC, "at": "query.s", "over": ["query", "raw"]}, ("over",), "among", "query_without"),
        ({**HMAC, "at": "header.X", "over": ["raw", "header.x"]}, ("over",), "among what it signs", "away"),
        ({**HMAC, "over": "raw"}, ("over",), "not a list", "raw"),
        ({**HMAC, "over": []}, ("over",), "not a list", "raw"),
        ({**HMAC, "over": ["row"]}, ("over", 0), "row", "raw, secret, method, path, query"),
        ({**HMAC, "over": ["raw", 1]}, ("over", 1), "not a part", "raw, secret, method, path, query"),
        ({**HMAC, "over": [{"txt": "."}]}, ("over", 0), "not a part", "{ text"),
        ({**HMAC, "over": ["raw", {"text": 1}]}, ("over", 1, "text"), "not a text", "text ="),
        ({**HMAC, "over": ["body.ids[]"]}, ("over", 0), "list", "without []"),
        ({**HMAC, "over": [{"money": "body.a"}]}, ("over", 0), "decimals", "0 to 18"),
        ({**HMAC, "over": [{"money": "body.a", "decimals": "2"}]}, ("over", 0, "decimals"), "decimals", "0 to 18"),
        ({**HMAC, "over": [{"money": "a", "decimals": 2}]}, ("over", 0, "money"), "begins with", "body.amount"),
        ({**HMAC, "over": [{"sorted": "path", "take": "values"}]}, ("over", 0, "sorted"), "body or the query", "query"),
        ({**HMAC, "over": [{"sorted": "query", "take": "values", "renamed": ["a"]}]}, ("over", 0, "renamed"), "", "="),
        ({**HMAC, "at": "query.s", "over": [{"sorted": "query", "take": "values"}]}, ("over",), "among", "except"),
        ({**HMAC, "at": "query.s", "over": [{"query_without": ["t"]}]}, ("over",), "among", "query_without"),
        ({**HMAC, "over": [{"query_without": []}]}, ("over", 0, "query_without"), "cut out", "query_without"),
        ({**HMAC, "over": [{"query_without": ["a&b"]}]}, ("over", 0, "query_without"), "cut out", "query_without"),
        ({**HMAC, "over": [{"sorted": "body", "take": "keys"}]}, ("over", 0, "take"), "taken", "values, pairs"),
        ({**HMAC, "over": [{"sorted": "body", "take": "values", "equals": "="}]}, ("over", 0, "equals"), "", "pairs"),
        ({**HMAC, "over": [{"sorted": "body", "take": "pairs", "drop": ""}]}, ("over", 0, "drop"), "list", "drop"),
        ({**HMAC, "over": [{"sorted": "body", "take": "pairs", "dorp": []}]}, ("over", 0, "dorp"), "has no", "drop"),
        ({**HMAC, "over": ["secret", {"text": "x"}]}, ("over",), "nothing of the message", "raw"),
        ({**HMAC, "scheme": "hash"}, ("over",), "without the secret", "secret"),
        ({**HMAC, "prefix": 1}, ("prefix",), "ASCII", "prefix"),
        ({**HMAC, "fresh": FRESH}, ("fresh",), "not signed", "header.T"),
        ({**HMAC, "nonce": "header.N"}, ("nonce",), "not signed", "header.N"),
        ({**HMAC, "fresh": {"at": "header.T"}}, ("fresh",), "at, form and within_s", "unix_s"),
        ({**HMAC, "fresh": {**FRESH, "form": "unix"}}, ("fresh", "form"), "'unix'", "unix_ms"),
        ({**HMAC, "fresh": {**FRESH, "within_s": 0}}, ("fresh", "within_s"), "window", "86400"),
        ({**HMAC, "fresh": {**FRESH, "at": "T"}}, ("fresh", "at"), "begins with", "header"),
        ({**RSA, "over": ["raw", "secret"]}, ("over",), "no shared secret", "away"),
        ({**RSA, "digest": "md5"}, ("digest",), "'md5'", "sha256"),
        ({**RSA, "padding": "oaep"}, ("padding",), "'oaep'", "pss"),
        ({**RSA, "keys": {}}, ("keys",), "names no key", "private_key"),
        ({**RSA, "keys": {"chek": "x"}}, ("keys", "chek"), "not the name", "private_key"),
        ({"recipe": "rsa-raw", "at": "header.X"}, (), '"keys"', "public_key"),
        ({"scheme": "token", "at": "header.X"}, (), '"secret"', "secret"),
        ({"scheme": "token", "at": "header.X", "secret": "k", "fresh": FRESH}, ("fresh",), "knows no", "prefix"),
        ({"scheme": "none", "at": "header.X"}, ("at",), "knows no", "away"),
        ({"recipe": "hmac-raw", "at": "body.s", "secret": "k"}, ("recipe",), "among what it signs", "except"),
        ({"recipe": "hmac-raw", "scheme": "token", "at": "header.X", "secret": "k"}, ("recipe",), "knows no", "prefix"),
    ],
)  # fmt: skip
def test_an_unsound_section_is_refused(section: Any, key: tuple[str | int, ...], fact: str, remedy: str) -> None:
    """The key is a path that the author wrote, the fact says what is wrong, the remedy what would be right."""
    with pytest.raises(RecipeFault) as caught:
        Recipe.compile(section)
    assert caught.value.key == key
    assert fact in caught.value.fact
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("missing", ["digest", "encoding", "at", "over", "secret"])
def test_each_mandatory_key_is_asked_for(missing: str) -> None:
    """hmac lacks none of its five keys, and the remedy says how to write it."""
    with pytest.raises(RecipeFault, match=missing):
        Recipe.compile({key: value for key, value in HMAC.items() if key != missing})


@pytest.mark.parametrize("name", RECIPES)
def test_every_named_recipe_compiles(name: str) -> None:
    """A named recipe with a place and its secret is sound as it stands."""
    keys = {"keys": {"check": "k"}} if name == "rsa-raw" else {"secret": "k"}
    at = {} if "at" in RECIPES[name] else {"at": "header.X"}
    assert Recipe.compile({"recipe": name, **at, **keys}).at is not None


def test_a_section_lies_over_its_recipe() -> None:
    """Plain keys replace, tables merge, false takes away; the shared recipe itself stays as it was."""
    section = {"recipe": "standard-webhooks", "secret": "k", "fresh": {"within_s": 5}, "list": False}
    recipe = Recipe.compile(section)
    assert recipe.fresh is not None
    assert (recipe.fresh.within_s, recipe.separator) == (5, "")
    assert RECIPES["standard-webhooks"]["fresh"]["within_s"] == 300
    assert Recipe.compile({**section, "fresh": False}).fresh is None


def test_what_covers_a_timestamp() -> None:
    """raw and sorted parts cover places of the body, query covers the query; an excepted name is not covered."""
    for over, at in (
        (["raw"], "body.ts"),
        ([{"sorted": "body", "take": "values"}], "body.ts"),
        (["query", "raw"], "query.ts"),
        ([{"sorted": "query", "take": "values"}, "raw"], "query.ts"),
        ([{"query_without": ["key"]}, "raw"], "query.ts"),
        (["raw", "header.t"], "header.T"),
    ):
        assert Recipe.compile({**HMAC, "over": over, "fresh": {**FRESH, "at": at}}).fresh is not None
    over = [{"sorted": "body", "take": "values", "except": ["ts"]}]
    with pytest.raises(RecipeFault, match="not signed"):
        Recipe.compile({**HMAC, "over": over, "fresh": {**FRESH, "at": "body.ts"}})
    for part in ({"query_without": ["ts"]}, {"sorted": "query", "take": "values", "except": ["ts"]}):
        with pytest.raises(RecipeFault, match="not signed"):
            Recipe.compile({**HMAC, "over": [part], "fresh": {**FRESH, "at": "query.ts"}})


def pem(key: Any) -> tuple[bytes, bytes]:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pass")
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


def bad_secrets() -> list[tuple[dict[str, Any], dict[str, list[bytes]], str, str]]:
    private, public = rsa_pair()
    locked, curve = pem(ec.generate_private_key(ec.SECP256R1()))
    curved = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    small = pem(rsa.generate_private_key(65537, 1024))[1]
    token = {"recipe": "token", "secret": "key"}
    whsec = {"recipe": "standard-webhooks", "secret": "key"}
    return [
        (HMAC, {}, "key", "not set"),
        (HMAC, {"key": []}, "key", "not set"),
        (HMAC, {"key": [b"seven77"]}, "key", "at least 8"),
        (HMAC, {"key": [b"long enough", b""]}, "key", "at least 8"),
        (token, {"key": [b"line feed\n"]}, "key", "printable"),
        (token, {"key": ["schlüssel".encode()]}, "key", "printable"),
        (whsec, {"key": [b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}, "key", "whsec_"),
        (whsec, {"key": [b"whsec_not base64!"]}, "key", "whsec_"),
        (whsec, {"key": [b"whsec_YWI="]}, "key", "at least 8"),
        (RSA, {"private": [private]}, "public", "not set"),
        (RSA, {"public": [public]}, "private", "not set"),
        (RSA, {"public": [private], "private": [private]}, "public", "private key"),
        (RSA, {"public": [b"nonsense"], "private": [private]}, "public", "PEM public"),
        (RSA, {"public": [curve], "private": [private]}, "public", "RSA"),
        (RSA, {"public": [small], "private": [private]}, "public", "1024 bits"),
        (RSA, {"public": [public], "private": [public]}, "private", "PEM private"),
        (RSA, {"public": [public], "private": [locked]}, "private", "passphrase"),
        (RSA, {"public": [public], "private": [curved]}, "private", "RSA"),
        ({**RSA, "keys": {"check": "public"}}, {"public": [public]}, "keys.make", "not set"),
        ({**RSA, "keys": {"make": "private"}}, {"private": [private]}, "keys.check", "not set"),
    ]


@pytest.mark.parametrize("number", range(20))
def test_an_unusable_secret_is_named_and_never_shown(number: int) -> None:
    """SecretFault names the secret and the reason; its text holds nothing of the value."""
    section, secrets, name, why = bad_secrets()[number]
    with pytest.raises(SecretFault, match=why) as caught:
        Recipe.compile(section).bind(secrets)
    assert caught.value.name == name
    shown = str(caught.value) + repr(caught.value)
    assert not any(value and value.decode()[:20] in shown for values in secrets.values() for value in values)


def test_a_half_is_bound_without_the_other_s_key() -> None:
    """A recipe that names only the checking key binds for checking, and the reverse."""
    private, public = rsa_pair()
    Recipe.compile({**RSA, "keys": {"check": "public"}}).bind({"public": [public]}, for_make=False)
    Recipe.compile({**RSA, "keys": {"make": "private"}}).bind({"private": [private]}, for_check=False)

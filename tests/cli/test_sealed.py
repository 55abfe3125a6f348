"""`gateway explain` and `gateway translate` of a body that is sealed: opened with its secrets, or taken as opened."""

import json

import pytest

from tests.cli.conftest import Gateway

#: Made by the openssl command, with the secrets of the examples.
SEALED = (
    b"x=617VMzIf3wfDOmF9JzBeFKgcakTbwXLRjepJXqTBmONbwvAnVVfF4k87JFk7wMjFcqvejvMC4HxrjPsZs9WVmABBoA2f8YQRHz5aktKQuhSh8dL"
    b"1PJ7s_snt432EqqYY"
)
INSIDE = b'{"action":6,"ts":1447452951820,"uid":"testpl01","currency":"RB","gType":0,"mType":8001}'


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Both, as options."""
    monkeypatch.setenv("THE_KEY", "0123456789abcdef")
    monkeypatch.setenv("THE_IV", "fedcba9876543210")
    return ["--secret", "aes_key=env:THE_KEY", "--secret", "aes_iv=env:THE_IV"]


def test_an_opened_body_is_shown(gateway: Gateway, secrets: list[str]) -> None:
    """Its envelope, what is inside, which key opened it; never a key."""
    ended = gateway("explain", "jdb", "-", *secrets, stdin=SEALED)
    assert (ended.code, ended.err) == (0, "")
    for shown in (
        "body       json in aes-128-cbc, base64url, field x of a form   [mappings/jdb.toml:",
        INSIDE.decode(),
        "operation  balance: POST /, body.action = 6",
        "opened with key 1",
        '"currency": "CNY"',
    ):
        assert shown in ended.out
    assert "0123456789abcdef" not in ended.out


def test_under_another_key_it_is_forged(gateway: Gateway, secrets: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No operation is known, and nothing is said."""
    monkeypatch.setenv("THE_KEY", "fedcba9876543210")
    ended = gateway("explain", "jdb", "-", *secrets, stdin=SEALED)
    assert ended.code == 1
    assert "operation  none: the body opens with none of the keys" in ended.out
    assert "refused before the wallet is asked: signature_invalid" in ended.out
    assert "the connection is closed without an answer" in ended.out
    monkeypatch.setenv("THE_KEY", "short")
    ended = gateway("explain", "jdb", "-", *secrets, stdin=SEALED)
    assert ended.code == 2
    assert "secret aes_key: 5 bytes; aes-128-cbc takes 16" in ended.err


def test_without_secrets_the_body_is_taken_as_opened(gateway: Gateway) -> None:
    """What a log or the documents have is what is inside."""
    ended = gateway("explain", "jdb", "-", stdin=INSIDE)
    assert ended.code == 0
    assert "taken as opened already; a sealed one needs --secret aes_iv=FILE --secret aes_key=FILE" in ended.out
    assert "not checked: the body was taken as opened already" in ended.out


def test_what_is_not_served_is_explained(gateway: Gateway) -> None:
    """Known, with the answer that it hears."""
    ended = gateway("explain", "jdb", "-", stdin=b'{"action":13,"uid":"p","currency":"RB"}')
    assert ended.code == 1
    assert "refused    known, and not served" in ended.out
    assert '"status":"9007"' in ended.out


def test_translated_both_ways(gateway: Gateway) -> None:
    """What is inside becomes our call, and our call what is inside."""
    ended = gateway("translate", "jdb", stdin=INSIDE)
    assert ended.code == 0
    assert "taken as what is inside its envelope" in ended.err
    call = json.loads(ended.out)
    assert (call["operation"], call["currency"], call["player"]) == ("balance", "CNY", "testpl01")
    back = gateway("translate", "jdb", "--back", stdin=ended.out.encode())
    assert back.code == 0
    assert "not sealed: the body belongs into json in aes-128-cbc, base64url, field x of a form" in back.err
    body = json.loads(back.out.split("\n\n")[1])
    assert (body["action"], body["uid"], body["currency"]) == (6, "testpl01", "RB")

"""gateway.wire.vectors: published vectors verify, and a wrong one is named by its key."""

import base64
from typing import Any

import pytest

from gateway.wire.message import Request
from gateway.wire.opened import Draft, Opened
from gateway.wire.recipes import RecipeFault
from gateway.wire.signatures import Recipe
from gateway.wire.vectors import verify_vectors
from tests.wire.signing import rsa_pair

SUFFIXED: dict[str, Any] = {
    "recipe": "hash-raw-suffix",
    "at": "header.Authorization",
    "secret": "key",
    "vectors": [
        {
            "secret": "test_secret_key",
            "raw": '{"token":"b91b664a8e2b558c240824f7da0e842c","gameId":"testGameId","endRound":false,'
            '"roundId":"29","transactionId":"d_182","amount":0}',
            "gives": "5a0314907c49dea0b8cc90533e80c82ce523285c5f01831e41f06a0d6ba69a6e",
        }
    ],
}
SORTED_VALUES: dict[str, Any] = {
    "recipe": "hmac-sorted-values",
    "at": "header.X-Signature",
    "secret": "token",
    "vectors": [
        {
            "secret": "my_super_secret_token",
            "raw": '{"timestamp":1713792000,"playerId":"user123","currency":"USD","amount":1500}',
            "signs": "1500,USD,user123,1713792000",
            "gives": "KT1EnIClK3FLG6dfJUQDmVbMadPfBZkL/O8A3oF5f8SLNSVykskclKlFzhOV9LafI65TiTBdXALoYjxWsbjl4w==",
        }
    ],
}
PAIRS: dict[str, Any] = {
    "scheme": "hash",
    "digest": "md5",
    "encoding": "hex",
    "at": "body.hash",
    "secret": "key",
    "over": [
        {
            "sorted": "body",
            "take": "pairs",
            "equals": "=",
            "separator": "&",
            "except": ["hash"],
            "drop": ["", "null", "undefined"],
        },
        "secret",
    ],
    "vectors": [
        {
            "secret": "sk_test",
            "raw": "event=DEPOSIT&externalUserId=u1&amountInDollar=12.50&contractAddress=null&note=",
            "signs": "amountInDollar=12.50&event=DEPOSIT&externalUserId=u1sk_test",
            "gives": "b14e675cf946d556ed8303dd5ba7c347",
        }
    ],
}
# The example of the Standard Webhooks reference libraries.
WEBHOOK: dict[str, Any] = {
    "recipe": "standard-webhooks",
    "secret": "key",
    "vectors": [
        {
            "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "raw": '{"test": 2432232314}',
            "headers": {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330"},
            "gives": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }
    ],
}
SECTIONS = {
    "suffixed": (SUFFIXED, "json"),
    "values": (SORTED_VALUES, "json"),
    "pairs": (PAIRS, "form"),
    "webhook": (WEBHOOK, "json"),
}


def with_vector(section: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**section, "vectors": [{**section["vectors"][0], **changes}]}


@pytest.mark.parametrize("name", SECTIONS)
def test_published_vectors_verify(name: str) -> None:
    """The vectors that vendors publish are reproduced, byte for byte."""
    section, codec = SECTIONS[name]
    assert verify_vectors(section, codec) == []


def test_a_published_vector_is_accepted_as_a_message() -> None:
    """The vector's bytes, sent as a request, are what check accepts."""
    for section in (SUFFIXED, SORTED_VALUES):
        vector = section["vectors"][0]
        recipe = Recipe.compile(section)
        at = recipe.at
        assert at is not None
        request = Request("POST", "/", "", ((at.keys[0], vector["gives"]),), vector["raw"].encode())
        assert recipe.bind({section["secret"]: [vector["secret"].encode()]}).check(Opened(request), 0) == "key 1"


@pytest.mark.parametrize(
    ("changes", "key", "fact"),
    [
        ({"gives": "00" * 32}, ("vectors", 0, "gives"), "another signature"),
        ({"gives": "x"}, ("vectors", 0, "gives"), "another signature"),
        ({"secret": "other"}, ("vectors", 0, "gives"), "another signature"),
        ({"raw": "{}"}, ("vectors", 0, "gives"), "another signature"),
        ({"signs": "{}"}, ("vectors", 0, "signs"), "another text"),
        ({"sings": ""}, ("vectors", 0, "sings"), "has no"),
        ({"raw": 1}, ("vectors", 0, "raw"), "wrong type"),
        ({"secret": ""}, ("vectors", 0), "cannot be computed"),
    ],
)
def test_a_wrong_vector_is_named(changes: dict[str, Any], key: tuple[str | int, ...], fact: str) -> None:
    """Each way in which a vector can be wrong gives one fault, at its key."""
    (fault,) = verify_vectors(with_vector(SUFFIXED, **changes))
    assert isinstance(fault, RecipeFault)
    assert fault.key == key
    assert fact in fault.fact


def test_vectors_of_the_wrong_shape_are_faults() -> None:
    """No list, and a vector without its mandatory keys, are said so."""
    assert verify_vectors({**SUFFIXED, "vectors": "x"})[0].key == ("vectors",)
    assert verify_vectors({**SUFFIXED, "vectors": [{}]})[0].key == ("vectors", 0)


def test_a_section_without_vectors_has_none_to_fail() -> None:
    """Vectors are optional."""
    assert verify_vectors({key: value for key, value in SUFFIXED.items() if key != "vectors"}) == []


def test_an_rsa_vector_names_the_public_key() -> None:
    """For rsa a vector's secret is the public key, and the signature is verified, not recomputed."""
    private, public = rsa_pair()
    section = {"recipe": "rsa-raw", "at": "header.X", "keys": {"check": "theirs", "make": "ours"}}
    draft = Draft()
    draft.body = {"a": 1}
    Recipe.compile(section).bind({"ours": [private]}, for_check=False).make(draft, 0)
    vector = {"secret": public.decode(), "raw": '{"a":1}', "gives": draft.headers["X"]}
    assert verify_vectors({**section, "vectors": [vector]}) == []
    wrong = {**vector, "gives": base64.b64encode(bytes(256)).decode()}
    assert verify_vectors({**section, "vectors": [wrong]})[0].key == ("vectors", 0, "gives")

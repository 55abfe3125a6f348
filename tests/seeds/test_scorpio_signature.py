"""Scorpio Play's signature: HMAC-SHA512 over the values in the order of their names, and what one flipped bit does."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from gateway.wire.message import Request
from gateway.wire.opened import Draft, Opened
from tests.seeds.stage import Stage, dialect

PUBLISHED = "1500,USD,user123,1713792000"
BODY = '{"playerId":"user123","amount":1500,"timestamp":1713792000,"currency":"USD"}'
KEY = b"my_super_secret_token"
DIGEST = "KT1EnIClK3FLG6dfJUQDmVbMadPfBZkL/O8A3oF5f8SLNSVykskclKlFzhOV9LafI65TiTBdXALoYjxWsbjl4w=="
BET = (
    '{"command":"bet","transactionId":"SP1","playerId":"1001","roundId":"R1","providerId":2,"providerName":"EGT",'
    '"gameCode":"G1","gameName":"Slot","currency":"EUR","amount":10.50,"isRoundFinished":true,"isCall":false,'
    '"timestamp":1586335186372}'
)
BARE_BET = '{"command":"bet","transactionId":"SP1","playerId":"1001","roundId":"R1","currency":"EUR","amount":10.50}'
REFUSALS = {"ERR_INTEGRITY_CHECK_FAILED", "ERR_UNKNOWN"}


@pytest.fixture
def slot(stage: Callable[..., Stage]) -> Stage:
    """Player 1001 with EUR 100.00 at this vendor."""
    return stage("scorpio")


def signed(request: Request, *signatures: str, header: str = "X-Request-Signature") -> Request:
    """*request* with these signatures and no others."""
    rest = [pair for pair in request.headers if pair[0] != "X-Request-Signature"]
    return replace(request, headers=(*rest, *((header, each) for each in signatures)))


def signature(request: Request) -> str:
    """The signature that *request* carries."""
    return dict(request.headers)["X-Request-Signature"]


def refused(slot: Stage, request: Request) -> str:
    """Play *request*: it must be refused before the wallet is asked and before anything is remembered. Its word."""
    scene = slot.play(request)
    assert (scene.asked, scene.remembered) == ([], []), request
    assert scene.body["balance"] == 0
    assert scene.body["statusCode"] in REFUSALS, request
    return str(scene.body["statusCode"])


def flips(raw: bytes) -> list[bytes]:
    """*raw* with each of its bits turned over, one at a time."""
    return [raw[:i] + bytes([raw[i] ^ 1 << bit]) + raw[i + 1 :] for i in range(len(raw)) for bit in range(8)]


def test_the_published_sample_gives_the_digest_that_we_computed() -> None:
    """Names sorted, values as texts, joined by commas, HMAC-SHA512, base64; in X-Request-Signature."""
    assert base64.b64encode(hmac.new(KEY, PUBLISHED.encode(), hashlib.sha512).digest()).decode() == DIGEST
    draft = Draft("json", "POST", "/", raw=BODY.encode())
    dialect("scorpio").bind({"api_token": [KEY]}, "sender").of(None).make(draft, 0.0)
    assert draft.headers == {"X-Request-Signature": DIGEST}
    receiver = dialect("scorpio").bind({"api_token": [b"the next token", KEY]}).of(None)
    assert receiver.check(Opened(draft.request()), 0.0) == "key 2"


def test_the_signature_is_over_the_values_in_the_order_of_their_names(slot: Stage) -> None:
    """Blanks and the order of the fields do not matter; flags and nothing (null) sign as they stand."""
    fields = json.loads(BET.replace("10.50", '"@"'))
    names = sorted(fields)
    shuffled = json.dumps({name: fields[name] for name in names}, indent=2).replace('"@"', "10.50")
    assert slot.sign("/", shuffled).headers == slot.sign("/", BET).headers
    text = "10.50,bet,EUR,G1,Slot,false,true,1001,2,EGT,R1,1586335186372,SP1"
    made = hmac.new(slot.secrets["api_token"][0], text.encode(), hashlib.sha512).digest()
    assert signature(slot.sign("/", BET)) == base64.b64encode(made).decode()
    empty, null = BET.replace('"Slot"', '""'), BET.replace('"Slot"', "null")
    assert signature(slot.sign("/", empty)) == signature(slot.sign("/", null))


def test_a_number_is_signed_as_it_is_spelled(slot: Stage) -> None:
    """10.50 and 10.5 are one amount and two signatures; neither passes for the other."""
    short = BET.replace("10.50", "10.5")
    assert refused(slot, signed(slot.sign("/", BET), signature(slot.sign("/", short)))) == "ERR_INTEGRITY_CHECK_FAILED"
    assert slot.play(slot.sign("/", short)).body["statusCode"] == "OK"


@pytest.mark.parametrize("text", [BET, BARE_BET], ids=["whole", "bare"])
def test_one_flipped_bit_anywhere_in_the_body_refuses(slot: Stage, text: str) -> None:
    """In a value it breaks the signature, in a name it makes a documented field a stranger, elsewhere the JSON."""
    request = slot.sign("/", text)
    words = {refused(slot, replace(request, body=each)) for each in flips(request.body)}
    assert words == REFUSALS
    assert (slot.memory.rows, slot.memories) == ({}, {})
    assert slot.play(request).body["statusCode"] == "OK"


def test_one_flipped_bit_anywhere_in_the_signature_refuses(slot: Stage) -> None:
    """Every bit of its 88 characters, the padding's included."""
    request = slot.sign("/", BET)
    for each in flips(signature(request).encode()):
        assert refused(slot, signed(request, each.decode("latin-1"))) == "ERR_INTEGRITY_CHECK_FAILED"
    assert slot.play(request).body["statusCode"] == "OK"


@pytest.mark.parametrize("name", [name for name in json.loads(BET) if name != "command"])
def test_a_renamed_field_is_forged_although_its_value_is_signed(slot: Stage, name: str) -> None:
    """Names are not signed: a field under another name, in the same place of the order, must not simply go missing."""
    assert refused(slot, replace(slot.sign("/", BET), body=BET.replace(f'"{name}"', f'"{name}~"').encode()))


def test_exactly_one_signature_in_its_own_header(slot: Stage) -> None:
    """None, another header, two (even twice the same), another account's, blanks and hex are refused."""
    request = slot.sign("/", BET)
    right = signature(request)
    other = base64.b64encode(hmac.new(b"other", b"x", hashlib.sha512).digest()).decode()
    for wrong in ((), (right, right), (other,), (f" {right}",), (base64.b64decode(right).hex(),), ("",)):
        assert refused(slot, signed(request, *wrong)) == "ERR_INTEGRITY_CHECK_FAILED"
    assert refused(slot, signed(request, right, header="X-Signature")) == "ERR_INTEGRITY_CHECK_FAILED"
    assert slot.play(signed(request, right, header="x-request-signature")).body["statusCode"] == "OK"


def test_a_body_that_is_not_flat_cannot_be_signed(slot: Stage) -> None:
    """The recipe takes top-level values; an object or a list among them is refused, not guessed at."""
    right = signature(slot.sign("/", BET))
    for nested in ("{}", "[]", '{"a":1}'):
        request = Request("POST", "/", "", (), BET.replace('"Slot"', nested).encode())
        assert refused(slot, signed(request, right)) == "ERR_UNKNOWN"

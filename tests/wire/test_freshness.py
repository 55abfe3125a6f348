"""gateway.wire.freshness through Standard Webhooks: timestamps, one-time ids, and several signatures at once."""

import base64
import hmac

import pytest

from gateway.wire.message import Request
from gateway.wire.opened import Draft
from gateway.wire.signatures import Forged
from tests.wire.signing import (
    NOW,
    SECTIONS,
    WHSEC,
    bound,
    draft,
    header_of,
    made,
    opened,
    with_header,
)


def webhook(ident: str, stamp: int | str, body: bytes, *signatures: str) -> Request:
    headers = (("webhook-id", ident), ("webhook-timestamp", str(stamp)), ("webhook-signature", " ".join(signatures)))
    return Request("POST", "/bet", "", headers, body)


def webhook_tag(ident: str, stamp: int | str, body: bytes, secret: bytes = WHSEC) -> str:
    key = base64.b64decode(secret.removeprefix(b"whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, f"{ident}.{stamp}.".encode() + body, "sha256")).decode()


def test_standard_webhooks_takes_any_of_several_signatures() -> None:
    """One fitting `v1,` signature among others is enough; other versions are passed over, alone they prove nothing."""
    recipe, body, stamp = bound(SECTIONS["standard-webhooks"]), b'{"a":1}', int(NOW)
    right = webhook_tag("msg_1", stamp, body)
    other = webhook_tag("msg_1", stamp, b"{}")
    for signatures in ((right,), (other, right), ("v1a,AAAA", right), ("v1,short", right), (right, other)):
        assert recipe.check(opened(webhook("msg_1", stamp, body, *signatures)), NOW) == "key 1"
    for signatures in (
        (other,),
        ("v1a," + right[3:],),
        (right[3:],),
        ("v1," + right,),
        (other,) * 17,
        (other,) * 16 + (right,),
    ):
        with pytest.raises(Forged):
            recipe.check(opened(webhook("msg_1", stamp, body, *signatures)), NOW)


@pytest.mark.parametrize(
    ("off", "fits"),
    [(0, True), (300, True), (-300, True), (301, False), (-301, False), (10**6, False), (-(10**6), False)],
)
def test_timestamps_outside_the_window_are_refused(off: int, fits: bool) -> None:
    """300 s in either direction pass, 301 do not."""
    recipe = bound(SECTIONS["standard-webhooks"])
    request = made(recipe)
    if fits:
        assert recipe.check(opened(request), NOW + off) == "key 1"
    else:
        with pytest.raises(Forged, match="outside its window"):
            recipe.check(opened(request), NOW + off)


@pytest.mark.parametrize(
    "stamp", ["", "1713792000 ", "+1713792000", "1_713792000", "01713792000", "now", "\u0661" * 10]
)
def test_a_signed_but_odd_timestamp_is_refused(stamp: str) -> None:
    """A timestamp that is no plain number of seconds is refused though its signature fits."""
    recipe, body = bound(SECTIONS["standard-webhooks"]), b"{}"
    with pytest.raises(Forged, match=r"timestamp"):
        recipe.check(opened(webhook("msg_1", stamp, body, webhook_tag("msg_1", stamp, body))), NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_id_and_timestamp_must_be_there_once(name: str) -> None:
    """A missing, empty or doubled webhook-id or webhook-timestamp is Forged, with its name."""
    recipe = bound(SECTIONS["standard-webhooks"])
    request = made(recipe)
    value = header_of(request, name)
    for changed in (
        with_header(request, name),
        with_header(request, name, ""),
        with_header(request, name, value, value),
    ):
        with pytest.raises(Forged, match=name):
            recipe.check(opened(changed), NOW)


@pytest.mark.parametrize("ident", ["msg.1", "msg 1", "m\u00fcg", "x" * 257])
def test_an_id_with_the_delimiter_is_refused(ident: str) -> None:
    """An id that holds the delimiter, blanks or foreign letters could make two messages sign the same bytes."""
    recipe, body, stamp = bound(SECTIONS["standard-webhooks"]), b"{}", int(NOW)
    with pytest.raises(Forged, match="delimiter"):
        recipe.check(opened(webhook(ident, stamp, body, webhook_tag(ident, stamp, body))), NOW)


def test_every_made_id_is_new() -> None:
    """A nonce is never used twice, and replaces what the draft held."""
    recipe, seen = bound(SECTIONS["standard-webhooks"]), set()
    written = draft()
    for _ in range(20):
        seen.add(header_of(made(recipe, written), "webhook-id"))
    assert len(seen) == 20


@pytest.mark.parametrize(
    ("codec", "form", "written"), [("json", "unix_ms", 1713792000000), ("form", "unix_s", "1713792000")]
)
def test_a_timestamp_in_the_body_has_the_body_s_type(codec: str, form: str, written: int | str) -> None:
    """Unix times are JSON integers in a JSON body and text in a form, and are judged in both."""
    section = {**SECTIONS["hmac-raw"], "fresh": {"at": "body.ts", "form": form, "within_s": 60}}
    recipe, sheet = bound(section), Draft(codec)
    request = made(recipe, sheet)
    assert sheet.body["ts"] == written
    assert recipe.check(opened(request, codec), NOW) == "key 1"
    with pytest.raises(Forged, match="outside its window"):
        recipe.check(opened(request, codec), NOW + 61)

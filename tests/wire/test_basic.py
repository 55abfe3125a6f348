"""HTTP Basic as a scheme: both directions, several live credentials, and what a header may look like (RFC 7617)."""

import base64

import pytest
from msgspec.structs import replace

from gateway.wire.message import Request
from gateway.wire.opened import Draft, Opened
from gateway.wire.recipes import RecipeFault
from gateway.wire.signatures import BoundRecipe, Forged, Recipe, SecretFault

SECTION = {"recipe": "basic", "secret": "login"}
#: RFC 7617, section 2: the published example, and the one of section 2.1 with a password in UTF-8.
PUBLISHED = [
    (b"Aladdin:open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ("test:123\u00a3".encode(), "Basic dGVzdDoxMjPCow=="),
]


def bound(*credentials: bytes, least: int = 3) -> BoundRecipe:
    return Recipe.compile(SECTION).bind({"login": credentials}, least=least)


def asked(value: str) -> Opened:
    headers = (("Authorization", value),) if value else ()
    return Opened(Request("POST", "/bet", "", headers, b"{}"))


@pytest.mark.parametrize(("credentials", "header"), PUBLISHED)
def test_the_published_examples_are_made_and_checked(credentials: bytes, header: str) -> None:
    """The sender writes what RFC 7617 writes, and the receiver takes it."""
    recipe = bound(credentials)
    draft = Draft("json", "POST", "/bet")
    recipe.make(draft, 0)
    made = draft.request()
    assert dict(made.headers)["Authorization"] == header
    assert recipe.check(Opened(made), 0) == "key 1"


def test_any_of_several_credentials_checks_and_the_first_one_makes() -> None:
    """Rotation is that of every other secret, a new user included."""
    old, new = b"acme:the old password", b"acme-2:the new password"
    both, only_old = bound(new, old), bound(old)
    draft = Draft("json", "POST", "/bet")
    only_old.make(draft, 0)
    assert both.check(Opened(draft.request()), 0) == "key 2"
    draft = Draft("json", "POST", "/bet")
    both.make(draft, 0)
    assert bound(new).check(Opened(draft.request()), 0) == "key 1"
    with pytest.raises(Forged, match="fits no key"):
        only_old.check(Opened(draft.request()), 0)


@pytest.mark.parametrize("word", ["Basic ", "basic ", "BASIC ", "Basic   "])
def test_the_name_of_the_scheme_knows_no_case(word: str) -> None:
    """RFC 9110, 11.1 and 11.4: any case, one blank or more."""
    credentials, header = PUBLISHED[0]
    assert bound(credentials).check(asked(word + header.removeprefix("Basic ")), 0) == "key 1"


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("", "absent"),
        ("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "lacks its prefix"),
        ("BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==", "lacks its prefix"),
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "strict base64"),
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==", "strict base64"),
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", "strict base64"),
        ("Basic " + base64.b64encode(b"Aladdin:open sesam").decode(), "fits no key"),
        ("Basic " + base64.b64encode(b"aladdin:open sesame").decode(), "fits no key"),
        ("Basic " + base64.b64encode(b"Aladdin:open sesame\n").decode(), "fits no key"),
        ("Basic " + base64.b64encode(b"Aladdin:").decode(), "fits no key"),
        ("Basic " + "QQ==" * 4000, "strict base64"),
    ],
)
def test_what_proves_nothing_is_forged(header: str, why: str) -> None:
    """Another scheme, loose base64, or other credentials: refused with the cause, which never shows what was sent."""
    with pytest.raises(Forged, match=why) as refused:
        bound(PUBLISHED[0][0]).check(asked(header), 0)
    assert "QWxh" not in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_credentials_sent_twice_are_forged() -> None:
    """One header, or nobody knows which of them was meant."""
    credentials, header = PUBLISHED[0]
    message = asked(header).message
    assert isinstance(message, Request)
    twice = replace(message, headers=(*message.headers, ("authorization", header)))
    with pytest.raises(Forged, match="2 times"):
        bound(credentials).check(Opened(twice), 0)


@pytest.mark.parametrize(
    ("credentials", "why"),
    [
        (b"a-password-alone", "user:password"),
        (b":a password without a user", "user:password"),
        (b"acme:", "user:password"),
        (b"acme:a password\n", "control characters"),
        (b"acme:\xff\xff\xff\xff\xff\xff\xff\xff", "UTF-8"),
        (b"a-very-long-user-name:short", "a password of 5 bytes; at least 8"),
    ],
)
def test_a_secret_that_is_no_user_and_password_is_refused(credentials: bytes, why: str) -> None:
    """The settings are refused before the port opens; the complaint never shows the value."""
    with pytest.raises(SecretFault, match=why) as refused:
        bound(credentials, least=8)
    assert "acme" not in str(refused.value)
    assert "short" not in str(refused.value)


def test_a_password_may_hold_colons_and_blanks() -> None:
    """Only the first colon parts user and password."""
    assert bound(b"acme:pass : word", least=8).check(asked("Basic YWNtZTpwYXNzIDogd29yZA=="), 0) == "key 1"


def test_basic_signs_nothing_and_says_so() -> None:
    """Keys of a signature mean nothing beside it."""
    with pytest.raises(RecipeFault, match='basic knows no "over"'):
        Recipe.compile({**SECTION, "over": ["raw"]})


def test_the_likely_cause_of_refused_credentials_is_named() -> None:
    """Credentials sent as they stand, without base64, are recognised."""
    assert "where base64 is due" in bound(b"acme:pass").likely_cause(asked("Basic acme:pass"), 0)

"""gateway.wire.ids: ids in a narrower alphabet, written so that they fit and read back to what they were."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.wire.ids import MARK, Alphanumeric, Whole

PRINTABLE = st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"))


def refuses(call: object, value: str, longest: int = 60) -> None:
    with pytest.raises(Fault) as caught:
        getattr(Alphanumeric(longest), str(call))(value)
    assert caught.value.outcome is Outcome.REQUEST_INVALID
    assert value not in str(caught.value)


@pytest.mark.parametrize("plain", ["1001", "Ann", "0", "X" * 60, "0x3", "0X32a"])
def test_letters_and_digits_stand_as_they_are(plain: str) -> None:
    """Most ids need nothing, and no integration that runs sees another id."""
    assert Alphanumeric(60).write(plain) == plain
    assert Alphanumeric(60).read(plain) == plain


@given(st.text(PRINTABLE, min_size=1, max_size=60))
@settings(derandomize=True, max_examples=300)
def test_every_id_comes_back(ours: str) -> None:
    """Whatever the wallet's ids look like: what is written is letters and digits, and means the same id."""
    written = Alphanumeric().write(ours) if len(ours.encode()) < 150 else None
    if written is not None:
        assert re.fullmatch("[0-9A-Za-z]+", written)
        assert Alphanumeric().read(written) == ours


@given(st.text("0x32abcdefghij", min_size=1, max_size=12), st.text("0x32abcdefghij", min_size=1, max_size=12))
@settings(derandomize=True, max_examples=300)
def test_two_ids_never_share_a_spelling(one: str, other: str) -> None:
    """Also those that begin like a coded one: two players would share a purse."""
    assert (Alphanumeric().write(one) == Alphanumeric().write(other)) == (one == other)


@given(st.text("0x32ABCDEFabcdefghij234567", min_size=1, max_size=24))
@settings(derandomize=True, max_examples=500)
def test_one_id_has_one_spelling(theirs: str) -> None:
    """What is read would be written just so; another spelling of the same player is refused."""
    for text in (theirs, MARK + theirs):
        try:
            ours = Alphanumeric().read(text)
        except Fault:
            continue
        assert Alphanumeric().write(ours) == text


@pytest.mark.parametrize("ours", [MARK, MARK + "oawtc", MARK + "1"])
def test_an_id_that_looks_coded_is_coded_itself(ours: str) -> None:
    """0x32oawtc is p-1's spelling, so a player of that very name gets another one."""
    assert Alphanumeric(60).write("p-1") == MARK + "oawtc"
    assert Alphanumeric(60).write(ours) != ours
    assert Alphanumeric(60).read(Alphanumeric(60).write(ours)) == ours


def test_an_id_that_is_too_long_is_refused_and_not_cut() -> None:
    """A uuid with its dashes just fits 62; 60 characters hold 35 bytes."""
    assert len(Alphanumeric(60).write("x" * 34 + "-")) == 60
    refuses("write", "x" * 35 + "-")
    refuses("write", "x" * 61)
    refuses("read", "x" * 61)


@pytest.mark.parametrize(
    "theirs", ["", "p-1", "ä", "a b", MARK, MARK + "1", MARK + "OAWTC", MARK + "mfrggzdf8", MARK + "mfrgg", MARK + "ae"]
)
def test_what_we_would_not_have_written_is_refused(theirs: str) -> None:
    """Other characters, a mark with nothing or nonsense behind it, another case, a plain id in code, a U+0001."""
    with pytest.raises(Fault) as caught:
        Alphanumeric(60).read(theirs)
    assert caught.value.outcome is Outcome.REQUEST_INVALID


@pytest.mark.parametrize("number", ["0", "7", "3550425217839330493", str(2**63 - 1)])
def test_a_whole_number_of_63_bits_stands_as_it_is(number: str) -> None:
    """A provider's own ids are never changed."""
    assert Whole().write(number) == number
    assert Whole().read(int(number)) == Whole().read(number) == number


@pytest.mark.parametrize("other", ["acme::t1", "007", "-5", "1.0", "1e3", str(2**63), "9" * 40, "\u0667", "7 "])
def test_any_other_key_becomes_one(other: str) -> None:
    """The same one each time, another for another key, and one that a signed column of 64 bits holds."""
    number = Whole().write(other)
    assert number == Whole().write(other) != Whole().write(other + "'")
    assert str(int(number)) == number
    assert 0 <= int(number) < 2**63


def test_the_number_of_a_key_is_fixed() -> None:
    """It stands in wallets' books: a rollback of next year must name it, too. By sha256sum and bc."""
    assert Whole().write("acme::t1") == "896512322482329811"

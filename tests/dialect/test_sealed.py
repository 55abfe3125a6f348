"""Sealed bodies of a table whose paths name the operation: what is told of one that does not open."""

import pytest

from gateway.canon.faults import Fault
from gateway.canon.outcomes import Outcome
from gateway.dialect.dialect import Dialect
from gateway.dialect.keys import Keys
from gateway.wire.message import Request
from gateway.wire.opened import Draft
from tests.dialect.made import SECRET, complaints, dialect

STEPS = '[request]\nbody = ["base64", { cipher = "aes-256-gcm", key = "cipher" }, "json"]\n'
DECRYPTED = f'without = ["request.signature"]\n{STEPS}signature.scheme = "decryption"\n'
BET = b'{"player": "p", "currency": "EUR", "id": "1", "round": "g", "amount": 1.50}'


def keys(made: Dialect) -> Keys:
    """With a key for the cipher; the same for both sides."""
    return made.bind({"key": [SECRET], "cipher": [b"thirty-two bytes make 256 bits.."]}, "sender")


def sent(made: Dialect, inside: bytes) -> Request:
    """*inside* as it travels, signed where the table says so."""
    draft = Draft("json", path="/bet", raw=inside)
    draft.seal = keys(made).seal(made.variants["bet"])
    keys(made).of("bet").make(draft, 0.0)
    return draft.request()


@pytest.mark.parametrize("patch", [STEPS, DECRYPTED])
def test_a_call_in_an_envelope(patch: str) -> None:
    """Signed over what travels, or proved by the cipher alone."""
    made = dialect(patch)
    bound = made.bind({"key": [SECRET], "cipher": [b"thirty-two bytes make 256 bits.."]})
    opened = made.open(sent(made, BET), bound)
    form = made.recognise(opened)
    assert made.verify(form.name, opened, bound, 0.0) == "key 1"
    assert made.read_call(form, opened).round == "g"
    assert made.secrets("receiver") == ({"cipher"} if patch is DECRYPTED else {"cipher", "key"})


@pytest.mark.parametrize("patch", [STEPS, DECRYPTED])
def test_what_does_not_open_is_forged_whoever_signed_it(patch: str) -> None:
    """The path names the operation, so its own row answers; a good signature over nonsense changes nothing."""
    made = dialect(patch)
    bound = made.bind({"key": [SECRET], "cipher": [b"thirty-two bytes make 256 bits.."]})
    draft = Draft("json", path="/bet", raw=b"AAAA")
    keys(made).of("bet").make(draft, 0.0)
    opened = made.open(draft.request(), bound)
    form = made.recognise(opened)
    proved_by_it = patch is DECRYPTED
    with pytest.raises(Fault) as caught:
        made.verify(form.name, opened, bound, 0.0) if proved_by_it else made.read(form, opened)
    assert (form.name, caught.value.outcome) == ("bet", Outcome.SIGNATURE_INVALID)
    assert caught.value.why == "the body opens with none of the keys"
    assert made.echo("bet", opened) == {}


def test_one_path_has_one_envelope_and_its_vectors_stand_once() -> None:
    """Two operations of one path are told apart by what is inside, so it comes in one envelope."""
    twice = '[operations.other]\noperation = "balance"\npath = "/bet"\nwhen."body.x" = 1\nbody = ["base64", "json"]\n'
    assert ("GW205", "operations.other") in complaints(twice)
    assert ("GW123", "operations.bet.vectors") in complaints("[operations.bet]\nvectors = []\n")
    vector = '[[request.vectors]]\nsecrets = {}\nraw = "x"\ngives = "{}"\n'
    assert ("GW118", "request.vectors.0") in complaints(vector)
    assert ("GW118", "request.vectors.0") in complaints(STEPS + '[[request.vectors]]\nraw = "x"\n')

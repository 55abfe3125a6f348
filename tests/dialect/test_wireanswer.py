"""One thing that can be said: told apart by type, status and silence, and named for people."""

import pytest

from gateway.dialect.wireanswer import WireAnswer


def test_from_a_table() -> None:
    """A scalar is a code; a section names its parts."""
    assert WireAnswer.of("OK") == WireAnswer("OK")
    assert WireAnswer.of({"code": 0, "text": "fine", "http": 201}) == WireAnswer(0, "fine", 201)
    assert WireAnswer.of({"no_answer": True}).no_answer
    with pytest.raises(TypeError):
        WireAnswer.of({"word": "OK"})


@pytest.mark.parametrize(
    ("answer", "key", "shown"),
    [
        (WireAnswer("OK"), "str OK", '"OK"'),
        (WireAnswer("0"), "str 0", '"0"'),
        (WireAnswer(0), "int 0", "0"),
        (WireAnswer(False), "bool False", "false"),
        (WireAnswer("OK", http=402), "str OK http 402", '"OK" with HTTP 402'),
        (WireAnswer(http=429), "http 429", "HTTP 429"),
        (WireAnswer(http=500), "http 5xx", "HTTP 500"),
        (WireAnswer(http=503), "http 5xx", "HTTP 503"),
        (WireAnswer(no_answer=True), "no_answer", "no answer"),
        (WireAnswer(), "plain", "success without a code"),
    ],
)
def test_key_and_name(answer: WireAnswer, key: str, shown: str) -> None:
    """0, "0" and false are three words; every bare 5xx is one; a text changes neither key nor name."""
    assert (answer.key, str(answer)) == (key, shown)


def test_failures_of_the_transport() -> None:
    """Silence and a 5xx without a code; a code with 5xx is an answer."""
    assert WireAnswer(no_answer=True).transport
    assert WireAnswer(http=502).transport
    assert not WireAnswer("ERROR", http=500).transport
    assert not WireAnswer(http=499).transport
    assert not WireAnswer().transport

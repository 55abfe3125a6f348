"""[answers] compiled: the closer section wins, equal shapes are one, and samples are checked where they stand."""

from gateway.canon.outcomes import Outcome
from gateway.dialect.answerform import AnswerForm
from gateway.dialect.problems import Refused
from tests.dialect.made import dialect

OWN = """[operations.bet.answers.insufficient_funds]
body = '''{"code": "$code", "need": "more"}'''
[operations.bet.answers]
http = 201
headers = { X-Kind = "bet" }
[answers.refused]
http = [200, 400]
[answers.done]
headers = { X-Kind = "done" }
"""


def form(patch: str, name: str | None, outcome: Outcome) -> AnswerForm:
    """The shape in which it is said."""
    return dialect(patch).said[name, outcome].form


def refused(patch: str) -> tuple[str, str]:
    """Code and keypath of the first complaint."""
    try:
        dialect(patch)
    except Refused as refusal:
        return refusal.problems[0].code, ".".join(map(str, refusal.problems[0].keypath))
    return "", ""


def test_the_closer_section_wins() -> None:
    """The table's, its half, its outcome, then the operation's, its half, its outcome; headers add up."""
    assert form(OWN, "win", Outcome.UNKNOWN).http == (200, 400)
    assert form(OWN, "win", Outcome.OK).headers == (("X-Kind", "done"), ("Content-Type", "application/json"))
    bet = form(OWN, "bet", Outcome.INSUFFICIENT_FUNDS)
    assert bet.http == (201,)
    assert dict(bet.headers)["X-Kind"] == "bet"
    assert bet.sample is not None
    assert "need" in bet.sample.text
    assert form(OWN, "bet", Outcome.OK).slot("balance") is not None
    assert form(OWN, None, Outcome.REQUEST_INVALID).http == (200, 400)


def test_equal_shapes_are_one() -> None:
    """Two operations without sections of their own share it."""
    made = dialect()
    assert made.said["win", Outcome.OK].form is made.said["bet", Outcome.UNKNOWN].form


def test_the_content_type() -> None:
    """JSON, unless a header says otherwise, in whatever letter case."""
    stated = form('[answers.headers]\ncontent-type = "text/json"', "bet", Outcome.OK)
    assert stated.headers == (("content-type", "text/json"),)
    assert form("", "bet", Outcome.OK).headers == (("Content-Type", "application/json"),)


def test_how_amounts_in_answers_are_spelled() -> None:
    """By [money] fields, then [money]; always signed, for a balance may be below zero."""
    made = dialect('[money.fields]\nbalance = { unit = "minor" }')
    spelling = made.said["bet", Outcome.OK].form.spelling
    assert (spelling.money["balance"].unit, spelling.money["amount"].unit) == ("minor", "major")
    assert spelling.money["balance"].signed


def test_a_sample_that_is_none() -> None:
    """GW108 where it is written, of the table or of an operation."""
    assert refused("[answers]\nbody = '{'") == ("GW108", "answers.body")
    assert refused("[operations.bet.answers]\nbody = '[]'") == ("GW108", "operations.bet.answers.body")


def test_names_of_a_sample() -> None:
    """GW106 for a name that is none of ours; GW113 where the quotes disagree with [money]."""
    assert refused('[answers]\nbody = \'{"code": "$code", "x": "$playr?"}\'') == ("GW106", "answers.body")
    assert refused('[answers]\nbody = \'{"code": "$code", "x": "$balance?"}\'') == ("GW113", "answers.body")
    assert refused('[money]\nform = "text"')[0] == "GW113"


def test_sections_and_headers() -> None:
    """GW104 for a section of no outcome; GW107 for a header that cannot be sent, however deep it stands."""
    assert refused("[answers.okay]\nhttp = 200") == ("GW104", "answers.okay")
    assert refused("[operations.bet.answers.okay]\nhttp = 200") == ("GW104", "operations.bet.answers.okay")
    assert refused('[answers.headers]\n"X Y" = "a"') == ("GW107", "answers.headers.X Y")
    assert refused('[operations.bet.answers.refused.headers]\nX-Y = "a\\nb"')[0] == "GW107"

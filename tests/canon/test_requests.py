"""What can be asked of providers, and what can come of it: every word is certain but one."""

from gateway.canon.outcomes import Moved
from gateway.canon.requests import ANSWER_FIELDS, ASK_FIELDS, ASKED_BY, CREATES, IDENTITY, MEANINGS, Ask, Result


def test_one_word_only_is_a_doubt() -> None:
    """Success is `ok` and `already_exists`; everything else says that nothing was done."""
    by = {done: {each for each in Result if each.done is done} for done in Moved}
    assert by[Moved.YES] == {Result.OK, Result.ALREADY_EXISTS}
    assert by[Moved.UNKNOWN] == {Result.UNKNOWN}
    assert len(by[Moved.NO]) == len(Result) - 3


def test_what_moves_money_can_be_asked_about() -> None:
    """Each create has its own question, which moves nothing."""
    assert set(ASKED_BY) == CREATES
    assert not set(ASKED_BY.values()) & CREATES
    assert len(set(ASKED_BY.values())) == len(CREATES)


def test_every_word_has_a_sentence() -> None:
    """For tables' authors and for the console."""
    assert all(each.sentence for each in (*Ask, *Result))
    assert set(MEANINGS) == set(ANSWER_FIELDS)
    assert set(IDENTITY) <= set(ASK_FIELDS) <= set(ANSWER_FIELDS)

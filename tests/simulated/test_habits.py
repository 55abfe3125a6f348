"""The odd things that happen to a provider's messages, played by hand: what is sent, and which answers it minds."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.simulated.operators import LOSES, WINS, provider
from tests.torture.providers.beliefs import Belief, Book, Decision, Step
from tests.torture.providers.play import Habits, Player, plan_round
from tests.torture.providers.rounds import Provider
from tests.torture.providers.wishes import Answered, Event, Line, NoAnswer, Pause, Post, Story, Stray, Together

OK = Answered(200, b'{"balance": 5, "statusCode": "OK"}')
NO = Answered(200, b'{"balance": 5, "statusCode": "ERR_NOT_ENOUGH_MONEY"}')
BROKEN = Answered(200, b'{"balance": 5, "statusCode": "ERR_UNKNOWN"}')
NEVER = Answered(200, b'{"balance": 5, "statusCode": "ERR_TRANSACTION_DOES_NOT_EXIST"}')

Says = Callable[[Post], Event]


def by_hand(story: Story, says: Says = lambda post: OK) -> list[Any]:
    """Play a story against a function; every wish, in order."""
    wishes: list[Any] = []
    event: Any = None
    while True:
        try:
            wish = story.send(event)
        except StopIteration:
            return wishes
        wishes.append(wish)
        event = None
        if isinstance(wish, Post):
            event = says(wish)
        elif isinstance(wish, Together):
            event = [says(post) for post in wish.posts]


def in_turn(*answers: Event) -> Says:
    """Those answers, then OK."""
    left = list(answers)
    return lambda post: left.pop(0) if left else OK


def commands(wishes: list[Any]) -> list[str]:
    """What was sent, as Scorpio's commands; strays and copies are marked."""
    told = []
    for wish in wishes:
        if isinstance(wish, Post):
            told.append(command(wish))
        elif isinstance(wish, Together):
            told.append("+".join(map(command, wish.posts)))
        elif isinstance(wish, Stray):
            told.append(f"stray {command(wish.post)}")
    return told


def command(post: Post) -> str:
    """Scorpio's word in a message."""
    return post.body.decode().partition('"command":"')[2].partition('"')[0]


def play(habits: Habits, says: Says = lambda post: OK, **knobs: Any) -> tuple[Provider, list[str]]:
    """One round of Scorpio's."""
    who = provider("scorpio", habits, **knobs)
    return who, commands(by_hand(who.round(0), says))


def test_the_rollback_overtakes_its_bet() -> None:
    """The bet is still under way and nobody hears its answer; the cancel is sent at once, and the bet never counts."""
    who, told = play(replace(WINS, overtaken=1.0))
    assert told == ["stray bet", "cancel"]
    assert [belief.counts for belief in who.book] == [0, 0]
    assert all(belief.resolved for belief in who.book)


@pytest.mark.parametrize(("late", "contradictions"), [(BROKEN, 0), (OK, 1)])
def test_a_late_copy_of_a_bet_that_was_called_off(late: Event, contradictions: int) -> None:
    """It must not be accepted any more."""
    who, told = play(replace(WINS, calls_off=1.0, late_copy=1.0), in_turn(OK, OK, late))
    assert told == ["bet", "cancel", "bet"]
    assert len(who.book.contradictions) == contradictions


def test_a_second_rollback_under_a_new_id_changes_no_belief() -> None:
    """Whatever it hears."""
    for answer in (OK, NEVER, Answered(200, b'{"balance": 5, "statusCode": "ERR_TRANSACTION_ROLLED_BACK"}')):
        who, told = play(replace(WINS, calls_off=1.0, undo_again=1.0), in_turn(OK, OK, answer))
        assert told == ["bet", "cancel", "cancel"]
        assert len(who.book) == 3
        assert who.book.contradictions == []
        assert sum(belief.counts for belief in who.book) == 0


@pytest.mark.parametrize(
    ("first", "again", "contradictions"), [(OK, OK, 0), (OK, BROKEN, 0), (OK, NO, 1), (NO, NO, 0), (NO, OK, 1)]
)
def test_a_repeat_must_not_turn_yes_into_no_or_no_into_yes(first: Event, again: Event, contradictions: int) -> None:
    """A declined bet stays declined, an accepted one accepted; a failure says nothing of either."""
    habits = replace(LOSES, repeats=1.0)
    seed = next(seed for seed in range(99) if play(habits, in_turn(first, again), seed=seed)[1] == ["bet", "bet"])
    who, _ = play(habits, in_turn(first, again), seed=seed)
    assert len(who.book.contradictions) == contradictions


@pytest.mark.parametrize(("answer", "contradictions"), [(OK, 1), (NO, 0), (BROKEN, 0)])
def test_the_same_id_with_another_amount_must_be_refused(answer: Event, contradictions: int) -> None:
    """One more than before, under the id that was accepted; the belief keeps its own amount."""
    who = provider("scorpio", replace(LOSES, conflicts=1.0))
    first, second = by_hand(who.round(0), in_turn(OK, answer))
    (bet,) = who.book
    assert second.body != first.body
    assert f'"amount":{float(bet.amount + 1)}' in second.body.decode()
    assert len(who.book.contradictions) == contradictions
    assert bet.counts == -bet.amount


def test_a_rollback_with_another_amount_is_no_conflict() -> None:
    """What was booked decides there: only bets and prizes are sent with another amount."""
    _, told = play(replace(WINS, calls_off=1.0, conflicts=1.0))
    assert told == ["bet", "bet", "cancel"]


def test_scorpios_deadlines_are_in_the_messages() -> None:
    """3 s for a bet, 4 s for a win and a cancel."""
    for habits, expected in ((WINS, [3.0, 4.0]), (replace(WINS, calls_off=1.0), [3.0, 4.0])):
        assert [post.timeout for post in by_hand(provider("scorpio", habits).round(0))] == expected


def test_of_two_copies_one_answer_is_heard() -> None:
    """Accepted and refused at once is a contradiction; accepted and failed is not."""
    heard = set()
    for seed in range(30):
        who, told = play(replace(LOSES, twice=1.0), in_turn(OK, BROKEN), seed=seed)
        assert told[0] == "bet+bet"
        assert who.book.contradictions == []
        heard.add(next(iter(who.book)).state)
    assert heard == {"done", "unknown"}
    decisions = [Decision(Step.DONE, "silent: a"), Decision(Step.FAILED, "silent: b")]
    who.book.compare(next(iter(who.book)), decisions)
    assert len(who.book.contradictions) == 1


@pytest.mark.parametrize("line", [Line.HANGS_UP, Line.LATE, Line.LOSES])
def test_the_providers_own_faults_are_in_the_message(line: Line) -> None:
    """The driver is told what becomes of the answer, and how long the provider listens."""
    who = provider("scorpio", replace(LOSES, **{line.name.lower(): 1.0}))
    post = by_hand(who.round(0))[0]
    assert post.line is line
    assert post.waits == post.timeout if line is Line.LOSES else 0 < post.waits < post.timeout


def test_a_round_is_played_again_from_its_seed() -> None:
    """The same messages for the same seed and number, whatever was played before; others for others."""
    for account in ("scorpio", "marbles", "evenbet", "field"):
        silent = lambda post: NoAnswer("nothing")  # noqa: E731
        one, other, third = (provider(account, Habits(), seed=seed) for seed in (7, 7, 8))
        for who in (one, other, third):
            by_hand(who.enter(who.players[0]), lambda post: Answered(200, b'{"token": "t"}'))
        by_hand(other.round(3), silent)
        told = [by_hand(who.round(5), silent) for who in (one, other, third)]
        assert told[0] == told[1]
        assert told[0] != told[2]


def test_pauses_are_told_to_the_driver() -> None:
    """Between two tries of a win, and never after the last."""
    who = provider("scorpio", gap_seconds=2.5)
    wishes = by_hand(who.round(0), in_turn(OK, BROKEN, BROKEN, BROKEN))
    assert [wish.seconds for wish in wishes if isinstance(wish, Pause)] == [2.5, 2.5]


def test_plans_hold_everything_that_habits_promise() -> None:
    """Amounts fit the currency; wins, losses, several bets, free bets, a stake that nobody can pay."""
    for exponent in (0, 2, 3):
        player = Player("7", "XXX", "t", exponent)
        plans = [plan_round(Random(n), Habits(), player) for n in range(600)]
        stakes = [stake for plan in plans for stake in plan.stakes]
        assert all(stake.amount == round(stake.amount, exponent) for stake in stakes)
        assert {len(plan.stakes) for plan in plans} >= {1, 2, 3}
        assert {bool(stake.prize) for stake in stakes} == {stake.free for stake in stakes} == {True, False}
        assert any(stake.amount == 10**12 for stake in stakes)
        assert any(plan.called_off for plan in plans)
    assert plan_round(Random(1), WINS, player).prizes([]) == []


def test_a_decision_cites_its_document() -> None:
    """A source without a tag is no source."""
    with pytest.raises(ValueError, match="cites"):
        Decision(Step.RETRY, "because")


def test_an_id_is_used_once() -> None:
    """Ids are unique in the whole system; a provider that reuses one is a bug of the simulation."""
    book = Book("acme")
    book.add(Belief("acme", "bet", "b1", "7", "EUR", Decimal(1), "g"))
    with pytest.raises(ValueError, match="b1"):
        book.add(Belief("acme", "bet", "b1", "7", "EUR", Decimal(1), "g"))

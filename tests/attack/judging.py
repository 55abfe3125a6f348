"""Whether an answer is one that its table knows."""

import orjson

from gateway.exchange.callback import ANSWER_WITHIN
from tests.exchange.answered import check_answer
from tests.exchange.driving import Story, World
from tests.exchange.shipped import BETTING


def in_the_dialect(world: World, story: Story) -> None:
    """One answer: the table's status and its shape; AssertionError where it is anything else, or a bug was met."""
    assert story.journey.bug is None or story.journey.alerts == ["unfilled"], repr(story.journey.bug)
    assert len(story.answers) == 1
    took = (story.answered_at or 0) - story.journey.received
    assert took <= ANSWER_WITHIN * max(world.dialect.deadlines_ms.values()) / 1000, f"{took} s"
    if world.dialect.name in BETTING and world.dialect.batch is None:
        check_answer(world, story)
        return
    said, (response,) = story.said, story.answers
    if said.answer.no_answer:
        assert response is None
        return
    assert response is not None
    assert response.status == (said.answer.http or 200), response.status
    if response.body:
        assert isinstance(orjson.loads(response.body), dict | list)

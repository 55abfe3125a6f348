"""The stage on which the seeds' rules are played, line by line: see `stage.Stage`."""

from collections.abc import Callable, Iterator

import pytest

from tests.seeds.stage import Stage


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    """`stage("acme", repeated_bet="original")`: an account of that dialect with those options, before a new wallet."""
    made: list[Stage] = []

    def make(name: str, **options: str) -> Stage:
        made.append(Stage(name, options))
        return made[-1]

    yield make
    for each in made:
        each.sandbox.close()


@pytest.fixture
def marbles(stage: Callable[..., Stage]) -> Stage:
    """155.io with its default options."""
    return stage("155io")

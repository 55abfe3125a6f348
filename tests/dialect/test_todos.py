"""What is left to do in a file is a list of warnings, each at its words."""

import pytest

from gateway.dialect.source import Source
from gateway.dialect.todos import todo_problems


@pytest.mark.parametrize(
    ("line", "says", "length"),
    [
        ("a = 1  # TODO: their unit", "to do: their unit", 16),
        ("a = 1  # TODO", "to do: something is left to do here", 4),
        ('a = "TODO their path"  # here', "to do: their path", 15),
    ],
)
def test_what_is_left_to_do(line: str, says: str, length: int) -> None:
    """In a comment up to its end, in a string up to the string's."""
    (problem,) = todo_problems(Source("made.toml", f'dialect = "made"\n{line}\n'))
    assert (problem.code, problem.warning, problem.says) == ("GW407", True, says)
    assert problem.place is not None
    assert (problem.place.line, problem.place.column, problem.place.length) == (2, line.index("TODO") + 1, length)


def test_words_that_only_look_like_it() -> None:
    """A whole word in capitals, nothing else."""
    assert todo_problems(Source("made.toml", "# TODOS, todo, A_TODO\n")) == []

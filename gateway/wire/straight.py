"""Straight-line functions, written once for what a table says and run for every message.

A form that is walked costs a loop, a few calls and a dozen questions for each of its fields, the same ones every time.
`Straight` collects the lines of a function in which they are answered already; `made` compiles it. What is no literal
is bound by name. The text is kept where tracebacks look for it, so an error shows the line that it came from.

A function is made when it is first asked for: a table has many forms, and a process speaks few of them. Who serves asks
for those of its parties before it listens.
"""

import linecache
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from sys import intern
from typing import Any
from weakref import finalize

_NUMBERS = count(1)


class Straight:
    """A function in the making. *signature*: its name and parameters, such as `read(opened)`; *about*: whose it is."""

    def __init__(self, signature: str, about: str) -> None:
        self._name = signature.partition("(")[0]
        self._lines = [f"def {signature}:"]
        self._about = about
        self._depth = 1
        self._bound: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._said: set[str] = set()

    def line(self, text: str) -> None:
        """One more line, at the depth of now."""
        self._lines.append(f"{'    ' * self._depth}{text}")

    def once(self, text: str) -> None:
        """A line that need not be said twice; to be said where every way comes by."""
        if text not in self._said:
            self._said.add(text)
            self.line(text)

    @contextmanager
    def inside(self, head: str) -> Iterator[None]:
        """What follows stands below *head*, such as `if value is None:`."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def name(self, value: Any, hint: str = "it") -> str:
        """The name by which the lines may speak of *value*; one object has one name."""
        if id(value) not in self._names:
            self._names[id(value)] = name = f"{hint}_{len(self._bound)}"
            self._bound[name] = value
        return self._names[id(value)]

    def literal(self, value: Any) -> str:
        """*value* in the lines: texts, flags and numbers as they are, anything else by name."""
        return repr(value) if type(value) in (str, bytes, int, bool, type(None)) else self.name(value)

    @property
    def text(self) -> str:
        """The source."""
        return "\n".join(self._lines) + "\n"

    def made(self) -> Callable[..., Any]:
        """The function."""
        file = f"<{self._about} #{next(_NUMBERS)}>"
        exec(compile(self.text, file, "exec"), self._bound)  # noqa: S102 - made of a table's words, each as a literal
        # Each line once: functions of one kind differ in names that are bound, and in little else.
        linecache.cache[file] = (len(self.text), None, [*map(intern, self.text.splitlines(keepends=True))], file)
        function: Callable[..., Any] = self._bound.pop(self._name)
        finalize(function, linecache.cache.pop, file, None).atexit = False  # tables are read again while they serve
        return function

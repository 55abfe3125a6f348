"""Performing a batch's wishes on what was read, without I/O: each on a page of its own, over what came before it."""

from collections.abc import Callable, Sequence
from typing import Any

from gateway.journal.page import Page
from gateway.journal.performing import perform
from gateway.journal.postgres.link import Link
from gateway.journal.postgres.loading import Decoded, Loaded, Needs, NotLoaded
from gateway.journal.postgres.serving import Serving
from gateway.journal.postgres.writing import Writing
from gateway.journal.states import Policy
from gateway.journal.wishes import Recall, Record, Remember


class Failed:
    """A wish could not be performed; it has changed nothing."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Players:
    """What every batch of one instance is performed with. *token* gives a new holder's name each time."""

    def __init__(self, serving: Serving, policy: Policy, token: Callable[[], str]) -> None:
        self.serving, self.policy, self._token = serving, policy, token
        self.decoded = Decoded()

    async def play(
        self, link: Link, wishes: Sequence[Any], keys: tuple[str, ...] = (), loaded: Loaded | None = None
    ) -> tuple[list[Any], Writing]:
        """Read what *wishes* need, and perform them; gives a result for each, and what is to be written.

        *keys* belong to a Lease or a Reap, *loaded* is what was read already. Raises what `Link` raises.
        """
        loaded = loaded or Loaded(self.decoded)
        needs = Needs(wishes)
        needs.keys.update(keys)
        while True:
            await loaded.read(link, needs)
            try:
                return self._perform(loaded, wishes, keys)
            except NotLoaded as missing:
                needs.add(missing.what)

    def _perform(self, loaded: Loaded, wishes: Sequence[Any], keys: tuple[str, ...]) -> tuple[list[Any], Writing]:
        page = Page(loaded, self.serving.now(), self.serving.wall(), self.serving.me)
        writing = Writing(page, loaded)
        results: list[Any] = []
        for wish in wishes:
            part = page.part()
            loaded.begin()
            try:
                results.append(self._one(part, wish, keys, writing))
            except NotLoaded:
                raise
            except Exception as error:
                results.append(Failed(error))
            else:
                writing.keep(part, loaded.counted)
        return results, writing

    def _one(self, page: Page, wish: Any, keys: tuple[str, ...], writing: Writing) -> Any:
        match wish:
            case Recall(account, kind, identity):
                return writing.recalled((account, kind, identity))
            case Remember():
                writing.remember(wish)
                return None
        result = perform(page, wish, self.policy, self._token(), keys)
        if isinstance(wish, Record):
            for memory in wish.memories:
                writing.remember(memory)
        return result

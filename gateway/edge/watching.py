"""Noticing that the settings, a table or a secret's file is another one, by looking at all of them every second.

Looking works wherever files do: editors that replace a file, Kubernetes, which swaps one symbolic link above all files
of a ConfigMap or a Secret, file systems of other machines that tell nobody of a change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from gateway.edge.preparing import open_shelf, references
from gateway.edge.settings import ProviderPart, Settings, Wallet
from gateway.edge.tls import files

#: Seconds between two looks. A change is acted upon once two looks have seen the same: nobody is still writing then.
EVERY = 1.0

#: Which file it is, when it was written, how long it is; None where there is none.
Stamp = tuple[int, int, int, int] | None


class Watch:
    """*settings*: those in force, and those that were refused; *changed* is awaited after a change."""

    def __init__(
        self, config: Path, settings: Callable[[], Sequence[Settings]], changed: Callable[[], Awaitable[object]],
        every: float = EVERY,
    ) -> None:  # fmt: skip
        self._config, self._settings, self._changed, self._every = config, settings, changed, every

    async def run(self) -> None:
        """Look until cancelled."""
        acted = seen = await self._look()
        while True:
            await asyncio.sleep(self._every)
            before, seen = seen, await self._look()
            if seen == before and seen != acted:
                await self._changed()
                acted = seen

    async def _look(self) -> dict[Path, Stamp]:
        """Beside the loop: a file system may be slow, or hang."""
        return await asyncio.to_thread(stamps, self._config, *self._settings())


def stamps(config: Path, *settings: Settings) -> dict[Path, Stamp]:
    """Every file that a reload would read, links followed."""
    named = chain.from_iterable(_files(config, each) for each in settings)
    return {path: _stamp(path) for path in dict.fromkeys(named)}


def _files(config: Path, settings: Settings) -> Iterator[Path]:
    yield config
    parts: list[ProviderPart | Wallet] = [settings.wallet, *settings.providers.values()]
    for part in parts:
        for folder in open_shelf(settings, part).folders:
            yield from sorted(folder.glob("*.toml"))
    yield from (settings.folder / each.file for each in references(settings) if each.file is not None)
    for tls in (settings.public.tls, settings.wallet.tls):
        if tls is not None:
            yield from files(tls, settings.folder)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size

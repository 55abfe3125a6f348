"""The journal that a settings file names, opened for people: beside a gateway that serves it, or when none does."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import Parameter

from gateway.cli.exits import Finding, Misuse
from gateway.cli.serve import read_settings
from gateway.edge.journals import open_desk
from gateway.edge.settings import Settings
from gateway.journal.reading import Desk
from gateway.journal.wishes import JournalRefused

Result = TypeVar("Result")
Config = Annotated[Path, Parameter(help="The settings file of the gateway.")]
Json = Annotated[bool, Parameter(negative="", help="Print JSON, for scripts.")]


def at_desk(config: Path, ask: Callable[[Desk], Awaitable[Result]]) -> tuple[Settings, Result]:
    """The settings, and what *ask* gives. Finding where they, or the journal, cannot be used.

    Misuse where the settings name no journal that outlives its process.
    """
    settings = read_settings(config)
    if settings is None:
        raise Finding
    if settings.journal.durability == "off" or settings.journal.url is None:
        raise Misuse(f'{config}: journal.durability = "off" keeps everything in memory: there is nothing to look into')

    async def asked() -> Result:
        async with open_desk(settings) as desk:
            return await ask(desk)

    try:
        return settings, asyncio.run(asked())
    except JournalRefused as refused:
        raise Finding(str(refused)) from None

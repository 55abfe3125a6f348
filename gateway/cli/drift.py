"""`gateway drift`: what a running gateway saw that stands in no row of a table, and the row that it asks for."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import orjson
from cyclopts import Parameter

from gateway.cli.bearer import bearer
from gateway.cli.exits import CLEAN, FINDINGS, Finding, Misuse
from gateway.cli.journals import Json
from gateway.cli.send import ANYWHERE
from gateway.cli.serve import read_settings
from gateway.dialect.pasting import place
from gateway.dialect.proposals import Proposal
from gateway.dialect.shelf import Shelf
from gateway.edge.addresses import parse_listen
from gateway.edge.preparing import open_shelf
from gateway.edge.settings import Settings

_SIDES = {"callback": "its callbacks", "answer": "its answers to our requests", "wallet": "its replies"}


def drift(
    *,
    config: Annotated[Path, Parameter(help="The settings file of the gateway that runs.")],
    url: Annotated[str | None, Parameter(help="Where the admin listener is; default: admin.listen.")] = None,
    json: Json = False,
) -> int:
    """What came since the gateway started and stands in no row, and the row to paste. Names only, never a value.

    A field, a code, a value of a closed list, an operation, a content type. The running gateway keeps it in memory.
    Exit code 1 when there is something.
    """
    settings = read_settings(config)
    if settings is None:
        return FINDINGS
    token = bearer(settings, "admin", settings.admin) if settings.admin.secrets.get("token") else {}
    seen = asyncio.run(_asked(f"{(url or address(settings)).rstrip('/')}/drift", token))
    if json:
        print(orjson.dumps(seen, option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join(shown(seen, settings)))
    return FINDINGS if seen else CLEAN


def address(settings: Settings) -> str:
    """Where the admin listener is, as a URL of this machine."""
    host, port = parse_listen(settings.admin.listen)
    if port == 0:
        raise Misuse("admin.listen leaves the port to chance; say where the gateway is with --url")
    return f"http://{ANYWHERE.get(host, f'[{host}]' if ':' in host else host)}:{port}"


async def _asked(url: str, token: Mapping[str, str]) -> list[dict[str, Any]]:
    try:
        async with aiohttp.ClientSession(trust_env=False) as client, client.get(url, headers=token) as answer:
            found = orjson.loads(await answer.read()) if answer.status == 200 else None
            unknown = answer.status == 401
    except (aiohttp.ClientError, ValueError) as fault:
        raise Finding(f"no answer from the gateway ({type(fault).__name__}): is it served?") from None
    if unknown:
        raise Finding("the admin listener takes no token that these settings have in admin.secrets.token")
    if not isinstance(found, list):
        raise Finding("this is no admin listener that tells of drift")
    return found


def shown(seen: Sequence[Mapping[str, Any]], settings: Settings) -> Iterator[str]:
    """Everything seen for people, by party; the rows as they can be pasted."""
    if not seen:
        yield "Everything that came stands in a row."
    for (name, dialect, side), entries in groupby(seen, key=itemgetter("provider", "dialect", "side")):
        yield f"{name} ({dialect}), {_SIDES[side]}:"
        for each in entries:
            where = f" of {each['operation']}" if "operation" in each else ""
            what = ": ".join(each[word] for word in ("name", "shown") if word in each and word_tells(each, word))
            yield f"  {each['kind'].replace('_', ' ')}{where}: {what}  ({each['times']} times, first {each['first']})"
            yield from (f"    {line}" for line in _row(each, settings))


def word_tells(each: Mapping[str, Any], word: str) -> bool:
    """Is what is shown of a value more than its name says?"""
    return word == "name" or each[word] not in each.get("name", "")


def _row(each: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    given = each["proposal"]
    proposal = Proposal(**{**given, "under": tuple(given["under"]), "keys": tuple(given["keys"])})
    path, name = _table(each, settings, outbound=proposal.outbound)
    found = place(path.read_text("utf-8"), proposal) if path is not None else None
    if found is None:
        yield f"# in {name}, {'into the body of' if proposal.sample else 'under'} [{proposal.section}]:"
        yield proposal.line(len(proposal.under))
        return
    where = f"into {found.into}, line {found.line}" if found.into else f"after line {found.line}"
    yield f"# in {name}, {where}:"
    yield from found.text.splitlines()


def _table(each: Mapping[str, Any], settings: Settings, *, outbound: bool) -> tuple[Path | None, str]:
    """The file to paste into, and how it is named."""
    part = settings.providers.get(each["provider"]) if each["side"] != "wallet" else None
    shelf = open_shelf(settings, part) if part is not None else Shelf()
    path = shelf.path(each["dialect"])
    beside = path.with_name(f"{each['dialect']}.outbound.toml")
    found = beside if outbound and beside.is_file() else path
    return (found if found.is_file() else None), str(shelf.shown(found))

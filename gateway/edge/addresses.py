"""Addresses as the settings write them: where we listen, whom we ask, where a journal lies, where a provider calls."""

import re
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator

POSTGRES = ("postgresql://", "postgres://")
#: One of several that a journal's URL may name; none is what libpq finds.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:@]*)(?::[0-9]{1,5})?")


def parse_listen(text: str) -> tuple[str, int]:
    """`"host:port"` or `"[v6]:port"` as host and port; port 0 is any free one. Raises ValueError."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})", text)
    if found is None or int(found[3]) > 65535:
        raise ValueError('an address is "host:port", such as "127.0.0.1:8080"')
    return found[1] or found[2], int(found[3])


def _listen(text: str) -> str:
    parse_listen(text)
    return text


def _plain(text: str) -> None:
    """`urlsplit` silently takes away what nobody would see."""
    if not text.isprintable() or " " in text:
        raise ValueError("a URL has no spaces, and nothing that cannot be printed")


def _url(text: str) -> str:
    _plain(text)
    try:
        parts = urlsplit(text)
        port_known = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("this is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_known:
        raise ValueError("a wallet's URL is http:// or https:// with a host; so is a provider's, and a collector's")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("a wallet's URL has no credentials, no query and no fragment; secrets are references")
    return text


def _journal_url(text: str) -> str:
    if text.startswith("sqlite:") and text.removeprefix("sqlite:").strip("/"):
        return text
    if text.startswith(POSTGRES):
        _plain(text)
        parts = urlsplit(text)
        user, _, hosts = parts.netloc.rpartition("@")
        named = [name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
        if ":" in user or any("password" in name for name in named):
            raise ValueError("a journal's URL has no password; secrets.password refers to it")
        if "@" in user or not all(_HOST.fullmatch(host) for host in hosts.split(",")):
            raise ValueError("this is not a URL: postgresql://user@host:port/database")
        return text
    raise ValueError('a journal is "sqlite:///absolute/path", "sqlite:path" or "postgresql://host/database"')


def _mount(text: str) -> str:
    if text != "/" and not re.fullmatch(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+", text):
        raise ValueError('a mount begins with "/", does not end with one, and is written as it comes in a URL')
    if {".", ".."} & {*text.split("/")}:
        raise ValueError("a mount has no dot segments")
    return text


Listen = Annotated[str, AfterValidator(_listen)]
Url = Annotated[str, AfterValidator(_url)]
JournalUrl = Annotated[str, AfterValidator(_journal_url)]
Mount = Annotated[str, AfterValidator(_mount)]

"""What is live, row by row: what a reload changed, and which tables an instance serves.

Rows are what stands in force: a table with its parents and the chosen options. Nothing of a secret is a row.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.dialect.dialect import Dialect
from gateway.edge.parties import Parties
from gateway.edge.settings import Settings, show

#: Changes that a log line names; of the others it says how many.
MOST = 100
_LONGEST = 80


def sha256(dialect: Dialect) -> str:
    """Of the table's file; where it stands in several (parents, requests), of all of them, by their names' order."""
    texts = {str(origin.source.path): origin.source.text for origin in dialect.tree.origins.values()}
    named = sorted((path.rpartition("/")[2], text) for path, text in texts.items())
    return hashlib.sha256("".join(text for _, text in named).encode()).hexdigest()


def tables(parties: Parties) -> dict[str, set[str]]:
    """The tables in use: dialect -> the SHA-256 of each, of which there is more than one only with own folders."""
    found: dict[str, set[str]] = {}
    for dialect in _dialects(parties):
        found.setdefault(dialect.name, set()).add(sha256(dialect))
    return found


def changes(old: tuple[Settings, Parties], new: tuple[Settings, Parties]) -> list[str]:
    """A line for each row that is another one now: `acme: codes.ok: 0 -> 1`."""
    lines = [*_between(dict(_rows_of(old[1])), dict(_rows_of(new[1])))]
    lines += _between(dict(_settings_of(old[0])), dict(_settings_of(new[0])))
    before, after = _secrets_of(old[1]), _secrets_of(new[1])
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            lines.append(f"{name}: another secret")
    for table, mine, theirs in (
        ("public", old[1].public_tls, new[1].public_tls),
        ("wallet", old[1].wallet_tls, new[1].wallet_tls),
    ):
        if mine != theirs:
            lines.append(f"{table}.tls: other certificates or keys")
    return lines


def _dialects(parties: Parties) -> Iterator[Dialect]:
    yield from (provider.dialect for provider in parties.providers)
    yield parties.wallet.dialect


def _rows_of(parties: Parties) -> Iterator[tuple[str, str]]:
    named: dict[str, list[Dialect]] = {}
    for provider in parties.providers:
        named.setdefault(provider.dialect.name, []).append(provider.dialect)
    for provider in parties.providers:
        # Two providers of one dialect may have chosen otherwise, or have tables of their own.
        alone = all(_same(each, provider.dialect) for each in named[provider.dialect.name])
        whose = provider.dialect.name if alone else f"{provider.name} ({provider.dialect.name})"
        yield from ((f"{whose}: {path}", text) for path, text in _flat(provider.dialect.tree.data))
    wallet = parties.wallet.dialect
    yield from ((f"wallet ({wallet.name}): {path}", text) for path, text in _flat(wallet.tree.data))


def _same(one: Dialect, other: Dialect) -> bool:
    return one is other or one.tree.data == other.tree.data


def _settings_of(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, shown in show(settings).items():
        what = name.split(".")
        yield name, "" if "settings" in what[1:3] else _text(shown.value)


def _secrets_of(parties: Parties) -> dict[str, bytes]:
    return {f"{party}.secrets.{name}, key {number}": each.value for party, name, number, each in parties.held()}


def _flat(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, _text(node)


def _text(value: Any) -> str:
    if isinstance(value, tuple | list | frozenset):
        parts: Iterable[str] = map(_text, value)
        return f"[{', '.join(sorted(parts) if isinstance(value, frozenset) else parts)}]"
    return str(value) if value is not None else "(not set)"


def _between(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield f"{name}: gone"
        elif name not in old:
            yield f"{name}: new, {_cut(new[name])}"
        elif old[name] != new[name]:
            yield f"{name}: {_cut(old[name])} -> {_cut(new[name])}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."

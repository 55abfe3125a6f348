"""`[[contract]]` of the examples: what the journal goes by, stated a second time, so that a change of it is seen.

Answers show what is said; these rows show what is remembered and compared, which no answer does.
"""

from collections.abc import Iterator
from typing import Any

from gateway.dialect.compiler.layers import Path, Tree
from gateway.dialect.dialect import Dialect
from gateway.dialect.examples import Contract

#: Keys that a table states in an operation's own section, and those of its head, by operation.
_OWN = ("targets", "reverse_unknown", "suppressed", "unsupported", "park_without")
_SHARED = ("replay_balance", "fingerprint")


def differences(dialect: Dialect, name: str, entry: Contract) -> Iterator[tuple[str, Any]]:
    """(key, what the table really has) of each key that *entry* states otherwise of operation *name*."""
    form = dialect.variants[name]
    real: dict[str, Any] = {
        "replay_balance": dialect.replay_balance(name),
        "fingerprint": list(dialect.fingerprint(name)),
        "session_checked": form.operation in dialect.session_checked,
        "targets": sorted(map(str, form.targets)),
        "reverse_unknown": form.reverse_unknown,
        "suppressed": form.suppressed,
        "unsupported": form.unsupported,
        "park_without": sorted(form.park_without),
        "within_s": form.within_s,
    }
    for key, value in real.items():
        stated = getattr(entry, key)
        same = set(stated) == set(value) if isinstance(value, list) else stated == value
        if key in entry.model_fields_set and not same:
            yield key, value


def touched(tree: Tree, name: str, entry: Contract) -> set[Path]:
    """The rows of the table that *entry* exercises for operation *name*."""
    keys = entry.model_fields_set
    found: set[Path] = {("operations", name, key) for key in _OWN if key in keys}
    if "within_s" in keys:
        found.add(("operations", name, "derive", "transaction", "within_s"))
    found |= {(key, name if name in tree.section(key) else "default") for key in _SHARED if key in keys}
    return found | ({("session_checked", name)} if "session_checked" in keys else set())


def contract_rows(dialect: Dialect) -> Iterator[Path]:
    """Every row that an entry must exercise: those that the table states. A list of sessions is about all operations.

    ("session_checked", operation) is no path of a row; the list stands at its first step.
    """
    tree = dialect.tree
    for key in _SHARED:
        yield from ((key, name) for name in tree.section(key))
    for name, rows in tree.section("operations").items():
        yield from (("operations", name, key) for key in _OWN if key in rows)
        if isinstance(rows.get("derive", {}).get("transaction"), dict):
            yield ("operations", name, "derive", "transaction", "within_s")
    if tree.get("session_checked") is not None:
        yield from (("session_checked", name) for name in dialect.variants)

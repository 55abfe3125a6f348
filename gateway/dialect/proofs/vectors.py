"""Proof 6, the signatures: every published vector verifies."""

from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path
from gateway.wire.recipes import RecipeFault
from gateway.wire.vectors import verify_vectors


def prove_vectors(compiled: Compiled) -> None:
    """Run the `vectors` of every signature section."""
    sections: list[Path] = [("request", "signature"), ("answers", "signature")]
    sections += [("operations", name, "signature") for name in compiled.requests]
    for at in sections:
        own = compiled.tree.section(*at)
        if not own.get("vectors"):
            continue
        below = compiled.tree.section("request", "signature") if at[0] == "operations" else {}
        for fault in _faults({**below, **own}):
            origin = compiled.tree.origin(*at, "vectors")
            keys = fault.key[1:] if fault.key[:1] == ("vectors",) else ()
            where = type(origin)(origin.source, (*origin.keypath, *keys))
            compiled.problems.append(where.problem("GW118", f"signature vector: {fault.fact}", fault.remedy))


def _faults(section: dict[str, object]) -> list[RecipeFault]:
    try:
        return verify_vectors({key: value for key, value in section.items() if key != "like"})
    except RecipeFault:  # the compiler has complained about the recipe itself
        return []

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
        section = compiled.signature(at)
        if not section.get("vectors"):
            continue
        codec = compiled.requests[at[1]].codec if at[0] == "operations" else compiled.tree.get("request", "body")
        for fault in _faults(section, str(codec or "json")):
            keys = fault.key[1:] if fault.key[:1] == ("vectors",) else ()
            where = compiled.tree.inside((*at, "vectors"), *keys)
            compiled.problems.append(where.problem("GW118", f"signature vector: {fault.fact}", fault.remedy))


def _faults(section: dict[str, object], codec: str) -> list[RecipeFault]:
    try:
        return verify_vectors(section, codec)
    except RecipeFault:  # the compiler has complained about the recipe itself
        return []

"""Proof 6, the signatures: every published vector verifies, and every sealed body opens."""

from collections.abc import Mapping
from typing import Any

from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path
from gateway.wire.envelopes import Envelope
from gateway.wire.message import Garbled
from gateway.wire.opened import CODECS
from gateway.wire.recipes import RecipeFault
from gateway.wire.signing_keys import SecretFault
from gateway.wire.vectors import verify_vectors


def prove_vectors(compiled: Compiled) -> None:
    """Run the `vectors` of every signature section, and those of sealed bodies."""
    _sealed(compiled)
    sections: list[Path] = [("request", "signature"), ("answers", "signature")]
    sections += [("operations", name, "signature") for name in compiled.requests]
    for at in sections:
        section = compiled.signature(at)
        if not section.get("vectors"):
            continue
        first = next(iter(compiled.requests.values()))
        codec = (compiled.requests[at[1]] if at[0] == "operations" else first).codec
        for fault in _faults(section, codec):
            keys = fault.key[1:] if fault.key[:1] == ("vectors",) else ()
            where = compiled.tree.inside((*at, "vectors"), *keys)
            compiled.problems.append(where.problem("GW118", f"signature vector: {fault.fact}", fault.remedy))


def _sealed(compiled: Compiled) -> None:
    """Each of `[[request.vectors]]` opens to what it says, and what it gives is sealed and opened again."""
    shared = next((each.envelope for each in compiled.requests.values() if each.envelope is not None), None)
    for number, vector in enumerate(compiled.tree.get("request", "vectors", default=())):
        fact = "the body comes in no envelope" if shared is None else _opens(shared, vector)
        if fact:
            where = compiled.tree.inside(("request", "vectors"), number)
            remedy = "mend the vector or the steps of the body"
            compiled.problems.append(where.problem("GW118", f"vector of a sealed body: {fact}", remedy))


def _opens(envelope: Envelope, vector: Mapping[str, Any]) -> str:
    """What is wrong with one vector; empty when nothing is."""
    if vector.keys() != {"secrets", "raw", "gives"} or not isinstance(vector["secrets"], Mapping):
        return "it does not say secrets, raw and gives"
    read = CODECS[envelope.codec]
    try:
        seal = envelope.bind({name: [str(text).encode()] for name, text in vector["secrets"].items()})
        due = read(str(vector["gives"]).encode())
        for raw in (str(vector["raw"]).encode(), seal.close(str(vector["gives"]).encode())):
            if seal.open(raw, read)[0] != due:
                return "it opens to something else"
    except (SecretFault, Garbled) as error:
        return str(error)
    return ""


def _faults(section: dict[str, object], codec: str) -> list[RecipeFault]:
    try:
        return verify_vectors(section, codec)
    except RecipeFault:  # the compiler has complained about the recipe itself
        return []

"""The proof of `[wallet] instead`: it stands for what the table lacks, and is made of what the table has."""

import json

from gateway.canon.operations import Operation
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path

#: What may be sent in place of an operation, in this order; each of them may also be refused.
IN_PLACE: dict[Operation, tuple[Operation, ...]] = {
    Operation.BET_WIN: (Operation.BET, Operation.WIN),
    Operation.END_ROUND: (Operation.WIN,),
    Operation.ADJUST: (),
}


def prove_instead(compiled: Compiled) -> None:
    """Every row is of an operation that is not there, and names those that are sent, in their one order."""
    has = {form.operation for form in compiled.requests.values() if not form.unsupported}
    for name, legs in compiled.tree.section("wallet", "instead").items():
        at: Path = ("wallet", "instead", name)
        operation, sent = Operation(name), tuple(map(Operation, legs))
        if operation in has:
            says = f"the table has an operation {name}, and nothing is sent in its place"
            compiled.complain("GW313", at, says, "take the row away", what="key")
        whole = IN_PLACE[operation]
        if sent and sent != whole:
            remedy = f"{name} = {quoted(whole)}, or [] to refuse it" if whole else f"{name} = []: it is refused"
            compiled.complain("GW313", at, f"in place of {name} {' and '.join(sent)} would not do the same", remedy)
        for each in dict.fromkeys(sent):
            if each not in has:
                says = f"in place of {name} {each} is sent, which the table does not have"
                compiled.complain("GW313", at, says, f"add an operation {each}, or refuse it: {name} = []")


def quoted(operations: tuple[Operation, ...]) -> str:
    """As a table has them."""
    return json.dumps([str(each) for each in operations])

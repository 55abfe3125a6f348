"""`gateway find`: everything that is known of one transaction, whichever id of it is at hand."""

import json as texts
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from gateway.canon.outcomes import Outcome
from gateway.cli import history
from gateway.cli.exits import CLEAN, FINDINGS, Finding
from gateway.cli.journals import Config, Json, at_desk
from gateway.cli.sheet import Sheet
from gateway.journal.reading import Desk, Found


def find(
    transaction: Annotated[str, Parameter(help="The provider's transaction id, our key, or a key the wallet saw.")],
    /,
    *,
    config: Config,
    json: Json = False,
) -> int:
    """Everything about a transaction: both sides, every attempt in order, what comes next; and what it has to do with.

    Its rollbacks and its wins are shown with it. Exit code 1 when the journal does not know it.
    """

    async def asked(desk: Desk) -> tuple[float, Sequence[Found], Outcome | None]:
        return await desk.now(), await desk.find(transaction), await desk.pruned(transaction)

    _, (now, found, last) = at_desk(config, asked)
    if json:
        print(texts.dumps([history.as_json(one.row, one.notes, now) for one in found], indent=1, ensure_ascii=False))
        return CLEAN if found else FINDINGS
    if not found and last is not None:
        raise Finding(f"{transaction} was pruned: only a hash of it is kept, and its last outcome, {last}")
    if not found:
        raise Finding(f"the journal knows nothing of {transaction}")
    sheet = Sheet()
    for one in found:
        history.show(sheet, one.row, one.notes, now)
    sheet.show()
    return CLEAN

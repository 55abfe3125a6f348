"""The other half of a dialect's coverage: requests of ours by results, and which of them an example answers so."""

from collections.abc import Mapping, Sequence

from gateway.canon.requests import Result
from gateway.cli.sheet import Sheet
from gateway.dialect.asked import AskedExamples
from gateway.dialect.problems import Refused
from gateway.dialect.shelf import Shelf

#: (request, result) -> does an example show it? Only what some row says; every request may also be `unknown`.
Asked = Mapping[tuple[str, Result], bool]


def asked_cells(where: Shelf, name: str) -> Asked:
    """The cells of table *name* under its default options; none for a table that asks nothing."""
    outbound = where.dialect(name).outbound
    if outbound is None:
        return {}
    shown = _shown(where, name)
    return {
        (str(form.name), row.result): (str(form.name), str(row.result)) in shown
        for form in outbound.forms.values()
        for row in form.rows
    }


def _shown(where: Shelf, name: str) -> set[tuple[str, str]]:
    try:
        examples = AskedExamples.load(where, name)
    except Refused:
        return set()
    answered = examples.file.answered if examples else ()
    return {(request, each.result) for each in answered for request in each.requests}


def requests_table(sheet: Sheet, cells: Asked) -> None:
    """Add it, where something is asked."""
    if not cells:
        return
    names = list(dict.fromkeys(name for name, _ in cells))
    results = [result for result in Result if any((name, result) in cells for name in names)]
    sheet.heading(f"Requests: {sum(cells.values())} of {len(cells)} results have an example")
    rows: list[Sequence[str]] = [
        [str(result), *(_sign(cells.get((name, result))) for name in names)] for result in results
    ]
    sheet.table(("result", *names), rows)


def _sign(shown: bool | None) -> str:
    return "." if shown is None else "row+" if shown else "row"

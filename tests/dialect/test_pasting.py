"""A proposed row, pasted where it is said to go, leaves a sound table that knows what was seen."""

import shutil
import tomllib
from pathlib import Path

import pytest

from gateway.canon.outcomes import Outcome
from gateway.canon.requests import Ask, Result
from gateway.dialect.askedhearing import hear
from gateway.dialect.drift import Drift, Side, Sighting
from gateway.dialect.pasting import place
from gateway.dialect.problems import Problem, Refused
from gateway.dialect.proposals import Proposal, proposed
from gateway.dialect.shelf import Shelf, shipped
from gateway.dialect.source import Source
from gateway.dialect.todos import todo_problems
from gateway.wire.message import Response

TABLES = Shelf().names
SEEN = {
    "field": Sighting(Side.CALLBACK, Drift.FIELD, "{operation}", "{source}.newThing", "text of 3 characters", ""),
    "object": Sighting(Side.CALLBACK, Drift.FIELD, "{operation}", "body.newThing", "object of 1 fields", {}),
    "content type": Sighting(Side.CALLBACK, Drift.CONTENT_TYPE, "", "text/plain"),
    "value": Sighting(Side.CALLBACK, Drift.VALUE, "{operation}", "kind = NEW", "NEW", "kind"),
    "operation": Sighting(Side.CALLBACK, Drift.OPERATION, "", "POST /x", "", {"body.command": "x"}),
    "wallet's code": Sighting(Side.WALLET, Drift.CODE, "{operation}", "NEW_CODE", "", "NEW_CODE", 200),
    "wallet's number": Sighting(Side.WALLET, Drift.CODE, "{operation}", "9876", "", 9876, 200),
    "wallet's odd code": Sighting(Side.WALLET, Drift.CODE, "{operation}", "text of 70 characters", "", "", 200),
    "wallet's content type": Sighting(Side.WALLET, Drift.CONTENT_TYPE, "", "text/json"),
    "code": Sighting(Side.ANSWER, Drift.CODE, "{request}", "new_code", "", "new_code", 422),
    "status": Sighting(Side.ANSWER, Drift.STATUS, "{request}", "418", "", "", 418),
    "message": Sighting(Side.ANSWER, Drift.MESSAGE, "{request}", "", "text of 9 characters"),
    "answer's content type": Sighting(Side.ANSWER, Drift.CONTENT_TYPE, "", "text/json"),
}


def sightings(table: str) -> list[tuple[str, Sighting]]:
    """Each kind of sighting of one shipped table, at its first operation or request."""
    made = Shelf().dialect(table)
    found = []
    for word, seen in SEEN.items():
        asked = seen.side is Side.ANSWER
        if (made.outbound is None) if asked else not made.variants:
            continue
        operation = next(iter(made.variants), "")
        source = "query" if made.variants and made.variants[operation].codec == "none" else "body"
        if word == "object" and source == "query":
            continue
        request = str(next(iter(made.outbound.forms))) if made.outbound else ""
        at = seen.at.format(operation=operation, request=request)
        name = seen.name.format(source=source)
        found.append((word, Sighting(seen.side, seen.kind, at, name, seen.shown, seen.sample, seen.http)))
    return found


def complaints(shelf: Shelf, table: str) -> list[Problem]:
    """What the compiler and its proofs say; examples are not asked, for nobody has written one yet."""
    try:
        shelf.dialect(table)
    except Refused as refused:
        return refused.problems
    return []


@pytest.mark.parametrize("table", TABLES)
def test_each_row_can_be_pasted_into_each_shipped_table(table: str, tmp_path: Path) -> None:
    """It compiles as before; a row that decides something says TODO, which `check` lists."""
    for file in shipped().glob("*.toml"):
        shutil.copy(file, tmp_path)
    own, beside = tmp_path / f"{table}.toml", tmp_path / f"{table}.outbound.toml"
    for word, seen in sightings(table):
        proposal = proposed(seen)
        path = beside if proposal.outbound and beside.is_file() else own
        before = path.read_text("utf-8")
        found = place(before, proposal)
        assert found is not None, word
        path.write_text(found.table, "utf-8")
        assert complaints(Shelf(tmp_path), table) == [], (word, found)
        # What stands inside of something has no room for a remark.
        decides = seen.kind not in (Drift.FIELD, Drift.CONTENT_TYPE) and not found.into
        assert bool(todo_problems(Source.read(path))) is decides, (word, found)
        path.write_text(before, "utf-8")


@pytest.mark.parametrize("table", [name for name in TABLES if Shelf().dialect(name).variants])
def test_what_was_pasted_is_known(table: str, tmp_path: Path) -> None:
    """A field, a content type and a wallet's code are seen no more, and what the code means is still a doubt."""
    for file in shipped().glob("*.toml"):
        shutil.copy(file, tmp_path)
    own = tmp_path / f"{table}.toml"
    text = own.read_text("utf-8")
    rows = dict(sightings(table))
    for word in ("field", "content type", "wallet's code"):
        found = place(text, proposed(rows[word]))
        assert found is not None
        text = found.table
    own.write_text(text, "utf-8")
    made = Shelf(tmp_path).dialect(table)
    field = rows["field"]
    listing = made.listings.requests[field.at]
    source, _, name = field.name.partition(".")
    assert name in (listing.body if source == "body" else listing.query).levels[()]
    assert source == "query" or "text/plain" in listing.body.types
    hearing = made.hearings[field.at]
    (row,) = [row for row in hearing.rows if row.answer.code == "NEW_CODE"]
    assert row.outcome is (hearing.otherwise.outcome if hearing.otherwise else Outcome.UNKNOWN)
    assert (str, "NEW_CODE") in made.listings.replies[field.at].codes


def test_a_code_that_was_pasted_for_a_request_is_heard_as_before(tmp_path: Path) -> None:
    """Here by its status alone; afterwards by its own row, and it is no drift any more."""
    for file in shipped().glob("*.toml"):
        shutil.copy(file, tmp_path)
    path = tmp_path / "payfield.outbound.toml"
    response = Response(422, (), b'{"code": "new_code", "message": "?"}')
    asked = Shelf().dialect("payfield").outbound
    assert asked is not None
    form = asked.forms[Ask.CREATE_PAYOUT]
    before = hear(form, {}, response)
    (code,) = [each for each in before.unlisted if each.kind is Drift.CODE]
    found = place(path.read_text("utf-8"), proposed(code))
    assert found is not None
    path.write_text(found.table, "utf-8")
    outbound = Shelf(tmp_path).dialect("payfield").outbound
    assert outbound is not None
    after = hear(outbound.forms[form.name], {}, response)
    assert (before.result, after.result) == (Result.REQUEST_INVALID, Result.REQUEST_INVALID)
    assert not [each for each in after.unlisted if each.kind is Drift.CODE]


ROW = Proposal(("operations", "bet"), ("fill", "body.x"), "1")


@pytest.mark.parametrize(
    ("table", "becomes"),
    [
        ("[operations.bet]\npath = '/'\n", "[operations.bet]\nfill.\"body.x\" = 1\npath = '/'\n"),
        ("[operations.bet]\nfill = { a = 1 }\n", '[operations.bet]\nfill = { "body.x" = 1, a = 1 }\n'),
        ("[operations.bet]\nfill = {}\n", '[operations.bet]\nfill = { "body.x" = 1 }\n'),
        ("[operations.bet.fill]\na = 1\n", '[operations.bet.fill]\n"body.x" = 1\na = 1\n'),
        ("title = ''\n", "title = ''\n[operations.bet]\nfill.\"body.x\" = 1\n"),
        ("operations.bet = { path = '/' }\n", "operations.bet = { fill.\"body.x\" = 1, path = '/' }\n"),
        ("[operations]\nbet = { path = '/' }\n", "[operations]\nbet = { fill.\"body.x\" = 1, path = '/' }\n"),
        ("[operations]\nbet.path = '/'\n", "[operations]\nbet.fill.\"body.x\" = 1\nbet.path = '/'\n"),
        ("operations.bet.path = '/'\n", "operations.bet.path = '/'\noperations.bet.fill.\"body.x\" = 1\n"),
    ],
)
def test_where_a_row_goes(table: str, becomes: str) -> None:
    """Under the section's head, into the inline table that is there, or with a head of its own."""
    found = place(table, ROW)
    assert found is not None
    assert found.table == becomes


def test_a_code_joins_the_list_that_is_there() -> None:
    """Of the operation, in either spelling; not that of another operation."""
    row = Proposal(("operations", "bet"), ("heard_as", "unknown"), '["X"]')
    for head in ("[operations.bet]\nheard_as.", "[operations.bet.heard_as]\n"):
        found = place(f'[operations.win]\nheard_as.unknown = ["B"]\n{head}unknown = ["A"]\n', row)
        assert found is not None
        assert tomllib.loads(found.table)["operations"]["bet"]["heard_as"]["unknown"] == ["X", "A"]
        assert found.into == "the list heard_as.unknown"


def test_a_member_of_a_sample_is_for_a_person() -> None:
    """JSON goes into the sample, by hand: there may be several."""
    proposal = proposed(Sighting(Side.WALLET, Drift.FIELD, "bet", "answer.user.level", "number", 0))
    assert (proposal.line(), proposal.sample) == ('"level": 0 (inside user)', True)
    assert place("title = ''", proposal) is None

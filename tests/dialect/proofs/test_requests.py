"""Proof 5, the requests: messages are one operation's, hold what the table says, and can be written."""

import pytest

from tests.dialect.made import complaints


@pytest.mark.parametrize(
    ("patch", "code", "keypath"),
    [
        ('without = ["request.signature"]', "GW122", "request"),
        ('[operations.default]\noperation = "balance"\npath = "/d"', "GW105", "operations.default"),
        ('[operations.Bet]\noperation = "balance"\npath = "/d"', "GW105", "operations.Bet"),
        ('[operations.bet]\nmethod = "post"', "GW107", "operations.bet.method"),
        ('[request]\nmethod = "post"', "GW107", "request.method"),
        ('[operations.bet]\npath = "bet"', "GW107", "operations.bet.path"),
        ('[operations.bet]\npath = "/bet?x=1"', "GW107", "operations.bet.path"),
        ('[operations.bet]\npath = "/bet/{id}"', "GW107", "operations.bet.path"),
        ('[operations.bet]\npath = "/bet/{id}/{id}"\nfields = { game = "path.id" }', "GW107", "operations.bet.path"),
        ("[deadline_ms]\nbett = 1", "GW105", "deadline_ms.bett"),
        ("[retry_span_s]\nbett = 1", "GW105", "retry_span_s.bett"),
        ('[replay_balance]\nbett = "fresh"', "GW105", "replay_balance.bett"),
        ('[fingerprint]\nbett = ["amount"]', "GW105", "fingerprint.bett"),
    ],
)
def test_addresses_and_names(patch: str, code: str, keypath: str) -> None:
    """A forgotten signature, a reserved name, a method or a path that nothing matches, a deadline of nobody."""
    assert complaints(patch) == [(code, keypath)]


def test_a_path_s_name_that_is_written_by_when_or_fill() -> None:
    """A field, a condition or a literal fills it."""
    assert complaints('[operations.bet]\npath = "/bet/{kind}"\nwhen = { "path.kind" = "spin" }') == []
    assert complaints('[operations.bet]\npath = "/bet/{kind}"\nfill = { "path.kind" = "spin" }') == []
    assert complaints('[operations.bet]\npath = "/bet/{kind}"\nfields = { kind = "path.kind" }') == []


@pytest.mark.parametrize(
    "patch",
    [
        '[operations.bet]\nfields = { game = "body.id.game" }',
        '[operations.bet]\nfields = { game = "body.games[]" }',
        '[operations.rollback]\nfields = { reference = "query.bets[]" }',
        '[operations.bet]\nfill = { "body.id.x" = 1 }',
        '[operations.balance]\nbody = "form"\nfields = { player = "body.a.b" }',
        '[operations.rollback]\nbody = "form"\nfields = { reference = "body.bets[]" }',
        '[operations.balance]\nmethod = "GET"\nbody = "none"\nfields = { session = false, time = false, '
        'currency = "query.c" }',
    ],
)
def test_places_that_a_message_cannot_have(patch: str) -> None:
    """A value where an object is needed, a list where none can be, steps in a form, a body that is not read: GW107."""
    (code, keypath) = complaints(patch)[0]
    assert code == "GW107"
    assert keypath.split(".")[2] in ("fields", "fill") or keypath == "request.fields.player"


@pytest.mark.parametrize(
    ("operation", "parts", "code"),
    [
        ("bet", '"body.a", "body.b?"', None),
        ("bet", '"body.a?", "body.b?"', "GW123"),  # when must they add up?
        ("win", '"body.a", "body.b"', "GW123"),  # a payout is not refused for its parts
        ("rollback", '"body.a", "body.b"', "GW123"),
        ("bet", '"body.a", "somewhere.b"', "GW107"),
        ("bet", '"body.a", "body.b[]"', "GW107"),
        ("bet", '"body.a", "body.id.b"', "GW107"),
        ("bet", '"body.a"', "GW102"),  # one part is no sum
    ],
)
def test_parts_of_an_amount(operation: str, parts: str, code: str | None) -> None:
    """Of a debit, at places that the message can have, and some of them always there."""
    patch = f'[operations.{operation}.fields]\namount = {{ at = "body.amount", parts = [{parts}] }}'
    assert [found for found, _ in complaints(patch)][:1] == ([code] if code else [])


def test_only_an_amount_has_parts() -> None:
    """A text is no sum."""
    patch = '[operations.bet.fields]\nround = { at = "body.round", parts = ["body.a", "body.b"] }'
    assert [code for code, _ in complaints(patch)] == ["GW123"]


def test_a_filled_place_outside_the_body_holds_a_scalar() -> None:
    """A header has no room for a list; a body has."""
    assert complaints('[operations.bet]\nfill = { "header.X-A" = [1] }') == [
        ("GW119", "operations.bet.fill.header.X-A")
    ]
    assert complaints('[operations.bet]\nfill = { "body.a" = [1] }') == []


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("set = { game = 5 }", [("GW119", "set.game")]),
        ("set = { free = 1 }", [("GW119", "set.free")]),
        ('set = { amount = "5" }', [("GW123", "set.amount"), ("GW119", "set.amount")]),
        ('set = { round = "r" }', [("GW123", "set.round")]),
        ('derive = { game = "{rond}" }', [("GW103", "derive.game")]),
        ('derive = { game = "{promotion}" }', [("GW103", "derive.game")]),
        ('derive = { game = "{round}-{player}" }', []),
        ('set = { kind = "spin" }\nderive = { game = "{kind}" }', []),
    ],
)  # fmt: skip
def test_literals_and_formulas(rows: str, found: list[tuple[str, str]]) -> None:
    """A literal fits its field, a field is set or placed, and a formula's parts are fields of the message."""
    assert complaints(f"[operations.bet]\n{rows}") == [(code, f"operations.bet.{at}") for code, at in found]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ('fields = { free = "body.f" }\nvalues.free = { a = "b" }', [("GW119", "free")]),
        ('values.kind = { a = "b" }', [("GW203", "kind")]),
        ('fields = { kind = "body.k?" }\nvalues.kind = { a = "x", b = "x" }', [("GW206", "kind.b")]),
        ('fields = { kind = "body.k?" }\nvalues.kind = { a = 1, b = "1", c = true }', []),
    ],
)  # fmt: skip
def test_closed_sets(rows: str, found: list[tuple[str, str]]) -> None:
    """Of texts alone, of a field that has a place, and each of their words means one of ours; a type counts."""
    assert complaints(f"[operations.bet]\n{rows}") == [(code, f"operations.bet.values.{at}") for code, at in found]


def test_a_shared_closed_set_may_be_unused() -> None:
    """Only some operations need have the field."""
    assert complaints('[request]\nvalues.kind = { a = "b" }') == []


@pytest.mark.parametrize(
    ("patch", "keypath"),
    [
        ('[operations.bet]\ntargets = ["bet"]', "operations.bet.targets"),
        ('[operations.rollback]\ntargets = ["balance"]', "operations.rollback.targets"),
        ('[operations.balance]\nzero = "refused"', "operations.balance.zero"),
        ("[operations.rollback]\nreverse_unknown = true", "operations.rollback.reverse_unknown"),
        ('[operations.bet.answers.signature]\nlike = "request.signature"', "operations.bet.answers.signature"),
    ],
)
def test_keys_out_of_place(patch: str, keypath: str) -> None:
    """GW123: what undoes has targets, an amount has a zero, and all answers are signed alike."""
    assert complaints(patch) == [("GW123", keypath)]


def other(path: str, more: str = "") -> str:
    """A second way of asking for the balance, beside the one at /balance."""
    return f'[operations.other]\noperation = "balance"\npath = "{path}"\n{more}'


def test_two_operations_that_one_message_fits() -> None:
    """GW205 unless path, method or conditions tell them apart; the stricter of two may stand inside the wider."""
    both = [("GW205", "operations.other")]
    assert complaints(other("/balance")) == both
    assert complaints(other("/{id}", 'fields = { session = "path.id" }'))[-1:] == both
    assert complaints(other("/balance", 'method = "GET"')) == []
    assert complaints(other("/balance/more")) == []
    assert complaints(other("/balance", 'when = { "query.a" = 1 }')) == []


def test_conditions_that_tell_two_apart() -> None:
    """One shared place with no shared value; a type counts in a body, and not in a query."""

    def both(one: str, two: str) -> list[tuple[str, str]]:
        return complaints(f"[operations.balance]\nwhen = {one}\n" + other("/balance", f"when = {two}"))

    clash = [("GW205", "operations.other")]
    assert both('{ "body.a" = 1 }', '{ "body.a" = 2 }') == []
    assert both('{ "body.a" = 1 }', '{ "body.a" = "1" }') == []
    assert both('{ "query.a" = 1 }', '{ "query.a" = "1" }') == clash
    assert both('{ "body.a" = [1, 2] }', '{ "body.a" = [2, 3] }') == clash
    assert both('{ "body.a" = 1 }', '{ "body.b" = 1 }') == clash
    assert both('{ "body.a" = 1 }', '{ "body.a" = 1, "body.b" = 2 }') == []
    assert both('{ "body.a" = 1, "body.b" = 2 }', '{ "body.a" = 1 }') == []


def test_one_path_one_codec() -> None:
    """Two operations of one path cannot decode its body in two ways."""
    found = complaints(other("/balance", 'body = "form"\nwhen = { "query.a" = 1 }'))
    assert found == [("GW205", "operations.other")]


@pytest.mark.parametrize(
    ("mine", "theirs", "apart"),
    [
        ("{ present = true }", "{ present = false }", True),
        ('["spin", { present = false }]', "{ present = true }", False),
        ('["spin", { present = false }]', '"win"', True),
        ('"spin"', "{ present = true }", False),
        ('"spin"', "{ present = false }", True),
        ("{ present = false }", "{ present = false }", False),
    ],
)
def test_presence_tells_messages_apart_as_a_value_does(mine: str, theirs: str, apart: bool) -> None:
    """A literal is a value that is there: it is apart from none, and not from any."""
    patch = (
        f'[operations.bet]\nwhen = {{ "body.kind" = {mine} }}\nfields = {{ kind = "body.kind" }}\n'
        '[operations.jackpot]\noperation = "win"\npath = "/bet"\n'
        'fields = { transaction = "body.id", amount = "body.amount", kind = "body.kind" }\n'
        f'when = {{ "body.kind" = {theirs} }}\n'
    )
    assert ("GW205" in [code for code, _ in complaints(patch)]) is not apart


def test_what_is_recognised_by_its_absence_or_presence_can_be_written() -> None:
    """A place that must be there is written by a row of its own; one that must not be there by none."""
    assert complaints('[operations.bet]\nwhen = { "body.id" = { present = true } }') == []
    assert complaints('[operations.bet]\nwhen = { "body.kind" = { present = false } }') == []
    key = "operations.bet.when.body.kind"
    assert complaints('[operations.bet]\nwhen = { "body.kind" = { present = true } }') == [("GW107", key)]
    maybe = '[operations.bet]\nfields = { kind = "body.kind?" }\n'
    assert complaints(f'{maybe}when = {{ "body.kind" = {{ present = true }} }}') == [("GW107", key)]
    assert complaints(f'{maybe}when = {{ "body.kind" = {{ present = false }} }}') == [("GW107", key)]
    assert complaints(f'{maybe}when = {{ "body.kind" = ["spin", {{ present = false }}] }}') == []
    filled = '[operations.bet]\nfill = { "body.kind" = "x" }\nwhen = { "body.kind" = { present = true } }'
    assert complaints(filled) == []

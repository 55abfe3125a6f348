"""[request] and [operations] compiled: what is shared, what is an operation's own, and complaints at their places."""

import pytest

from gateway.canon.calls import Shape
from gateway.canon.operations import Operation
from gateway.dialect.compiler.layers import Tree
from gateway.dialect.compiler.requests import RequestCompiler
from gateway.dialect.problems import Problem
from gateway.dialect.requestform import RequestForm
from gateway.dialect.source import Source
from gateway.wire.money_forms import MoneyForm
from gateway.wire.times import Time
from gateway.wire.values import Text

SHARED = """[request]
method = "PUT"
path = "/all"
body = "form"
fields = { player = "body.p", session = "body.s?" }
integers = ["player"]
when = { "query.v" = 1 }
set = { free = true }
"""


def compiled(text: str) -> tuple[dict[str, RequestForm], list[Problem]]:
    """The operations of one layer, and what compiling them complains about."""
    tree, source, problems = Tree(), Source("made.toml", text), list[Problem]()
    assert tree.lay(source.data, source) == []
    return RequestCompiler(tree, problems).operations(), problems


def sound(text: str) -> dict[str, RequestForm]:
    """The operations of a layer without complaints."""
    forms, problems = compiled(text)
    assert problems == []
    return forms


def complaint(text: str) -> tuple[str, str, str]:
    """Code, keypath and hint of the one complaint."""
    (one,) = compiled(text)[1]
    return one.code, ".".join(map(str, one.keypath)), one.hint


def test_what_is_shared_and_what_is_its_own() -> None:
    """An operation's own key beats the shared one; sections are laid over each other; false takes a place away."""
    forms = sound(SHARED + '[operations.balance]\n[operations.player]\nmethod = "GET"\n'
                  'path = "/p/{id}"\nbody = "none"\nfields = { player = "path.id", session = false }\n'
                  "integers = []")  # fmt: skip
    balance, player = forms["balance"], forms["player"]
    assert (balance.method, balance.path, balance.codec) == ("PUT", "/all", "form")
    assert (player.method, player.path, player.codec) == ("GET", "/p/{id}", "none")
    assert [each.name for each in balance.fields] == ["player", "session"]
    assert [str(each.places[0]) for each in player.fields] == ["path.id"]
    assert balance.when == player.when
    assert balance.set == {"free": True}
    assert balance.fields[0].converter == Text(integer=True)
    assert player.path_fields("/p/7") == {"id": "7"}
    assert player.path_fields("/p/7/8") is None


def test_what_nobody_states() -> None:
    """POST, /, JSON; a bet undoes nothing and takes no zero; a rollback is of bets."""
    forms = sound("[operations.bet]\n[operations.rollback]\n[operations.deposit]")
    bet = forms["bet"]
    assert (bet.method, bet.path, bet.codec, bet.zero) == ("POST", "/", "json", "refused")
    assert forms["rollback"].targets == {Operation.BET}
    assert (forms["rollback"].zero, forms["deposit"].zero) == ("allowed", "allowed")
    assert not bet.reverse_unknown


def test_variants_of_one_operation() -> None:
    """The table's own name, our operation; a name that is no operation of ours is told with what was meant."""
    assert sound('[operations.lay]\noperation = "bet"')["lay"].operation is Operation.BET
    assert complaint("[operations.bett]") == ("GW105", "operations.bett", 'did you mean "bet"?')
    assert complaint('[operations.lay]\noperation = "bett"')[1] == "operations.lay.operation"
    assert complaint('[operations.rollback]\ntargets = ["bet", "wim"]') == (
        "GW105", "operations.rollback.targets", 'did you mean "win"?',
    )  # fmt: skip


@pytest.mark.parametrize("key", ["fields", "set", "derive", "recall", "values"])
def test_an_unknown_field(key: str) -> None:
    """GW103 wherever a field of ours is due, shared or an operation's own."""
    value = {"fields": '"body.x"', "values": '{ a = "b" }'}.get(key, '"player"')
    own = complaint(f"[operations.balance]\n{key} = {{ sesion = {value} }}")
    assert own == ("GW103", f"operations.balance.{key}.sesion", 'did you mean "session"?')
    assert complaint(f"[request]\n{key} = {{ sesion = {value} }}\n[operations.balance]")[1] == f"request.{key}.sesion"


def test_an_unknown_integer() -> None:
    """The list it stands in is an operation's own or the shared one."""
    assert complaint('[request]\nintegers = ["playr"]\n[operations.balance]')[:2] == ("GW103", "request.integers")
    assert complaint('[operations.balance]\nintegers = ["playr"]')[1] == "operations.balance.integers"


@pytest.mark.parametrize("text", ["nowhere.x", "body.", "path.id", "x"])
def test_what_is_no_place(text: str) -> None:
    """GW107 in fields, in when and in fill; the row is left out of the message."""
    for key, row in (
        ("fields", f'{{ player = "{text}" }}'),
        ("when", f'{{ "{text}" = 1 }}'),
        ("fill", f'{{ "{text}" = 1 }}'),
    ):
        forms, problems = compiled(f"[operations.balance]\n{key} = {row}")
        assert [one.code for one in problems] == ["GW107"]
        balance = forms["balance"]
        assert (balance.fields, balance.when, balance.fill) == ((), (), ())


def test_several_places_of_one_field() -> None:
    """In the order in which they are looked at; one that is no place leaves the others."""
    (field,) = sound('[operations.balance]\nfields = { player = ["body.a?", "header.B?"] }')["balance"].fields
    assert [str(place) for place in field.places] == ["body.a?", "header.B?"]
    forms, _ = compiled('[operations.balance]\nfields = { player = ["body.a?", "nowhere"] }')
    assert len(forms["balance"].fields[0].places) == 1


def test_how_a_field_is_spelled() -> None:
    """An amount by its own table, then [money] fields, then [money]; a moment by its own table, then [time]."""
    forms = sound(
        '[money]\nform = "number"\nunit = "major"\nfields.bonus_amount = { unit = "minor" }\n'
        'fields.win_amount = { unit = "minor" }\n[time]\nform = "unix_s"\n'
        '[operations.bet]\nfields = { amount = { at = "body.a", form = "text" }, bonus_amount = "body.b", '
        'win_amount = { at = "body.w", unit = "major" }, bet_amount = "body.c", '
        'time = { at = "body.t", form = "unix_ms" } }\n'
        '[operations.win]\nfields = { time = "body.t" }'
    )
    spelled = {each.name: each.converter for each in forms["bet"].fields}
    assert spelled["amount"] == MoneyForm("text", "major")
    assert spelled["bonus_amount"] == MoneyForm("number", "minor")
    assert spelled["win_amount"] == MoneyForm("number", "major")
    assert spelled["bet_amount"] == MoneyForm("number", "major")
    assert spelled["time"] == Time("unix_ms")
    assert forms["win"].fields[0].converter == Time("unix_s")
    assert forms["win"].fields[0].shape is Shape.TIME


def test_a_spelling_that_means_nothing_here() -> None:
    """GW123: a flag or a text is read as it stands, and an amount has no zone."""
    assert complaint('[operations.bet]\nfields = { player = { at = "body.p", unit = "minor" } }')[0] == "GW123"
    assert complaint('[operations.bet]\nfields = { amount = { at = "body.a", zone = "UTC" } }')[0] == "GW123"


@pytest.mark.parametrize(
    ("section", "code", "keypath"),
    [
        ('[money]\nform = "words"', "GW115", "money.form"),
        ("[money]\nunit = 7", "GW115", "money.unit"),
        ('[money]\nform = "number"\ndecimals = -1', "GW115", "money.decimals"),
        ('[time]\nform = "nonsense letters"', "GW116", "time.form"),
        ('[time]\nzone = "Nowhere"', "GW116", "time.zone"),
    ],
)
def test_a_form_that_cannot_be_compiled(section: str, code: str, keypath: str) -> None:
    """Told once, at the key that it is about; the table is compiled with a form that works."""
    found = complaint(section + "\n[operations.balance]")
    assert found[:2] == (code, keypath)

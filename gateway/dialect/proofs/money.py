"""Proof 6, the money: a table that moves amounts says how they are spelled, and its forms lose nothing."""

from gateway.canon.calls import AMOUNTS
from gateway.canon.money import EXPONENTS
from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.compiler.layers import Path
from gateway.dialect.problems import suggest
from gateway.wire.money_forms import MoneyForm, loss

#: Two, none and three decimals: what every form must carry.
_MAIN = tuple(code for code in ("EUR", "JPY", "KWD") if code in EXPONENTS)

#: Codecs that know texts alone.
_TEXTS = ("form", "xml")


def prove_money(compiled: Compiled) -> None:
    """`[money]` is there where it is needed, names amounts, and carries what the main currencies need."""
    _fields(compiled)
    forms = {
        (form, compiled.key_of(request.name, "fields", each.name), each.name): True
        for request in compiled.requests.values()
        for each in request.fields
        if isinstance(form := each.converter, MoneyForm)
    }
    shown = compiled.answers.shown() & (AMOUNTS | {"balance"})
    forms |= {
        (form, ("answers",), name): True for name, form in compiled.answers.spelling.money.items() if name in shown
    }
    if not forms:
        return
    if not compiled.tree.section("money"):
        compiled.complain("GW115", (), "amounts, and no [money] that says how they are spelled", "add [money]")
        return
    for form, at, name in forms:
        _carries(compiled, form, at, name)
    _readable(compiled)


def _fields(compiled: Compiled) -> None:
    known = AMOUNTS | {"balance"}
    for name in compiled.tree.section("money", "fields"):
        if name not in known:
            compiled.complain(
                "GW103", ("money", "fields", name), f'"{name}" is no amount of ours',
                f"one of {', '.join(sorted(known))}", hint=suggest(name, known) or "", what="key",
            )  # fmt: skip


def _carries(compiled: Compiled, form: MoneyForm, at: Path, name: str) -> None:
    lost = [f"{code}: {text}" for code in _MAIN if (text := loss(form, code))]
    if not lost or form.inexact == "truncate":
        return
    compiled.complain(
        "GW212", _stated(compiled, at, name), f"this money form loses units ({'; '.join(lost)})",
        'widen decimals or unit, or say inexact = "truncate" (balances only; amounts are refused)',
    )  # fmt: skip


def _stated(compiled: Compiled, at: Path, name: str) -> Path:
    """Where the form of amount *name* is stated, whose place stands *at*."""
    if name in compiled.tree.section("money", "fields"):
        return ("money", "fields", name)
    return at if isinstance(compiled.tree.get(*at), dict) and at[-2:-1] == ("fields",) else ("money",)


def _readable(compiled: Compiled) -> None:
    """A body that is a form or XML holds texts alone: no number would ever be found there."""
    told: dict[Path, str] = {}
    for request in compiled.requests.values():
        if request.unsupported or request.codec not in _TEXTS:
            continue
        for each in request.fields:
            form = each.converter
            if not isinstance(form, MoneyForm) or form.form == "text" or form.lenient:
                continue
            for place in (*each.places, *each.parts, *each.plus):
                if place.source == "body":
                    path = _stated(compiled, compiled.key_of(request.name, "fields", each.name), each.name)
                    told.setdefault(path, f'"{place}" is a text, as all of this body is, and no {form.form}')
    for path, says in told.items():
        compiled.complain(
            "GW115", path, says, 'form = "text"; where answers write a number: fields.balance = { form = "number" }'
        )

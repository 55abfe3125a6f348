"""`gateway loss`: what a dialect cannot express, and what a provider's calls lose in front of a wallet.

Everything is computed from the compiled tables; nothing is judged. An outcome that is said with another one's word is
not wrong (`check` proves that it is safe), but whoever reads that word knows less than we did.
"""

from collections.abc import Iterable
from dataclasses import replace

from gateway.canon.calls import AMOUNTS, CALL_FIELDS, REPLY_FIELDS
from gateway.canon.money import EXPONENTS
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.exits import CLEAN, FINDINGS
from gateway.cli.explained_call import spelled
from gateway.cli.loss_between import some, together
from gateway.cli.sheet import Sheet, SheetFormat
from gateway.cli.tables import Choices, Folders, named, pairs
from gateway.dialect.compiler.layers import Path
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import Problem
from gateway.dialect.proofs.asked import PROMISES
from gateway.dialect.proofs.pairs import prove_pair, unpromisable
from gateway.wire.money_forms import MoneyForm
from gateway.wire.money_forms import loss as lost_of


def loss(
    dialect: str, wallet: str | None = None, /, *, format: SheetFormat = "text",
    option: Choices = (), tables: Folders = (),
) -> int:  # fmt: skip
    """What a dialect cannot express; with a second one, what is lost between that provider and that wallet.

    Exit code 1: the pair would be refused at start-up.

    Parameters
    ----------
    dialect
        A dialect's name, or the file of its table; the provider, where there is a pair.
    wallet
        The wallet's dialect.
    """
    where, name = named(dialect, tables)
    found = where.dialect(name, pairs(option, "--option"))
    sheet, problems = Sheet(), list[Problem]()
    if wallet is None:
        alone(sheet, found)
    else:
        there, other = named(wallet, tables)
        wallet_found = there.dialect(other)
        problems = prove_pair(found, wallet_found, PROMISES - unpromisable(wallet_found).keys())
        excuses(together(sheet, found, wallet_found, problems), found)
    sheet.show(format)
    return FINDINGS if problems else CLEAN


def alone(sheet: Sheet, dialect: Dialect) -> None:
    """What one dialect cannot express."""
    sheet.heading(f"What {dialect.name} cannot express", 1)
    sheet.say(dialect.title)
    lacking = [str(operation) for operation in Operation if operation not in dialect.operations()]
    sheet.heading("Operations it does not have")
    sheet.say(", ".join(lacking) or "None: it has all of ours.")
    _shared_words(sheet, dialect)
    _fields(sheet, dialect)
    _amounts(sheet, dialect)
    excuses(sheet, dialect)
    sheet.heading("On the wallet's side")
    promised(sheet, dialect)


def promised(sheet: Sheet, wallet: Dialect) -> None:
    """Which of the four promises no wallet can make in this dialect, and why."""
    rows = [(promise, why) for promise, why in sorted(unpromisable(wallet).items())]
    sheet.table(("cannot be promised", "because"), rows)
    if not rows:
        sheet.say("All four promises can be made in it.")


def _shared_words(sheet: Sheet, dialect: Dialect) -> None:
    sheet.heading("Outcomes that share a word")
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name in (None, *dialect.tree.section("operations")):
        words: dict[str, list[str]] = {}
        occurring = [each for each in Outcome if (name, each) in dialect.said]
        for outcome in occurring:
            words.setdefault(str(dialect.said[name, outcome].answer), []).append(str(outcome))
        for word, outcomes in words.items():
            if len(outcomes) > 1:
                groups.setdefault((word, tuple(outcomes)), []).append(name or "unread")
    rows = [(word, ", ".join(names), ", ".join(outcomes)) for (word, outcomes), names in groups.items()]
    sheet.table(("said with", "on", "stands for"), rows)
    if not groups:
        sheet.say("None: every outcome has its own word.")


def _fields(sheet: Sheet, dialect: Dialect) -> None:
    sheet.heading("Fields")
    has = {name: form.given for name, form in dialect.variants.items()}
    ever = set().union(*has.values())
    never = [name for name in CALL_FIELDS if name not in ever]
    sheet.say(f"No call carries: {', '.join(never) or 'nothing is missing'}.")
    forms = {id(said.form): said.form for said in dialect.said.values()}.values()
    told = {slot.name for form in forms if form.sample for slot in form.sample.slots}
    unsaid = [name for name in REPLY_FIELDS if name not in told]
    sheet.say(f"No answer tells: {', '.join(unsaid) or 'nothing is missing'}.")
    rows = [
        (name, ", ".join(f"{field} (by {key})" for field, key in dialect.variants[name].recall.items()))
        for name in dialect.tree.section("operations")
        if dialect.variants[name].recall
    ]
    sheet.table(("operation", "not in the message, recalled"), rows)


def _amounts(sheet: Sheet, dialect: Dialect) -> None:
    sheet.heading("Amounts")
    rows = []
    for form, uses in money_forms(dialect).items():
        by_loss: dict[str, list[str]] = {}
        for currency in sorted(EXPONENTS):
            if lost := lost_of(form, currency):
                by_loss.setdefault(lost.replace(currency, "the currency"), []).append(currency)
        where = f"{spelled(form)} ({', '.join(sorted(uses))})"
        rows += [(where, lost, some(codes)) for lost, codes in by_loss.items()] or [
            (where, "nothing", f"all {len(EXPONENTS)} currencies are carried exactly")
        ]
    sheet.table(("spelling", "loses", "of"), rows)
    if not rows:
        sheet.say("It carries no amounts.")


def money_forms(dialect: Dialect) -> dict[MoneyForm, set[str]]:
    """Every spelling of amounts in the table, and what is spelled so."""
    found: dict[MoneyForm, set[str]] = {}
    for request in dialect.variants.values():
        for each in request.fields:
            if each.name in AMOUNTS and isinstance(each.converter, MoneyForm):
                found.setdefault(replace(each.converter, signed=False), set()).add(each.name)
    for said in dialect.said.values():
        if said.form.slot("balance") and (money := said.form.spelling.money.get("balance")):
            found.setdefault(replace(money, signed=False), set()).add("balance")
    return found


def excuses(sheet: Sheet, dialect: Dialect) -> None:
    """Every row that is excused by a reason, with the reason."""
    rows = [(f"{path[2] if len(path) > 2 else 'all'}", text, dialect.tree.origin(*path, "because").place)
            for path, text in reasons(dialect)]  # fmt: skip
    if rows:
        sheet.heading("Excused by a reason")
        sheet.table(("operation", "because", "row"), rows)


def reasons(dialect: Dialect) -> Iterable[tuple[Path, str]]:
    """Every `because` of the effects, with its section."""
    sections: list[Path] = [("effects",)]
    sections += [("effects", "by", name) for name in dialect.tree.section("effects", "by")]
    for path in sections:
        if text := dialect.tree.get(*path, "because"):
            yield path, text

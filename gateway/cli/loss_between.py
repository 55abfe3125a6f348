"""What is lost between a provider's dialect and a wallet's: operations, fields, amounts, outcomes, promises.

The pair is taken for one whose wallet keeps every promise that can be made in its dialect.
"""

from collections.abc import Iterator

from gateway.canon.money import EXPONENTS
from gateway.canon.outcomes import CAN_OCCUR, Outcome
from gateway.cli.explained_call import spelled
from gateway.cli.sheet import Sheet
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import Problem, render
from gateway.dialect.proofs.asked import PROMISES, Question, questions, single
from gateway.dialect.proofs.pairs import unpromisable
from gateway.dialect.requestform import RequestForm
from gateway.wire.ids import Whole
from gateway.wire.money_forms import MoneyForm
from gateway.wire.money_forms import loss as lost_of
from gateway.wire.values import Text


def together(sheet: Sheet, provider: Dialect, wallet: Dialect, problems: list[Problem]) -> Sheet:
    """What is lost between a provider and a wallet; the same sheet."""
    sheet.heading(f"{provider.name} in front of a wallet that speaks {wallet.name}", 1)
    if problems:
        sheet.say("This pair is refused at start-up:")
        sheet.code(render(problems))
    else:
        sheet.say("Every call of this provider can be asked of this wallet.")
    asked = list(questions(provider, wallet, PROMISES - unpromisable(wallet).keys()))
    _unasked(sheet, wallet, asked)
    _instead(sheet, provider, wallet)
    sheet.heading("Fields that the wallet is not told")
    sheet.table(("provider's", "wallet's", "not told"), list(_untold(asked)))
    _numbers(sheet, asked)
    _amounts(sheet, provider, wallet, asked)
    sheet.heading("Outcomes of the wallet that reach the provider as another")
    renamed = list(_renamed(provider, wallet, asked))
    sheet.table(("operation", "the wallet means", "we hear", "the provider hears the word of"), renamed)
    if not renamed:
        sheet.say("None.")
    sheet.heading("What this wallet cannot promise")
    rows = sorted(unpromisable(wallet).items())
    sheet.table(("cannot be promised", "because"), rows)
    if not rows:
        sheet.say("All four promises can be made in its dialect.")
    return sheet


def _unasked(sheet: Sheet, wallet: Dialect, asked: list[Question]) -> None:
    sheet.heading("What cannot be asked, or not always")
    rows = [(each.form.name, said(each), text) for each in asked for text in reasons(wallet, each)]
    sheet.table(("provider's", "asks for", "why not"), rows)
    if not rows:
        sheet.say("Nothing.")


def _instead(sheet: Sheet, provider: Dialect, wallet: Dialect) -> None:
    """What the wallet gets in place of what it has no operation for; nothing is said where it has them all."""
    rows = [
        (form.name, str(form.operation), " and then ".join(legs) or "nothing: it is refused", lost_in(form, wallet))
        for form in provider.variants.values()
        if not form.unsupported and (legs := wallet.instead.get(form.operation)) is not None
    ]
    if rows:
        sheet.heading("What is sent in place of another operation")
        sheet.table(("provider's", "asks for", "the wallet gets", "which loses"), rows)


def lost_in(form: RequestForm, wallet: Dialect) -> str:
    """What is lost where others are sent in place of a call of *form*."""
    legs = wallet.instead[form.operation]
    if len(legs) > 1:
        tested = "; what is needed beyond the stake is tested by asking for the balance before"
        needs = any(each.name == "required_balance" for each in form.fields)
        bets = wallet.sayers(legs[0])
        told = any(each.name == "required_balance" for bet in bets for each in bet.fields)
        return f"the two are booked one after the other, and undone likewise{tested if needs and not told else ''}"
    return "it is told as a win of 0" if legs else "every one is answered as an operation that is not supported"


def said(question: Question) -> str:
    """What is asked, as the report names it."""
    return f"{question.operation} (ours)" if question.undo else str(question.operation)


def reasons(wallet: Dialect, question: Question) -> Iterator[str]:
    """Why *question* cannot be asked of *wallet*, or not always; nothing where it can."""
    if not question.variants:
        yield f"{wallet.name} has no {question.operation}"
    for field, variant, ever in question.open:
        yield f"{variant.name} must have {field}: {'not every message has it' if ever else 'nobody gives it'}"
    for variant in question.merged:
        yield f"{variant.name} {single(variant)}: a second one of the same bet cannot be said"
    if question.unpromised:
        yield f"it is two calls of {wallet.name}, which cannot promise {' and '.join(question.unpromised)}"
    for word in question.untold:
        yield f"{word} is needed, and no message and no answer tells it"


def _untold(asked: list[Question]) -> Iterator[tuple[str, str, str]]:
    for each in asked:
        for variant in each.variants if not each.undo else ():
            parts = {"bet_amount", "win_amount"} if each.operation is not each.form.operation else set()
            lost = sorted(each.form.given - variant.given - parts)
            yield each.form.name, variant.name, ", ".join(lost) or "nothing"


def _numbers(sheet: Sheet, asked: list[Question]) -> None:
    """Texts that the wallet has as whole numbers, each once; nothing is said where there are none."""
    rows = {
        (variant.name, field.name): "a digest: of a thousand million keys two are one, at a chance of one in twenty"
        if isinstance(field.converter, Whole)
        else "the call is not made where it is none"
        for each in asked
        for variant in each.variants
        for field in variant.fields
        if isinstance(field.converter, Whole) or field.converter == Text(integer=True)
    }
    if rows:
        sheet.heading("Texts that the wallet has as whole numbers")
        sheet.table(("wallet's", "field", "of any other text"), [(*at, fate) for at, fate in rows.items()])


def _amounts(sheet: Sheet, provider: Dialect, wallet: Dialect, asked: list[Question]) -> None:
    """Per spelling of the one that loses where the other does not, and of which currencies."""
    sheet.heading("Amounts")
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for each in asked:
        for variant in each.variants if not each.undo else ():
            theirs = {field.name: field.converter for field in each.form.fields}
            for field in variant.fields:
                form, other = field.converter, theirs.get(field.name)
                if isinstance(form, MoneyForm):
                    _compare(found, field.name, other if isinstance(other, MoneyForm) else None, form, "refused")
            said_with = provider.said[each.form.name, Outcome.OK].form
            told = wallet.said[variant.name, Outcome.OK].form
            if said_with.slot("balance") and told.slot("balance"):
                _compare(found, "balance", told.spelling.money["balance"], said_with.spelling.money["balance"], "cut")
    rows = [(what, spelling, f"{lost}: {fate}", some(codes)) for (what, spelling, lost, fate), codes in found.items()]
    sheet.table(("of", "is spelled", "which loses", "in"), rows)
    if not rows:
        sheet.say(f"In all {len(EXPONENTS)} currencies they carry the same amounts.")


def _compare(
    found: dict[tuple[str, str, str, str], list[str]], what: str, came: MoneyForm | None, goes: MoneyForm, fate: str
) -> None:
    """Currencies that *came* carries exactly and *goes* does not."""
    for currency in sorted(EXPONENTS):
        if (lost := lost_of(goes, currency)) and not (came and lost_of(came, currency)):
            key = (what, spelled(goes), lost.replace(currency, "the currency"), fate)
            if currency not in (codes := found.setdefault(key, [])):
                codes.append(currency)


def some(codes: list[str], most: int = 12) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(codes) - most} more" if len(codes) > most else ""
    return ", ".join(codes[:most]) + more


def _renamed(provider: Dialect, wallet: Dialect, asked: list[Question]) -> Iterator[tuple[str, str, str, str]]:
    """(operation, what the wallet means, what we hear, whose word the provider hears), where these are not the same."""
    for each in asked:
        operation = each.form.operation
        if each.undo or not CAN_OCCUR[each.operation] <= CAN_OCCUR[operation]:
            continue
        ends: dict[tuple[str, Outcome], list[str]] = {}
        for outcome in Outcome:
            variants = [variant.name for variant in each.variants if (variant.name, outcome) in wallet.said][:1]
            for name in variants if outcome in CAN_OCCUR[operation] else ():
                heard = wallet.heard(name, outcome)
                end = provider.said[each.form.name, heard].end
                if outcome is not heard or heard is not end:
                    ends.setdefault(("the same" if heard is outcome else str(heard), end), []).append(str(outcome))
        for (meant, end), outcomes in ends.items():
            yield each.form.name, ", ".join(outcomes), meant, str(end)

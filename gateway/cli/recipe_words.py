"""A signature recipe in words, and a worked example: a published vector, or one computed with a made-up key."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.operations import DEBITS
from gateway.cli.explained_answer import MADE_UP
from gateway.cli.explained_call import signed_text
from gateway.dialect.conversations import Conversations
from gateway.dialect.dialect import Dialect
from gateway.dialect.requestform import RequestForm
from gateway.wire.message import Garbled, Request
from gateway.wire.opened import Draft, Opened
from gateway.wire.signatures import Recipe, SecretFault
from gateway.wire.signed_parts import Field, Part, Printed, QueryWithout, Sorted, Text, Word

_SCHEMES = {"hmac": "HMAC", "hash": "hash", "rsa": "RSA", "token": "token"}
_WORDS = {
    "raw": "the body, byte for byte as sent",
    "secret": "the secret",
    "method": "the HTTP method",
    "path": "the raw path",
    "query": "the raw query",
}


@dataclass(frozen=True)
class Worked:
    """*secret*: what it was computed with; *raw*, *query*: the input; *signs*: the signed text; *gives*: the result."""

    origin: str
    secret: str
    raw: str
    signs: str
    gives: str
    query: str = ""


def recipe_words(recipe: Recipe) -> list[str]:
    """The recipe as a list of sentences."""
    if recipe.scheme == "decryption":
        return ["Nothing is signed: that the body opens with the cipher's key is the proof of its sender."]
    if recipe.at is None:
        return ["Nothing is signed."]
    if recipe.scheme == "basic":
        return [f"HTTP Basic in {recipe.at}: the secret {recipe.check_secret} is user:password, written in base64."]
    if recipe.scheme == "token":
        return [f"The secret {recipe.check_secret} itself stands in {recipe.at}{_prefix(recipe)}."]
    kind = f"{_SCHEMES[recipe.scheme]} {recipe.digest.upper()}" + (f" ({recipe.padding})" if recipe.padding else "")
    key = {
        "hmac": f", keyed with the secret {recipe.check_secret}",
        "rsa": f", made with {recipe.make_secret}, checked with {recipe.check_secret}",
    }
    words = [f"{kind}{key.get(recipe.scheme, '')}, over these parts joined without a separator:"]
    words += [f"part {number}: {part_words(part)}" for number, part in enumerate(recipe.over, 1)]
    words.append(f"written as {recipe.encoding} in {recipe.at}{_prefix(recipe)}.")
    if recipe.fresh:
        fresh = recipe.fresh
        spelled = " or ".join(time.form for time in fresh.times)
        words.append(f"{fresh.at} holds the time ({spelled}); it may be {fresh.within_s} s off.")
    if recipe.nonce:
        words.append(f"{recipe.nonce} holds an id that is new in every message.")
    if recipe.secret_form == "whsec":
        words.append("The secret is written as whsec_ and base64; its decoded bytes are the key.")
    return words


def part_words(part: Part) -> str:
    """One part of what is signed, in words."""
    if isinstance(part, Word):
        return _WORDS[part.label]
    if isinstance(part, Field):
        return f"{part.place} exactly as sent"
    if isinstance(part, Text):
        return f'the text "{part.literal}"'
    if isinstance(part, Printed):
        return f"{part.place} with {part.decimals} decimals"
    if isinstance(part, QueryWithout):
        return f"the raw query without {', '.join(sorted(part.names))}"
    return _sorted_words(part)


def _sorted_words(part: Sorted) -> str:
    taken = f"name{part.equals}value" if part.pairs else "the values"
    fields = "the body's top-level fields" if part.source == "body" else "the query's fields, decoded,"
    fields += "".join(f" and {place}" for place in part.headers)
    fields += " escaped as in a form," if part.escaped else ""
    words = f'{taken} of {fields} in the order of their names, joined with "{part.separator}"'
    left_out = [f'"{name}"' for name in sorted(part.excepted)] + [
        f'values that read "{text}"' for text in sorted(part.drop)
    ]
    words += "".join(f'; "{name}" counts as "{other}"' for name, other in part.renamed)
    return words + (f"; left out: {', '.join(left_out)}" if left_out else "")


def worked_example(dialect: Dialect, conversations: Conversations | None) -> Worked | None:
    """A vector of the table, or an example's own message signed with its made-up key; None where nothing is signed."""
    recipe = dialect.request_recipes[None]
    if recipe.scheme == "decryption":
        return _opened(dialect)
    if recipe.at is None or recipe.scheme in ("token", "basic"):
        return None
    if vectors := dialect.tree.get("request", "signature", "vectors"):
        vector = vectors[0]
        request = Request(vector.get("method", "POST"), vector.get("path", "/"), vector.get("query", ""),
                          tuple(vector.get("headers", {}).items()), vector["raw"].encode())  # fmt: skip
        bound = recipe.bind({recipe.check_secret: [vector["secret"].encode()]}, for_make=False, least=1)
        # The path of a vector may be nobody's: its body is read as all of the table's are, as when it is proved.
        opened = Opened(request, next(iter(dialect.variants.values())).codec)
        signs = vector.get("signs") or bound.signed(opened).decode(errors="backslashreplace")
        raw, gives = vector["raw"], vector["gives"]
        return Worked("a test vector of the table", vector["secret"], raw, signs, gives, request.query)
    return _computed(dialect, recipe, conversations)


def _opened(dialect: Dialect) -> Worked | None:
    """The first of the table's sealed bodies, and what is inside."""
    for vector in dialect.tree.get("request", "vectors", default=())[:1]:
        secrets = ", ".join(f"{name} = {text}" for name, text in vector["secrets"].items())
        return Worked("a test vector of the table", secrets, vector["gives"], "", vector["raw"])
    return None


def _computed(dialect: Dialect, recipe: Recipe, conversations: Conversations | None) -> Worked | None:
    secrets = {name: [text.encode()] for name, text in conversations.file.secrets.items()} if conversations else {}
    origin = "a message of the examples, signed with their made-up key"
    request = None
    if conversations is not None and recipe.nonce is None:
        plays = [each for each in conversations.file.example if not each.forged and each.operation in dialect.variants]
        plays.sort(key=lambda each: dialect.variants[each.operation].operation not in DEBITS)
        request = conversations.request(dialect, plays[0]) if plays else None
    if request is None:
        origin = "a message made up for this page, signed with a made-up key"
        request = _made_up(dialect, recipe)
    if request is None:
        return None
    if not secrets:
        key = "whsec_bWFkZS11cC1mb3ItdGhpcy1wYWdl" if recipe.secret_form == "whsec" else "made-up-for-this-page"
        secrets = {recipe.check_secret: [key.encode()]}
    try:
        bound = recipe.bind(secrets, for_check=recipe.scheme != "rsa", for_make=True)
        opened = dialect.open(request, conversations.keys(dialect, "receiver") if conversations else None)
        shown = "".join(signed_text(piece) for _, piece in bound.shown(opened))
        gives = bound.spelled(opened)
    except (SecretFault, Garbled):
        return None
    secret = "the examples' private key" if recipe.scheme == "rsa" else secrets[recipe.check_secret][0].decode()
    return Worked(origin, secret, request.body.decode(errors="backslashreplace"), shown, gives, request.query)


def _made_up(dialect: Dialect, recipe: Recipe) -> Request | None:
    """A message with values made up, a debit if there is one; None where made-up values do not fit its table."""
    form = min(dialect.variants.values(), key=lambda each: each.operation not in DEBITS)
    try:
        draft = _draft(form)
    except Fault:
        return None
    if recipe.fresh:
        recipe.fresh.at.put(draft, str(recipe.fresh.write(1772366400)))
    if recipe.nonce:
        recipe.nonce.put(draft, "made-up-id")
    return draft.request()


def _draft(form: RequestForm) -> Draft:
    facts = {"amount": Decimal("1.50"), "bet_amount": Decimal("1.50"), "win_amount": Decimal(0), "round": "round-1",
             "free": False, "round_end": False, "repeat": False,
             "game": "game-1", "session": "session-1", "reference": ("transaction-0",), "provider": "provider-1",
             "time": datetime(2026, 3, 1, 12, tzinfo=UTC), **MADE_UP}  # fmt: skip
    wanted = {each.name for each in form.fields if not each.optional} | {"player", "currency"}
    return form.write(Call(form.operation, **{name: value for name, value in facts.items() if name in wanted}), {})


def _prefix(recipe: Recipe) -> str:
    return f' after "{recipe.prefix}"' if recipe.prefix else ""

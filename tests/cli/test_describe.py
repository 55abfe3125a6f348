"""`gateway describe`: a page that an integrator can work from, and whose worked example really computes."""

import base64
import hashlib
import hmac
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from gateway.canon.calls import CALL_FIELDS, REPLY_FIELDS
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.words import ANSWER_NAMES, FIELDS, OPERATIONS
from gateway.dialect.shelf import Shelf
from tests.cli.conftest import Gateway


def worked(out: str) -> dict[str, str]:
    """The rows of the worked example."""
    _, _, rest = out.partition("Worked example")
    rows = [line.strip().partition(" ") for line in rest.splitlines()[2:]]
    return {name: text.strip() for name, _, text in rows[:4]}


@pytest.mark.parametrize("name", Shelf().names)
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_every_dialect_has_a_page(gateway: Gateway, name: str, form: str) -> None:
    """URL, signature, fields, answers and deadlines of each; no demanded piece is missing."""
    ended = gateway("describe", name, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    dialect = Shelf().dialect(name)
    headings = ["What to give the provider", "Signature of requests", "Fields", "Answers", "Deadlines and retries"]
    headings += ["The same id again", "Sessions and rollbacks", "Sources"]
    due = (headings if dialect.variants else []) + (["What can be asked of the provider"] if dialect.outbound else [])
    due += [title for title, key in (("Gaps", "gaps"), ("Options", "options")) if dialect.tree.get(key)]
    for heading in due:
        assert f"## {heading}\n" in ended.out if form == "markdown" else f"\n{heading}\n" in ended.out
    for name_of in (*dialect.variants, *(dialect.outbound.forms if dialect.outbound else ())):
        assert name_of in ended.out
    # A word to send, and nothing to compute; or nothing that is called.
    plain = not dialect.variants or dialect.request_recipes[None].scheme in ("token", "basic")
    callbacks, _, requests = ended.out.partition("What can be asked of the provider")
    assert ("Worked example" in callbacks) is not plain
    assert ("Worked example" in requests) is (dialect.outbound is not None)


@pytest.mark.parametrize("name", Shelf().names)
def test_every_header_code_and_row_that_is_written_is_on_the_page(gateway: Gateway, name: str) -> None:
    """Headers of both directions, each answer with its code, what is documented and not read, every gap and source."""
    dialect = Shelf().dialect(name)
    out = " ".join(gateway("describe", name, "--format", "markdown").out.split())
    places = [place for form in dialect.variants.values() for place, _ in form.fill]
    places += [place for form in dialect.variants.values() for each in form.fields for place in each.places]
    recipes = [*dialect.request_recipes.values()]
    if dialect.outbound is not None:
        recipes += dialect.outbound.recipes.values()
        assert {*(header for form in dialect.outbound.forms.values() for header in form.headers)} <= {*out.split()}
        for row in (row for form in dialect.outbound.forms.values() for row in form.rows):
            assert str(row.answer) in out
    places += [recipe.at for recipe in recipes if recipe.at is not None]
    for place in places:
        assert (place.keys[0] if place.source == "header" else str(place).rstrip("?")) in out, place
    for (operation, _), said in dialect.said.items():
        assert operation is None or said.answer.code is None or str(said.answer) in out
    texts = [*dialect.tree.get("gaps", default=[]), *dialect.tree.get("source", default=[])]
    assert [text for text in texts if " ".join(text.split()) not in out] == []


def test_a_request_that_is_shown_really_computes(gateway: Gateway) -> None:
    """Whoever signs the shown body with the shown recipe gets the shown signature."""
    _, _, out = gateway("describe", "payfield").out.partition("What can be asked of the provider")
    shown = dict(re.findall(r"    ([\w-]+): (\S+)\n", out))
    body = re.search(r"\n\n    (\{\"external_id.*\})\n", out)
    assert body is not None
    signed = f"{shown['X-Timestamp']}{body[1]}".encode()
    assert hmac.digest(b"not-a-real-secret-of-anybody", signed, "sha256").hex() == shown["X-Signature"]


def test_a_vector_is_the_worked_example(gateway: Gateway) -> None:
    """The published vector, and whoever follows the words gets its result."""
    found = worked(gateway("describe", "evenbet").out)
    assert hashlib.sha256((found["body"] + found["secret"]).encode()).hexdigest() == found["gives"]
    found = worked(gateway("describe", "scorpio").out)
    digest = hmac.digest(found["secret"].encode(), found["signed"].encode(), "sha512")
    assert base64.b64encode(digest).decode() == found["gives"]


def test_a_vector_of_a_form_is_read_as_one(gateway: Gateway, tmp_path: Path) -> None:
    """The body of a vector is what the table's are, also where no path of the table is the vector's."""
    raw, secret = "amount=150&txn=9001", "not-a-real-secret"
    gives = hashlib.md5(f"{raw}&key={secret}".encode()).hexdigest()
    over = '[{ sorted = "body", take = "pairs", equals = "=", separator = "&" }, { text = "&key=" }, "secret"]'
    (tmp_path / "delta.toml").write_text(
        'dialect = "delta"\nextends = "scorpio"\nmoney.lenient = true\n'
        'without = ["request.signature"]\n[request]\nbody = "form"\n[request.signature]\n'
        f'scheme = "hash"\ndigest = "md5"\nencoding = "hex"\nat = "header.X-Sign"\nsecret = "key"\nover = {over}\n'
        f'[[request.signature.vectors]]\nsecret = "{secret}"\nraw = "{raw}"\npath = "/nobody"\ngives = "{gives}"\n'
    )
    ended = gateway("describe", "delta", "--tables", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert worked(ended.out)["signed"] == f"{raw}&key={secret}"


def test_a_sealed_body_is_the_worked_example(gateway: Gateway) -> None:
    """What is inside, the secrets, and the body that travels; who opens it without us finds the same."""
    out = gateway("describe", "jdb").out
    found = worked(out)
    secrets = dict(each.split(" = ") for each in found["secret"].split(", "))
    key, iv = secrets["aes_key"].encode(), secrets["aes_iv"].encode()
    decryptor = Cipher(AES(key), CBC(iv)).decryptor()
    sealed = base64.urlsafe_b64decode(found["gives"].removeprefix("x="))
    assert decryptor.update(sealed).rstrip() == found["body"].encode()
    assert "VN = VND by 1000" in " ".join(out.split())
    assert "none, it is not served" in " ".join(out.split())


def test_a_made_up_example_computes_too(gateway: Gateway) -> None:
    """Without a vector: a message of this page, signed with a made-up key, the same each time."""
    out = gateway("describe", "canonical").out
    found = worked(out)
    key = base64.b64decode(found["secret"].removeprefix("whsec_"))
    digest = base64.b64encode(hmac.digest(key, found["signed"].encode(), "sha256")).decode()
    assert found["gives"] == f"v1,{digest}"
    assert out == gateway("describe", "canonical").out


def test_the_code_table_tells_what_the_provider_does(gateway: Gateway) -> None:
    """Each word with its meaning and its retry contract."""
    lines = gateway("describe", "evenbet").out.splitlines()
    retried = next(line.split() for line in lines if line.startswith("414 "))
    assert (retried[1], retried[-1]) == ("200", "retries")
    assert "  - retries: sends the same id again" in lines


def test_a_choice_changes_the_page(gateway: Gateway) -> None:
    """The page is of the account's own options."""
    assert "Answers are not signed." in gateway("describe", "155io", "--option", "sign_answers=no").out
    assert "Answers are not signed." not in gateway("describe", "155io").out


@pytest.mark.parametrize("what", ["operations", "outcomes", "fields"])
def test_our_words(gateway: Gateway, what: str) -> None:
    """Every word of canon is on its page."""
    out = gateway("describe", what).out
    words = {"operations": Operation, "outcomes": Outcome, "fields": [*CALL_FIELDS, *REPLY_FIELDS]}[what]
    listed = {line.split()[0] for line in out.splitlines() if line}
    assert {str(word) for word in words} <= listed


def test_every_word_has_a_sentence() -> None:
    """A word that is added to canon must be explained here."""
    assert set(OPERATIONS) == set(Operation)
    assert list(FIELDS) == list(CALL_FIELDS)
    assert set(ANSWER_NAMES) == {"code", "message", *REPLY_FIELDS}


def test_literals_stand_as_they_are_sent(gateway: Gateway) -> None:
    """Flags in lower case, texts in quotes; and the content type is that of what the body comes in."""
    hub = " ".join(gateway("describe", "hub88").out.split())
    assert "body.is_supplier_promo = true" in hub
    sealed = " ".join(gateway("describe", "jdb").out.split())
    assert "Content-Type application/x-www-form-urlencoded all" in sealed
    assert 'such as "01-01-2026"' in sealed
    betting = " ".join(gateway("describe", "rubyplay").out.split())
    assert "always false" in betting
    query = " ".join(gateway("describe", "blueocean").out.split())
    assert "1 = true, 0 = false" in query
    for page in (hub, sealed, betting, query):
        assert not re.search(r"\b(True|False)\b", page)


def test_what_it_gets_in_place_of_what_it_lacks(gateway: Gateway) -> None:
    """On the page of a table that says so."""
    assert "bet_win: bet and then win" in gateway("describe", "hub88").out
    assert "in place of" not in gateway("describe", "scorpio").out

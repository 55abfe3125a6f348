"""mappings/README.md: its generated blocks are what canon and the recipes say today, and its table examples parse.

After a change: GATEWAY_UPDATE=1 python -m pytest tests/test_mappings_readme.py
"""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

from gateway.canon.calls import AMOUNTS, CALL_FIELDS
from gateway.canon.operations import CREDITS, DEBITS, FACTS, READS, REVERSALS, SESSION_CHECKED, Operation
from gateway.canon.outcomes import Outcome
from gateway.cli import run, words
from gateway.dialect import spec
from gateway.dialect.compiler.contract import CONTENT, replay_balances
from gateway.dialect.compiler.layers import Tree
from gateway.dialect.shelf import Shelf
from gateway.wire.ciphers import FILLERS, PARTS, SIZES
from gateway.wire.envelopes import CODINGS
from gateway.wire.opened import CODECS
from gateway.wire.recipes import RECIPES
from gateway.wire.signed_parts import SORTABLE, WORDS
from tests.walking import Step, play

BLOCK = re.compile(r"<!-- generated: (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)
KINDS = {"debit": DEBITS, "credit": CREDITS, "reversal": REVERSALS, "fact": FACTS, "read": READS}


def generated() -> dict[str, str]:
    """Every block, by name."""
    return {
        "recipes": table(("recipe", "what it stands for"), recipes()),
        "operations": table(("operation", "kind", "meaning"), operations()),
        "outcomes": table(("outcome", "meaning", "moved", "lasting"), outcomes()),
        "fields": table(("field", "holds", "meaning"), fields()),
        "names": table(("name", "meaning"), names()),
        "requests": table(("request", "meaning"), quoted(words.request_rows())),
        "results": table(("result", "done", "meaning"), quoted(words.result_rows())),
        "request_fields": table(("field", "holds", "meaning"), quoted(words.request_field_rows())),
    }


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]]) + "\n"


def quoted(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    return ((f"`{first}`", *rest) for first, *rest in rows)


def recipes() -> Iterator[tuple[str, ...]]:
    for name, keys in RECIPES.items():
        told = {key: value for key, value in keys.items() if key in ("scheme", "digest", "encoding", "at")}
        yield f"`{name}`", ", ".join(f"{key} = {value}" for key, value in told.items())


def operations() -> Iterator[tuple[str, ...]]:
    for operation in Operation:
        kinds = ", ".join(word for word, members in KINDS.items() if operation in members)
        yield f"`{operation}`", kinds, words.OPERATIONS[operation]


def fields() -> Iterator[tuple[str, ...]]:
    for name, shape in CALL_FIELDS.items():
        yield f"`{name}`", shape.value, words.FIELDS[name]


def outcomes() -> Iterator[tuple[str, ...]]:
    for outcome in Outcome:
        yield f"`{outcome}`", outcome.sentence, outcome.moved.value, "yes" if outcome.lasting else "no"


def names() -> Iterator[tuple[str, ...]]:
    for name, sentence in words.ANSWER_NAMES.items():
        yield f"`${name}`", sentence


def literals(form: Any) -> Iterator[str]:
    """The words among which a key's values are chosen, wherever they stand in its type."""
    if isinstance(form, str):
        yield form
    annotation = getattr(form, "annotation", form)
    for each in get_args(annotation):
        if get_origin(annotation) is Literal or not isinstance(each, str):
            yield from literals(each)


@pytest.fixture
def page(root: Path) -> Path:
    return root / "mappings" / "README.md"


def test_generated_blocks_are_fresh(page: Path) -> None:
    """What the page lists is what the code knows."""
    text = page.read_text("utf-8")
    fresh = BLOCK.sub(lambda m: f"<!-- generated: {m[1]} -->\n{generated()[m[1]]}<!-- end -->", text)
    if os.environ.get("GATEWAY_UPDATE"):
        page.write_text(fresh, "utf-8")

    assert fresh == page.read_text("utf-8")
    assert {match[1] for match in BLOCK.finditer(text)} == set(generated())


def test_what_holds_where_a_table_says_nothing(page: Path) -> None:
    """The defaults of the retry contract are those of the code."""
    rows = {line.split("|")[1].strip(" `"): line for line in page.read_text("utf-8").splitlines() if line[:3] == "| `"}
    checked = rows["session_checked"].split("|")[3].strip().split(", ")
    assert (set(checked), len(checked)) == (SESSION_CHECKED, len(SESSION_CHECKED))
    assert set(rows["fingerprint"].split("|")[3].strip().split(", ")) == {*CONTENT - AMOUNTS, "amounts"}
    assert rows["replay_balance"].split("|")[3].strip() == f'`"{replay_balances(Tree())["default"]}"`'


def test_every_snippet_is_toml(page: Path) -> None:
    """What the page shows can be pasted."""
    snippets = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)

    assert snippets
    for snippet in snippets:
        tomllib.loads(snippet)


def test_the_snippets_together_are_a_table_without_complaints(page: Path, tmp_path: Path) -> None:
    """The page's own table passes `gateway check --strict`, with the block under Examples as its conversations."""
    *table, conversations = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    (tmp_path / "acme.toml").write_text("\n".join(table), "utf-8")
    (tmp_path / "acme.examples.toml").write_text(conversations, "utf-8")

    assert run(["check", "--strict", str(tmp_path / "acme.toml")]) == 0


def test_every_key_of_the_language_is_on_the_page(page: Path) -> None:
    """Whatever a table may say is shown or explained, of callbacks and of requests; and in the schema's own words."""
    text = page.read_text("utf-8")
    sections = [each for each in vars(spec).values() if isinstance(each, type) and issubclass(each, spec.Section)]
    keys = {field.alias or name for section in sections for name, field in section.model_fields.items()}
    assert [key for key in sorted(keys) if not re.search(rf"(?<![a-z_]){re.escape(key)}(?![a-z_])", text)] == []
    names = {*CODECS, *SORTABLE, *WORDS, *(key for recipe in RECIPES.values() for key in recipe)}
    names |= {word for section in sections for field in section.model_fields.values() for word in literals(field)}
    names |= {*SIZES, *FILLERS, *PARTS, *CODINGS}
    assert [name for name in sorted(names) if name not in text] == []


def test_what_is_shown_of_requests_and_payments_is_the_language(page: Path, tmp_path: Path) -> None:
    """The blocks that are no part of the page's own table: each has the shape of a table, [outbound] compiles in it."""
    text = page.read_text("utf-8")
    blocks = re.findall(r"```\n(\[.*?)```", text, re.DOTALL)
    assert [each.partition("\n")[0] for each in blocks] == [
        "[batch]", "[request]", "[outbound]", "[request.derive]", "[operations.withdraw_request]",
    ]  # fmt: skip
    for block in blocks:
        spec.Table.model_validate(tomllib.loads(block))
    *table, _ = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "acme.toml").write_text("\n".join([*table, blocks[2]]), "utf-8")
    outbound = Shelf(tmp_path).dialect("acme").outbound
    assert outbound is not None
    assert [str(name) for name in outbound.forms] == ["create_payout", "payout_status"]


def test_the_walk_through_as_a_newcomer_plays_it(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a pasted callback, in ten steps, to `check --strict` and `test` without a complaint: as the page has it."""
    text = page.read_text("utf-8").partition("## A dialect in an afternoon")[2].partition("\n## ")[0]
    monkeypatch.chdir(tmp_path)

    def played(words: list[str]) -> tuple[int, str]:
        code = run(words)
        return code, "".join(capsys.readouterr())

    done = play(text, tmp_path, played)

    commands = [step.text for step in done if step.kind == "command"]
    assert re.findall(r"(?m)^\*\*(\d+)\.", text) == [str(number) for number in range(1, 11)]
    assert done[0] == Step("file", "callback.json", (tmp_path / "callback.json").read_text("utf-8"))
    assert commands[0] == "gateway new acme --from-sample callback.json"
    assert {"gateway check --strict acme.toml", "gateway test acme.toml"} <= {*commands[-4:]}

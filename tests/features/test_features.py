"""Every habit of the field that several dialects have: the words of the language for it, and the tests that show it.

The list is `features.toml` beside this file, written from a survey of 72 dialects.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FEATURES: list[dict[str, Any]] = tomllib.loads((HERE / "features.toml").read_text("utf-8"))["feature"]
BUILT = [each for each in FEATURES if "tests" in each]
#: What the language cannot say yet. Whoever adds to it takes a line away.
LACKING = {
    "the sign of an amount decides whether it is a debit or a credit",
    "a balance that is split into real and bonus money",
    "the balance before beside the one after",
    "answers encrypted",
    "nothing but the caller's address",
    "a rollback is undone again",
}


@pytest.fixture
def page(root: Path) -> str:
    """The page of the language, its lines joined: words may stand over the end of one."""
    return re.sub(r"\s+", " ", (root / "mappings" / "README.md").read_text("utf-8"))


@pytest.mark.parametrize("feature", BUILT, ids=lambda feature: feature["is"])
def test_each_has_words_on_the_page_and_a_test_of_its_own(feature: dict[str, Any], page: str) -> None:
    """A newcomer finds the words; and what is named as a test is one."""
    assert [word for word in feature["words"] if word not in page] == []
    assert feature["tests"]
    for named in feature["tests"]:
        file, function = named.split("::")
        text = (HERE.parent / file).read_text("utf-8")
        assert re.search(rf"^(?:async )?def {function}\(", text, re.MULTILINE), named


@pytest.mark.parametrize("feature", [each for each in FEATURES if "refused" in each], ids=lambda each: each["is"])
def test_what_is_left_out_on_purpose_has_its_reason_on_the_page(feature: dict[str, Any], page: str) -> None:
    """A row of "Considered and refused"."""
    assert f"| {feature['refused']} |" in page.partition("## Considered and refused")[2]


def test_what_is_lacking_is_no_more_than_is_known() -> None:
    """Each with its reason; and every feature is one of the three."""
    assert {each["is"] for each in FEATURES if each.get("lacks")} == LACKING
    assert [each["is"] for each in FEATURES if len({"tests", "refused", "lacks"} & each.keys()) != 1] == []
    assert len({each["is"] for each in FEATURES}) == len(FEATURES)
    assert {each["tier"] for each in FEATURES} == {1, 2}

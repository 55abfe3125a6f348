"""XML is read strictly, without anything that a document could make a reader do, and written as it is read back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.jsontext import MAX_DEPTH, MAX_KEYS, MAX_TEXT
from gateway.wire.message import Garbled
from gateway.wire.templates import MarkupSample, SampleFault
from gateway.wire.xmltext import read_xml, write_xml

LAUGHS = b"""<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;">]><a>&m;</a>"""


@pytest.mark.parametrize(
    ("document", "value"),
    [
        (b"<a>x</a>", {"a": "x"}),
        (b"<a/>", {"a": ""}),
        (b"<a><b> x </b></a>", {"a": {"b": " x "}}),
        (b"<a>\n <b>1</b>\n <b>2</b><b/>\n</a>", {"a": {"b": ["1", "2", ""]}}),
        (b"<a p='1' q=\"&lt;\">x</a>", {"a": {"@p": "1", "@q": "<", "#": "x"}}),
        (b"<a p='1'><b/></a>", {"a": {"@p": "1", "b": ""}}),
        (b"<a>&#x41;&amp;<![CDATA[<b>]]></a>", {"a": "A&<b>"}),
        ('<?xml version="1.0" encoding="utf-8"?><a>\u00fc</a>'.encode(), {"a": "\u00fc"}),
        (b"<n:a xmlns:n='urn:n'>x</n:a>", {"n:a": {"@xmlns:n": "urn:n", "#": "x"}}),
    ],
)
def test_a_document_is_an_object_of_texts(document: bytes, value: Any) -> None:
    """Elements, attributes, text; a child that is sent twice is a list, and no single value."""
    assert read_xml(document) == value


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (LAUGHS, "a document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "a document type"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1/">]><a>&x;</a>', "a document type"),
        (b"<a>&x;</a>", "undefined entity"),
        (b"<a>1<!-- 0 -->2</a>", "a comment"),
        (b"<?go now?><a/>", "a processing instruction"),
        (b"<a>text<b/></a>", "text beside elements"),
        (b"<a p='1' p='2'/>", "duplicate attribute"),
        (b"<a><b></a>", "mismatched tag"),
        (b"<a/><b/>", "junk after document element"),
        (b"<a>\xff</a>", "not UTF-8"),
        ("<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16"), "not UTF-8"),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><a/>", "another encoding"),
        (b"<a>\x00</a>", "not XML"),
        (b"", "no element found"),
        (b"{}", "not XML"),
        (b"<a>" * (MAX_DEPTH + 1), "levels deep"),
        (b"<a>" + b"<b/>" * (MAX_KEYS + 1) + b"</a>", "children"),
        (b"<a>" + b"x" * (MAX_TEXT + 1) + b"</a>", "longer than"),
        (b"<a p='" + b"x" * (MAX_TEXT + 1) + b"'/>", "longer than"),
    ],
)
def test_what_is_refused(document: bytes, why: str) -> None:
    """By a rule, named without its content."""
    with pytest.raises(Garbled, match=why):
        read_xml(document)


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\t\n\r&<>\"'"), max_size=20)
_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,5}", fullmatch=True)
_VALUES = st.recursive(
    _TEXT,
    lambda inner: st.builds(
        lambda attributes, children: {**{f"@{key}": value for key, value in attributes.items()}, **children},
        st.dictionaries(_NAMES, _TEXT, max_size=3),
        st.dictionaries(_NAMES, inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@given(_NAMES, _VALUES)
def test_what_is_written_is_read_back(name: str, value: Any) -> None:
    """Every text, in elements and in attributes, blanks and line ends included."""
    assert read_xml(write_xml({name: value})) == {name: value}


@pytest.mark.parametrize("text", ["\x00", "\x0b", "\ufffe"])
def test_what_xml_cannot_hold_is_not_written(text: str) -> None:
    """No escape helps; said before anything leaves."""
    for value in (text, {"@p": text}, {"b": text}):
        with pytest.raises(ValueError, match="cannot hold"):
            write_xml({"a": value})


@pytest.mark.parametrize("body", [{}, {"a": "", "b": ""}, {"a b": ""}, {"a": {"@p q": ""}}, {"a": {"b": None}}])
def test_what_is_no_document_is_a_bug(body: Any) -> None:
    """The proofs refuse tables that would write it."""
    with pytest.raises(TypeError):
        write_xml(body)


def test_a_sample_of_xml_writes_and_reads_names() -> None:
    """In elements and attributes; an optional one that has no value goes, and what stands there is escaped."""
    sample = MarkupSample('<r code="$code">\n <b currency="$currency?">$balance?</b><t>$$5</t></r>')
    assert [slot.name for slot in sample.slots] == ["code", "currency", "balance"]
    assert sample.write({"code": "<&>"}) == b'<r code="&lt;&amp;&gt;"><b></b><t>$5</t></r>'
    written = sample.write({"code": "ok", "currency": "EUR", "balance": "5.00"})
    assert written == b'<r code="ok"><b currency="EUR">5.00</b><t>$5</t></r>'
    assert sample.read(read_xml(written)) == {"code": "ok", "currency": "EUR", "balance": "5.00"}
    for broken in ("<r>", "<r>$Name</r>", "<!DOCTYPE r><r/>"):
        with pytest.raises(SampleFault):
            MarkupSample(broken)

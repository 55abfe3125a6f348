"""References to secrets: resolved to bytes, told apart by reference only."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.edge.secrets import Reference, SecretRefused, resolve


@pytest.mark.parametrize(
    ("content", "secret"),
    [(b"abc", b"abc"), (b"abc\n", b"abc"), (b"abc\r\n", b"abc"), (b"abc\n\n", b"abc\n"), (b" a\xff ", b" a\xff ")],
)
def test_a_file_loses_one_newline_at_its_end(tmp_path: Path, content: bytes, secret: bytes) -> None:
    """Editors add one; everything else is the secret."""
    (tmp_path / "key").write_bytes(content)
    assert resolve(Reference(file=Path("key")), tmp_path) == secret
    assert resolve(Reference(file=tmp_path / "key")) == secret


def test_a_variable_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of the environment, newline and all."""
    monkeypatch.setenv("A_SECRET", "abc\n\udcff")
    assert resolve(Reference(env="A_SECRET")) == b"abc\n\xff"


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n"])
def test_an_empty_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty key signs anything."""
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(SecretRefused, match=r'\{ file = "key" \}: empty'):
        resolve(Reference(file=Path("key")), tmp_path)


def test_a_byte_order_mark_is_refused(tmp_path: Path) -> None:
    """An editor's, of which nobody knows: every callback would be forged."""
    (tmp_path / "key").write_text("canary", "utf-8-sig")
    with pytest.raises(SecretRefused, match="byte order mark") as told:
        resolve(Reference(file=Path("key")), tmp_path)
    assert "canary" not in str(told.value)


def test_errors_name_the_reference_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, unreadable, too large: the place and the reason, never the content."""
    monkeypatch.delenv("NO_SUCH", raising=False)
    with pytest.raises(SecretRefused, match=r'\{ env = "NO_SUCH" \}: no such variable'):
        resolve(Reference(env="NO_SUCH"))
    with pytest.raises(SecretRefused, match="No such file"):
        resolve(Reference(file=Path("none")), tmp_path)
    with pytest.raises(SecretRefused, match="no file has such a name"):
        resolve(Reference(file=Path("no\0ne")), tmp_path)
    with pytest.raises(SecretRefused, match="Is a directory"):
        resolve(Reference(file=tmp_path))
    (tmp_path / "big").write_bytes(b"canary" * 20_000)
    with pytest.raises(SecretRefused) as told:
        resolve(Reference(file=Path("big")), tmp_path)
    assert "canary" not in str(told.value)
    assert told.value.__cause__ is None


@pytest.mark.parametrize("given", [{}, {"file": "a", "env": "B"}, {"value": "canary"}])
def test_a_reference_names_exactly_one_place(given: dict[str, str]) -> None:
    """Neither none nor both, and never the secret itself."""
    with pytest.raises(ValidationError) as told:
        Reference.model_validate(given)
    assert "canary" not in str(told.value)

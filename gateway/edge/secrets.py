"""References to secrets, resolved to bytes. An error names the reference, never a byte of the content."""

import os
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, field_validator, model_validator

_LIMIT = 64 * 1024


class SecretRefused(Exception):
    """A reference leads to nothing usable; the text names the reference and the reason."""


def in_utc(moment: float) -> str:
    """A moment in unix seconds as TOML writes it, in UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


class Reference(BaseModel):
    """Where a secret stands: `{ file = "/run/secrets/x" }` or `{ env = "X" }`.

    From *not_after* on it verifies nothing and signs nothing, as in `{ env = "X", not_after = 2027-01-01T00:00:00Z }`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    file: Path | None = None
    env: str | None = None
    not_after: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (self.env is None):
            raise ValueError("a reference names one place: { file = ... } or { env = ... }")
        return self

    @field_validator("not_after")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        try:
            return None if moment is None else moment.astimezone(UTC)
        except OverflowError:
            raise ValueError("not_after is no moment in UTC; what never ends has none") from None

    def __str__(self) -> str:
        place = f'env = "{self.env}"' if self.env is not None else f'file = "{self.file}"'
        return f"{{ {place} }}" if self.not_after is None else f"{{ {place}, not_after = {self.ends_at} }}"

    @property
    def ends_at(self) -> str:
        """Its `not_after` as TOML writes it, in UTC; empty where it has none."""
        return "" if self.not_after is None else in_utc(self.ends)

    @property
    def ends(self) -> float:
        """Its `not_after` in unix seconds; infinite where it has none."""
        return inf if self.not_after is None else self.not_after.timestamp()


@dataclass(frozen=True)
class Held:
    """A secret that was read, and where it came from. Shows no byte of it, whoever prints it."""

    reference: Reference
    value: bytes = field(repr=False)


#: The secrets of one party, by their names, in the order of the settings.
Secrets = Mapping[str, Sequence[Held]]


def live(secrets: Secrets, now: float) -> dict[str, list[bytes]]:
    """What verifies and signs at *now*, in unix seconds; a name of which nothing is left has an empty list."""
    return {name: [each.value for each in held if each.reference.ends > now] for name, held in secrets.items()}


def ended(secrets: Secrets, now: float) -> list[str]:
    """The names of which nothing is left."""
    return [name for name, left in live(secrets, now).items() if not left]


def first_live(references: Iterable[Reference], now: float) -> Reference | None:
    """The first one that has not ended."""
    return next((each for each in references if each.ends > now), None)


def resolve(reference: Reference, folder: Path = Path()) -> bytes:
    """The secret's bytes; a file loses one newline at its end, a relative file is looked up in *folder*.

    Raises SecretRefused when it cannot be read, is empty, begins with a byte order mark, or is larger than 64 KiB.
    """
    if reference.env is not None:
        value = os.environb.get(os.fsencode(reference.env))
        if value is None:
            raise SecretRefused(f"{reference}: no such variable in the environment")
    else:
        file_name = reference.file or Path()
        try:
            with (folder / file_name).open("rb") as file:
                value = file.read(_LIMIT + 1)
        except OSError as fault:
            raise SecretRefused(f"{reference}: {fault.strerror}") from None
        except ValueError:
            raise SecretRefused(f"{reference}: no file has such a name") from None
        value = value.removesuffix(b"\r\n") if value.endswith(b"\r\n") else value.removesuffix(b"\n")
    if len(value) > _LIMIT:
        raise SecretRefused(f"{reference}: larger than 64 KiB")
    if not value.strip():
        raise SecretRefused(f"{reference}: empty")
    if value.startswith(BOM_UTF8):
        raise SecretRefused(f"{reference}: it begins with a byte order mark, which is no part of a secret")
    return value

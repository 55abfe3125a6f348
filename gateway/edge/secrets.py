"""References to secrets, resolved to bytes. An error names the reference, never a byte of the content."""

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

_LIMIT = 64 * 1024


class SecretRefused(Exception):
    """A reference leads to nothing usable; the text names the reference and the reason."""


class Reference(BaseModel):
    """Where a secret stands: `{ file = "/run/secrets/x" }` or `{ env = "X" }`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    file: Path | None = None
    env: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (self.env is None):
            raise ValueError("a reference names one place: { file = ... } or { env = ... }")
        return self

    def __str__(self) -> str:
        return f'{{ env = "{self.env}" }}' if self.env is not None else f'{{ file = "{self.file}" }}'


def resolve(reference: Reference, folder: Path = Path()) -> bytes:
    """The secret's bytes; a file loses one newline at its end, a relative file is looked up in *folder*.

    Raises SecretRefused when it cannot be read, is empty, or is larger than 64 KiB.
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
        value = value.removesuffix(b"\r\n") if value.endswith(b"\r\n") else value.removesuffix(b"\n")
    if len(value) > _LIMIT:
        raise SecretRefused(f"{reference}: larger than 64 KiB")
    if not value.strip():
        raise SecretRefused(f"{reference}: empty")
    return value

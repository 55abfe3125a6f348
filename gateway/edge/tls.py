"""TLS contexts of the files and keys that the settings name. A refusal names the place, and never a byte of a key."""

import hashlib
import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509

from gateway.edge.secrets import Reference, SecretRefused, resolve
from gateway.edge.surface import ClientTls, ServerTls


class TlsRefused(Exception):
    """A certificate or a key that cannot be used; *setting* is its name in the settings' table."""

    def __init__(self, setting: str, why: str) -> None:
        super().__init__(why)
        self.setting = setting


@dataclass(frozen=True)
class Tls:
    """A context, equal to every other one that was made of the same certificates and keys.

    *ends*: from when on, in unix seconds, nobody believes what the settings name: `certificate`, `authorities`.
    """

    context: ssl.SSLContext = field(compare=False, repr=False)
    made_of: bytes = field(repr=False)
    ends: Mapping[str, float] = field(default_factory=dict, compare=False)


def read(part: Any, folder: Path, make: Callable[[Any, Path], ssl.SSLContext]) -> Tls:
    """What *make*, `serving` or `asking`, makes of *part* now. Raises TlsRefused."""
    made_of = hashlib.sha256()
    # Before the context: what is written in between is then seen as a change by the next reading.
    for path in files(part, folder):
        with suppress(OSError):
            made_of.update(hashlib.sha256(path.read_bytes()).digest())
    if part.key is not None and part.key.env is not None:
        with suppress(SecretRefused):
            made_of.update(hashlib.sha256(resolve(part.key, folder)).digest())
    return Tls(make(part, folder), made_of.digest(), _ends(part, folder))


def files(part: ServerTls | ClientTls, folder: Path) -> list[Path]:
    """Every file that is read for it."""
    key = [] if part.key is None or part.key.file is None else [part.key.file]
    return [folder / each for each in (*certificates(part).values(), *key)]


def certificates(part: ServerTls | ClientTls) -> dict[str, Path]:
    """The files of certificates that it names, by setting."""
    named = {"authorities": getattr(part, "authorities", None), "certificate": part.certificate}
    return {setting: file for setting, file in named.items() if file is not None}


def _ends(part: ServerTls | ClientTls, folder: Path) -> dict[str, float]:
    """By setting: a chain ends with the first of it, authorities with the last of them. Raises TlsRefused."""
    found = {}
    for setting, file in certificates(part).items():
        try:
            listed = x509.load_pem_x509_certificates((folder / file).read_bytes())
        except (OSError, ValueError):
            raise TlsRefused(setting, f"{folder / file}: not to be read as certificates in PEM") from None
        ends = [each.not_valid_after_utc.timestamp() for each in listed]
        found[setting] = max(ends) if setting == "authorities" else min(ends)
    return found


def exchange(listening: ssl.SSLContext, fresh: ssl.SSLContext) -> None:
    """Who begins a handshake at *listening* from now on is shown the certificate of *fresh*; who is in stays in."""

    def shown(asked: ssl.SSLObject, name: str, context: ssl.SSLContext) -> None:
        asked.context = fresh

    listening.sni_callback = shown  # it is called for those as well who name no server


def serving(part: ServerTls, folder: Path) -> ssl.SSLContext:
    """For a listener: TLS 1.2 or later, HTTP/1.1 only. Raises TlsRefused."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    _own(context, folder / part.certificate, part.key, folder)
    return context


def asking(part: ClientTls | None, folder: Path) -> ssl.SSLContext:
    """For a hop: the other end is always verified, by the system's authorities or those named. Raises TlsRefused."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if part is not None and part.authorities is not None:
        context = _believing(folder / part.authorities)
    if part is not None and part.certificate is not None and part.key is not None:
        _own(context, folder / part.certificate, part.key, folder)
    return context


def _believing(authorities: Path) -> ssl.SSLContext:
    """These authorities and no others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(authorities)
    except ssl.SSLError:
        raise TlsRefused("authorities", f"{authorities}: no certificates in PEM") from None
    except OSError as fault:
        raise TlsRefused("authorities", f"{authorities}: {fault.strerror}") from None
    return context


def _own(context: ssl.SSLContext, certificate: Path, key: Reference, folder: Path) -> None:
    """Load the pair. OpenSSL reads keys from files only: one from the environment passes through memory alone."""
    try:
        certificate.open("rb").close()
    except OSError as fault:
        raise TlsRefused("certificate", f"{certificate}: {fault.strerror}") from None
    try:
        secret = resolve(key, folder)
    except SecretRefused as refused:
        raise TlsRefused("key", str(refused)) from None
    try:
        with _readable(key, secret, folder) as path:
            # A key under a passphrase is refused, where OpenSSL would ask the terminal for it.
            context.load_cert_chain(certificate, path, password=lambda: b"")
    except ssl.SSLError:
        raise TlsRefused("key", f"{key}: not the private key of {certificate}, or one of them is no PEM") from None


@contextmanager
def _readable(key: Reference, secret: bytes, folder: Path) -> Iterator[Path]:
    """*key* as a file: its own, or one that is in memory only."""
    if key.file is not None:
        yield folder / key.file
        return
    if not hasattr(os, "memfd_create"):
        raise TlsRefused("key", f"{key}: a key from the environment needs Linux; refer to a file")
    descriptor = os.memfd_create("key", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, secret + b"\n")
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)

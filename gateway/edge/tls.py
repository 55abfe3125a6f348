"""TLS contexts of the files and keys that the settings name. A refusal names the place, and never a byte of a key."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.edge.secrets import Reference, SecretRefused, resolve
from gateway.edge.surface import ClientTls, ServerTls


class TlsRefused(Exception):
    """A certificate or a key that cannot be used; *setting* is its name in the settings' table."""

    def __init__(self, setting: str, why: str) -> None:
        super().__init__(why)
        self.setting = setting


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

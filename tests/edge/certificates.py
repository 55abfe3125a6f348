"""Real certificates, made on the spot: an authority, and what it signs."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: What the key of an authority may be used for.
_SIGNS = x509.KeyUsage(
    key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


class Authority:
    """Writes `NAME.pem` and `NAME.key` into *folder* for whom it signs, and itself as `ca.pem`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._key, self._name = folder, ec.generate_private_key(ec.SECP256R1()), _name("authority")
        basic = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = _built(self._name, self._name, self._key.public_key(), self._key, basic, _SIGNS)
        (folder / "ca.pem").write_bytes(_pem(self._certificate))

    def signs(self, name: str, days: float = 1) -> tuple[Path, Path]:
        """A certificate for 127.0.0.1 and localhost that ends in so many *days*, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")])
        certificate = _built(_name(name), self._name, key.public_key(), self._key, plain=here, days=days)
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(_pem(certificate))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _built(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *critical: x509.ExtensionType,
    plain: x509.ExtensionType | None = None,
    days: float = 1,
) -> x509.Certificate:
    """As RFC 5280 wants it, which Python 3.13 and later insist on: who signed it with which key, and what for."""
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=days))
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(issued_by, critical=False)
    for extension in critical:
        builder = builder.add_extension(extension, critical=True)
    if plain is not None:
        builder = builder.add_extension(plain, critical=False)
    return builder.sign(signer, hashes.SHA256())

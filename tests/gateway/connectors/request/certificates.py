"""A CA of a test: device certificates good and bad, a server's, a revocation list."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass
class Authority:
    """ca.pem, revoked.pem and one NAME.pem with its key in NAME.key for each certificate made."""

    folder: Path
    name: str = "test CA"
    serials: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True,
            content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            self._builder(self._name, self._key.public_key(), _now() - DAY, _now() + 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca.write_bytes(certificate.public_bytes(Encoding.PEM))
        self.revoke()

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def revoked(self) -> Path:
        return self.folder / "revoked.pem"

    def device(
        self, name: str, *, expired: bool = False, early: bool = False, more: str = ""
    ) -> tuple[Path, Path]:
        """A caller's certificate and key. more: an organisation in its subject."""
        begins = _now() + DAY if early else _now() - 2 * DAY
        ends = _now() - DAY if expired else _now() + 2 * DAY
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if more:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, more))
        return self._make(
            name, x509.Name(attributes), ExtendedKeyUsageOID.CLIENT_AUTH, begins, ends
        )

    def server(self, name: str = "localhost") -> tuple[Path, Path]:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        times = _now() - DAY, _now() + DAY
        return self._make(f"server-{name}", subject, ExtendedKeyUsageOID.SERVER_AUTH, *times, name)

    def revoke(self, *names: str, stale: bool = False) -> None:
        """Write the list anew with these in it."""
        last = _now() - 3 * DAY
        ends = _now() - DAY if stale else _now() + DAY
        builder = x509.CertificateRevocationListBuilder()
        builder = builder.issuer_name(self._name).last_update(last).next_update(ends)
        for name in names:
            one = x509.RevokedCertificateBuilder().serial_number(self.serials[name])
            builder = builder.add_revoked_certificate(one.revocation_date(last).build())
        signed = builder.sign(self._key, hashes.SHA256())
        self.revoked.write_bytes(signed.public_bytes(Encoding.PEM))

    def client_context(self, device: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """What a caller uses: it trusts this CA."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if device is not None:
            context.load_cert_chain(*device)
        return context

    def _make(
        self,
        file: str,
        subject: x509.Name,
        use: x509.ObjectIdentifier,
        begins: datetime.datetime,
        ends: datetime.datetime,
        host: str = "",
    ) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(subject, key.public_key(), begins, ends).add_extension(
            x509.ExtendedKeyUsage([use]), critical=False
        )
        if host:
            names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        self.serials[file] = certificate.serial_number
        paths = self.folder / f"{file}.pem", self.folder / f"{file}.key"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return paths

    def _builder(
        self,
        subject: x509.Name,
        public: ec.EllipticCurvePublicKey,
        begins: datetime.datetime,
        ends: datetime.datetime,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
        )

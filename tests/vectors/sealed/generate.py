"""Writes the vectors of this folder: `python tests/vectors/sealed/generate.py`. Always the same bytes.

A second implementation of docs/SEALING.md, written from that page with primitives only (HPKE by hand
from RFC 9180) and without gateway.identity or gateway.sending. Keys come from words: they guard nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CLEARANCE = x509.ObjectIdentifier("1.3.6.1.4.1.32473.7.1")
OUTER, INNER = "ferrygate://vectors/outer", "ferrygate://vectors/inner"
SEGMENT = 1 << 20


def secret(word: str) -> bytes:
    return hashlib.sha256(b"ferrygate vectors " + word.encode()).digest()


def authority_key(word: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(secret(word), "big"), ec.SECP384R1())


def serial(word: str) -> int:
    return int.from_bytes(secret("serial " + word)[:16], "big") >> 1


# Certificates


def usage(*bits: str) -> x509.KeyUsage:
    names = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    return x509.KeyUsage(**{name: name in bits for name in names})


def subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def authority(name: str, issuer: str, path_length: int | None) -> x509.Certificate:
    key = authority_key(name)
    return (
        x509.CertificateBuilder()
        .subject_name(subject(name))
        .issuer_name(subject(issuer))
        .public_key(key.public_key())
        .serial_number(serial(name))
        .not_valid_before(NOW - 400 * DAY)
        .not_valid_after(NOW + 4000 * DAY)
        .add_extension(x509.BasicConstraints(True, path_length), critical=True)
        .add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(authority_key(issuer), SHA384(), ecdsa_deterministic=True)
    )


@dataclass
class Signer:
    """A sending guard of the vectors: its word, what its certificate says, and who signed it."""

    word: str
    uri: str = OUTER
    purpose: x509.ObjectIdentifier = CLEARANCE
    begins: datetime = NOW - DAY
    ends: datetime = NOW + 89 * DAY
    issuer: str = "issuing"

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(secret(self.word))

    @property
    def certificate(self) -> x509.Certificate:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(self.uri)])
        return (
            x509.CertificateBuilder()
            .subject_name(subject(self.word))
            .issuer_name(subject(self.issuer))
            .public_key(self.key.public_key())
            .serial_number(serial(self.word))
            .not_valid_before(self.begins)
            .not_valid_after(self.ends)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([self.purpose]), critical=True)
            .add_extension(names, critical=False)
            .sign(authority_key(self.issuer), SHA384(), ecdsa_deterministic=True)
        )

    @property
    def identifier(self) -> bytes:
        return hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).digest()


GOOD = Signer("outer")
SIGNERS = {
    signer.word: signer
    for signer in (
        GOOD,
        Signer("foreign", issuer="foreign issuing"),
        Signer("client", purpose=ExtendedKeyUsageOID.CLIENT_AUTH),
        Signer("wrong-name", uri=INNER),
        Signer("revoked"),
        Signer("early", begins=NOW + DAY),
        Signer("ended", ends=NOW - timedelta(hours=9)),
    )
}
UNKNOWN = Signer("unknown")


def revocations() -> x509.CertificateRevocationList:
    revoked = x509.RevokedCertificateBuilder().serial_number(serial("revoked"))
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(subject("issuing"))
        .last_update(NOW - DAY)
        .next_update(NOW + 30 * DAY)
        .add_revoked_certificate(revoked.revocation_date(NOW - DAY).build())
        .sign(authority_key("issuing"), SHA384(), ecdsa_deterministic=True)
    )


# Epochs


def epoch_key(word: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(secret("epoch " + word))


def epoch_id(word: str) -> bytes:
    return hashlib.sha256(epoch_key(word).public_key().public_bytes_raw()).digest()[:8]


EPOCHS = {"retired": NOW - 30 * DAY, "today": NOW, "later": NOW + 30 * DAY}


def bundle() -> bytes:
    def stamp(moment: datetime) -> str:
        return moment.strftime("%Y-%m-%dT00:00:00Z")

    lines = ["ferrygate epoch bundle 1", f"receiver: {INNER}", "suite: 1"]
    lines += [f"issued: {stamp(NOW - 60 * DAY)}", f"signer: {secret('inner certificate').hex()}"]
    for word, day in EPOCHS.items():
        public = b64encode(epoch_key(word).public_key().public_bytes_raw()).decode()
        lines.append(f"{stamp(day)} {stamp(day + DAY)} {public}")
    text = ("\n".join(lines) + "\n").encode()
    key = Ed25519PrivateKey.from_private_bytes(secret("inner"))
    signature = key.sign(b"ferrygate epoch bundle 1\0" + text)
    return text + b"signature: " + b64encode(signature) + b"\n"


# HPKE base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180)


def extract(salt: bytes, label: bytes, value: bytes, suite: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + value, "sha256")


def expand(key: bytes, label: bytes, info: bytes, length: int, suite: bytes) -> bytes:
    full = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    assert length <= 32
    return hmac.digest(key, full + b"\x01", "sha256")[:length]


def hpke_seal(plain: bytes, receiver: X25519PublicKey, info: bytes, ephemeral: bytes) -> bytes:
    key = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = key.public_key().public_bytes_raw()
    kem = b"KEM" + (0x20).to_bytes(2, "big")
    prk = extract(b"", b"eae_prk", key.exchange(receiver), kem)
    shared = expand(prk, b"shared_secret", enc + receiver.public_bytes_raw(), 32, kem)
    suite = b"HPKE" + struct.pack(">HHH", 0x20, 0x01, 0x02)
    ids, infos = extract(b"", b"psk_id_hash", b"", suite), extract(b"", b"info_hash", info, suite)
    schedule = b"\0" + ids + infos
    prk = extract(shared, b"secret", b"", suite)
    aead = AESGCM(expand(prk, b"key", schedule, 32, suite))
    return enc + aead.encrypt(expand(prk, b"base_nonce", schedule, 12, suite), plain, b"")


# The sealed unit


@dataclass
class Unit:
    """What goes into one vector; a field that is not set is as it should be."""

    body: bytes = b"hello, inner network"
    number: int = 7
    signer: Signer = None  # type: ignore[assignment]
    epoch: str = "today"
    encapsulated_to: str = ""
    lane: int = 1
    manifest_number: int | None = None
    manifest: bytes | None = None
    body_sha256: bytes | None = None

    def __post_init__(self) -> None:
        self.signer = self.signer or GOOD


def manifest_of(unit: Unit) -> bytes:
    at_ns = int(NOW.timestamp()) * 10**9
    digest = unit.body_sha256 or hashlib.sha256(unit.body).digest()
    number = unit.number if unit.manifest_number is None else unit.manifest_number
    file = [b"report.txt", len(unit.body), at_ns]
    fields = [1, number, "lab-reports", "files", "import", at_ns, at_ns, "ab" * 32, file, digest]
    return msgspec.msgpack.encode(fields)


def nonce(counter: int, role: int) -> bytes:
    return bytes(7) + struct.pack(">IB", counter, role)


def seal(unit: Unit, word: str) -> bytes:
    manifest = manifest_of(unit) if unit.manifest is None else unit.manifest
    pieces = [unit.body[at : at + SEGMENT] for at in range(0, len(unit.body), SEGMENT)] or [b""]
    head_bytes = 96 + 80 + len(manifest) + 16 + 64
    header = b"FGSU" + struct.pack(
        ">BBBBQQQHHHH8s32s16s",
        *(1, 1, unit.lane, 0, unit.number, head_bytes + len(unit.body) + 16 * len(pieces)),
        *(len(unit.body), 80, len(manifest) + 16, 64, 0),
        *(epoch_id(unit.epoch), unit.signer.identifier, secret("salt " + word)[:16]),
    )
    info = b"ferrygate encapsulation 1\0" + bytes((1, unit.lane))
    info += epoch_id(unit.epoch) + unit.signer.identifier
    receiver = epoch_key(unit.encapsulated_to or unit.epoch).public_key()
    run = secret("run " + word)
    encapsulation = hpke_seal(run, receiver, info, secret("ephemeral " + word))
    key = hmac.digest(run, b"ferrygate unit key 1\0" + header + b"\x01", "sha256")
    aead = AESGCM(key)
    head = header + encapsulation + aead.encrypt(nonce(0, 2), manifest, header)
    head += unit.signer.key.sign(b"ferrygate clearance 1\0" + head)
    last = len(pieces) - 1
    return head + b"".join(
        aead.encrypt(nonce(place, 1 if place == last else 0), piece, header)
        for place, piece in enumerate(pieces)
    )


def flipped(sealed: bytes, at: int) -> bytes:
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


def resigned(sealed: bytes, manifest_bytes: int, at: int) -> bytes:
    """A flipped bit of the sealed manifest under a clearance that holds: a guard gone wrong."""
    end = 96 + 80 + manifest_bytes + 16
    head = flipped(sealed, at)[:end]
    return head + GOOD.key.sign(b"ferrygate clearance 1\0" + head) + sealed[end + 64 :]


def vectors() -> dict[str, tuple[str, str, bytes]]:
    """By name: what is expected, why, and the bytes."""
    plain = Unit()
    good = seal(plain, "good")
    manifest_bytes = len(manifest_of(plain))
    made = {
        "opens-short": ("opens", "a short body", good),
        "opens-empty": ("opens", "an empty body is one empty segment", seal(Unit(b""), "empty")),
        "opens-4k": ("opens", "4 KiB", seal(Unit(secret("body") * 128), "4k")),
        "magic": ("4301", "another magic", flipped(good, 0)),
        "reserved": ("4301", "a byte that must be zero is not", flipped(good, 7)),
        "number-too-large": ("4301", "no number of a unit", flipped(good, 10)),
        "cut-in-header": ("4301", "only 95 bytes", good[:95]),
        "version": ("4302", "format version 0", flipped(good, 4)),
        "suite": ("4302", "suite 0", flipped(good, 5)),
        "total-size": ("4303", "total size off by one", flipped(good, 23)),
        "body-size": ("4303", "body size off by one", flipped(good, 31)),
        "cut-tail": ("4303", "the last byte is missing", good[:-1]),
        "longer": ("4303", "a byte too many", good + b"\0"),
        "lane": ("4304", "sealed for the export lane", seal(Unit(lane=2), "lane")),
        "number": ("4305", "another unit than expected", seal(Unit(number=8), "number")),
        "signer-unknown": ("4110", "nobody known", seal(Unit(signer=UNKNOWN), "unknown")),
        "clearance": ("4306", "a bit of the clearance", flipped(good, 192 + manifest_bytes)),
        "number-changed": ("4306", "salt changed after clearing", flipped(good, 95)),
        "epoch-unknown": ("4201", "an epoch of another host", seal(Unit(epoch="other"), "e1")),
        "epoch-retired": ("4202", "an epoch erased weeks ago", seal(Unit(epoch="retired"), "e2")),
        "epoch-later": ("4203", "an epoch of next month", seal(Unit(epoch="later"), "e3")),
        "other-receiver": (
            "4307",
            "encapsulated to another host's key under our epoch's name",
            seal(Unit(encapsulated_to="other"), "e4"),
        ),
        "manifest-changed": (
            "4308",
            "cleared, but no ciphertext",
            resigned(good, manifest_bytes, 180),
        ),
        "manifest-none": (
            "4309",
            "a manifest that is none",
            seal(Unit(manifest=b"\xc0" * 40), "m1"),
        ),
        "manifest-number": ("4310", "another number inside", seal(Unit(manifest_number=8), "m2")),
        "body-changed": ("4311", "a bit of the body", flipped(good, len(good) - 20)),
        "digest": ("4312", "the digest of another body", seal(Unit(body_sha256=bytes(32)), "d")),
    }
    verdicts = {"foreign": "4111", "client": "4112", "wrong-name": "4113", "revoked": "4114"}
    verdicts |= {"early": "4115", "ended": "4105"}
    for word, number in verdicts.items():
        sealed = seal(Unit(signer=SIGNERS[word]), word)
        made[f"signer-{word}"] = (number, f"signed by {word}", sealed)
    return made


def files() -> dict[str, bytes]:
    """Every file of this folder by its path, but this one."""
    pem = Encoding.PEM
    out = {
        "trust/root.crt": authority("root", "root", None).public_bytes(pem),
        "trust/issuing.crt": authority("issuing", "root", 0).public_bytes(pem),
        "trust/issuing.crl": revocations().public_bytes(pem),
        "epochs/vectors.bundle": bundle(),
    }
    for word, signer in SIGNERS.items():
        out[f"trust/peers/{word}.crt"] = signer.certificate.public_bytes(pem)
    for name, (expect, why, sealed) in vectors().items():
        text = f"expect: {expect}\nwhy: {why}\nnumber: 7\nat: {NOW:%Y-%m-%dT%H:%M:%SZ}\n\n"
        hexed = sealed.hex()
        lines = [hexed[at : at + 96] for at in range(0, len(hexed), 96)]
        out[f"{name}.txt"] = (text + "\n".join(lines) + "\n").encode()
    return out


def key_files() -> dict[str, bytes]:
    """The receiver's private epoch keys by file name; not kept here, a test writes them 0600."""
    return {
        f"{epoch_id(word).hex()}.key": epoch_key(word).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        for word in EPOCHS
    }


def main() -> None:
    for name, content in files().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()

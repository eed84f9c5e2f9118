"""The international suite: HPKE, AES-256-GCM, Ed25519, HKDF-SHA256. The one place that names them.

secret         32 random bytes, sent by HPKE base mode to the epoch key (RFC 9180, 5.1.1 and 6.1;
               DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM); 32 + 32 + 16 = 80 bytes
key of a unit  HKDF-Expand(secret, "ferrygate unit key 1\\0" | header, 32)   (RFC 5869, 2.3)
nonce          seven zero bytes | counter (32 bit) | role (8 bit): the STREAM construction
               (Hoang, Reyhanitabar, Rogaway, Vizar 2015); the key is one unit's alone
signature      Ed25519 (RFC 8032)
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import Certificate

from gateway.identity.layout import TAG_BYTES, UNIT_KEY_CONTEXT
from gateway.identity.suite import EpochPrivate, Octets, Signer, UnitCipher, Verifier

_SECRET_BYTES: Final = 32
_NONCE_PREFIX: Final = bytes(7)
_HPKE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class _Ed25519Verifier:
    key: Ed25519PublicKey

    @property
    def pem(self) -> bytes:
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, untrusted_signature: Octets, message: bytes) -> bool:
        try:
            self.key.verify(untrusted_signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class _Ed25519Signer:
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        return _Ed25519Verifier(self.key.public_key())

    @property
    def pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


@dataclass(frozen=True, slots=True)
class _X25519Epoch:
    key: X25519PrivateKey

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class _GcmCipher:
    __slots__ = ("_aead", "_header")

    def __init__(self, key: bytes, header: bytes) -> None:
        self._aead = AESGCM(key)
        self._header = header

    def seal(self, counter: int, role: int, plain: Octets) -> bytes:
        return self._aead.encrypt(_nonce(counter, role), plain, self._header)

    def seal_into(self, counter: int, role: int, plain: Octets, out: memoryview) -> None:
        self._aead.encrypt_into(_nonce(counter, role), plain, self._header, out)

    def open(self, counter: int, role: int, untrusted: Octets) -> bytes | None:
        try:
            return self._aead.decrypt(_nonce(counter, role), untrusted, self._header)
        except InvalidTag:
            return None

    def open_into(self, counter: int, role: int, untrusted: Octets, out: memoryview) -> bool:
        try:
            self._aead.decrypt_into(_nonce(counter, role), untrusted, self._header, out)
        except InvalidTag:
            return False
        return True


class International:
    """Suite 1. Holds no state: one object serves all."""

    number: Final = 1
    signature_bytes: Final = 64
    encapsulation_bytes: Final = 32 + _SECRET_BYTES + TAG_BYTES

    def new_signer(self) -> Signer:
        return _Ed25519Signer(Ed25519PrivateKey.generate())

    def load_signer(self, pem: bytes) -> Signer:
        key = _private(pem)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")
        return _Ed25519Signer(key)

    def load_verifier(self, pem: bytes) -> Verifier:
        try:
            key = load_pem_public_key(pem)
        except UnsupportedAlgorithm as error:
            raise ValueError("unknown algorithm") from error
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 key")
        return _Ed25519Verifier(key)

    def verifier_of(self, certificate: Certificate) -> Verifier | None:
        try:
            key = certificate.public_key()
        except (ValueError, UnsupportedAlgorithm):
            return None
        return _Ed25519Verifier(key) if isinstance(key, Ed25519PublicKey) else None

    def new_epoch(self) -> EpochPrivate:
        return _X25519Epoch(X25519PrivateKey.generate())

    def load_epoch(self, pem: bytes) -> EpochPrivate:
        key = _private(pem)
        if not isinstance(key, X25519PrivateKey):
            raise ValueError("not an X25519 key")
        return _X25519Epoch(key)

    def encapsulate(self, untrusted_public: bytes, info: bytes) -> tuple[bytes, bytes]:
        secret = os.urandom(_SECRET_BYTES)
        public = X25519PublicKey.from_public_bytes(untrusted_public)
        return secret, _HPKE.encrypt(secret, public, info)

    def decapsulate(self, key: EpochPrivate, untrusted: bytes, info: bytes) -> bytes | None:
        if not isinstance(key, _X25519Epoch):
            raise RuntimeError("an epoch key of another suite")
        try:
            secret = _HPKE.decrypt(untrusted, key.key, info)
        except (InvalidTag, ValueError):
            return None
        return secret if len(secret) == _SECRET_BYTES else None

    def unit_cipher(self, secret: bytes, header: bytes) -> UnitCipher:
        # One block of HKDF-Expand: the secret is uniform already, so nothing is left to extract.
        key = hmac.digest(secret, UNIT_KEY_CONTEXT + header + b"\x01", "sha256")
        return _GcmCipher(key, header)


def _nonce(counter: int, role: int) -> bytes:
    return _NONCE_PREFIX + (counter << 8 | role).to_bytes(5, "big")


def _private(pem: bytes) -> object:
    try:
        return load_pem_private_key(pem, password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("under a pass-phrase, or of an unknown algorithm") from error

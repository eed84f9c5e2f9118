"""What sealing needs of cryptography, as Protocols: the only words for it that others may use.

A suite is a number in the sealed header and an object with these methods. `international` is the
one at hand; a suite of SM2, SM3 and SM4 is another module with the same class and its own number.
Answers about untrusted bytes are None or False, never an exception of a library.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

from cryptography.x509 import Certificate

Octets: TypeAlias = bytes | bytearray | memoryview


class Verifier(Protocol):
    """A public key for signatures."""

    @property
    def pem(self) -> bytes:
        """SubjectPublicKeyInfo in PEM (RFC 7468), as a file may hold it."""
        ...

    def verify(self, untrusted_signature: Octets, message: bytes) -> bool:
        """Whether the signature over the message holds. Raises nothing."""
        ...


class Signer(Protocol):
    """A private key for signatures."""

    @property
    def verifier(self) -> Verifier: ...

    @property
    def pem(self) -> bytes:
        """PKCS #8 in PEM, without a pass-phrase: the file's rights are its protection."""
        ...

    def sign(self, message: bytes) -> bytes: ...


class EpochPrivate(Protocol):
    """The receiver's half of an epoch key."""

    @property
    def public(self) -> bytes:
        """The sender's half, as the bundle carries it."""
        ...

    @property
    def pem(self) -> bytes: ...


class UnitCipher(Protocol):
    """Authenticated encryption under the key of one unit; its header is bound to every call.

    counter: 0 to 2**32 - 1. role: a ROLE of the layout. The pair is the nonce: never one twice.
    """

    def seal(self, counter: int, role: int, plain: Octets) -> bytes:
        """Ciphertext and tag: len(plain) + TAG_BYTES."""
        ...

    def seal_into(self, counter: int, role: int, plain: Octets, out: memoryview) -> None:
        """The same into a buffer of exactly that length."""
        ...

    def open(self, counter: int, role: int, untrusted: Octets) -> bytes | None:
        """The plain bytes, None where the tag does not hold."""
        ...

    def open_into(self, counter: int, role: int, untrusted: Octets, out: memoryview) -> bool:
        """The same into a buffer of exactly the plain length; False where the tag does not hold."""
        ...


class Suite(Protocol):
    """One set of algorithms. Loading from bytes raises ValueError and nothing else."""

    @property
    def number(self) -> int: ...

    @property
    def signature_bytes(self) -> int: ...

    @property
    def encapsulation_bytes(self) -> int: ...

    def new_signer(self) -> Signer: ...

    def load_signer(self, pem: bytes) -> Signer: ...

    def load_verifier(self, pem: bytes) -> Verifier: ...

    def verifier_of(self, certificate: Certificate) -> Verifier | None:
        """The key that a certificate is about, None where it is of another suite."""
        ...

    def new_epoch(self) -> EpochPrivate: ...

    def load_epoch(self, pem: bytes) -> EpochPrivate: ...

    def encapsulate(self, untrusted_public: bytes, info: bytes) -> tuple[bytes, bytes]:
        """A fresh secret of 32 bytes and its encapsulation for the holder of the epoch key.

        Raises ValueError where the public bytes are no key.
        """
        ...

    def decapsulate(self, key: EpochPrivate, untrusted: bytes, info: bytes) -> bytes | None:
        """The secret of an encapsulation, None where it was not made for this key and info."""
        ...

    def unit_cipher(self, secret: bytes, header: bytes) -> UnitCipher:
        """The cipher of one unit: its key hangs on the secret and on every byte of the header."""
        ...

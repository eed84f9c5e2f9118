"""Signatures by keys that are no certificate's: callers of requests whose public key an operator has written
down. RFC 8032, 5.1."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class RawKeys:
    """Verification of Ed25519. Holds nothing."""

    def holds(self, public_key: bytes, signature: bytes, message: bytes) -> bool:
        """public_key: 32 bytes. signature: 64 bytes. No exception, whatever the bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

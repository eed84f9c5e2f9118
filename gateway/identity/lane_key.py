"""The lane key: authenticates blocks between the two ferries. It can open no unit.

AES-256-GCM with empty plaintext (GMAC, NIST SP 800-38D) over the block, which is not copied. Each
session has its own key by HKDF-SHA256 (RFC 5869) and each block its own number as nonce; a session
number is claimed durably once, so no nonce is ever used twice under one key.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import Misconfigured

KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
# Forged sessions each derive a key: the few that matter stay, the rest cost a derivation again.
_SESSIONS_KEPT: Final = 8


class LaneKey:
    """tag and verify over blocks. key: 32 bytes, the same on both ferries. Raises Misconfigured 5104."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise Misconfigured(5104, got=len(key), expected=KEY_BYTES)
        self._key = key
        self._sessions: dict[int, AESGCM] = {}

    def tag(self, session: int, block: int, data: memoryview) -> bytes:
        """The 16 bytes that bind data to session and block."""
        return self._of(session).encrypt(block.to_bytes(12, "big"), b"", data)

    def verify(self, session: int, block: int, data: memoryview, untrusted_tag: bytes) -> bool:
        """Whether a holder of the key made this tag for this session, block and data."""
        if len(untrusted_tag) != TAG_BYTES:
            return False
        try:
            self._of(session).decrypt(block.to_bytes(12, "big"), untrusted_tag, data)
        except InvalidTag:
            return False
        return True

    def _of(self, session: int) -> AESGCM:
        cipher = self._sessions.get(session)
        if cipher is None:
            info = b"ferrygate lane session " + session.to_bytes(8, "big")
            derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(
                self._key
            )
            cipher = AESGCM(derived)
            if len(self._sessions) >= _SESSIONS_KEPT:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[session] = cipher
        return cipher

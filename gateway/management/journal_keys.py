"""The keys of the audit checkpoints: signed by the guard, verified anywhere with public keys only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.identity.keys import load_signer, load_verifier, sign

# Before what is signed: a checkpoint's signature serves no other purpose.
CONTEXT: Final = b"ferrygate checkpoint 1\0"


def checkpoint_signer(guard_keys: Path) -> Callable[[bytes], bytes]:
    """Signs checkpoint texts with journal.key. Raises Misconfigured 4001, 4002, 4003."""
    signer = load_signer(guard_keys / "journal.key")
    return lambda text: sign(signer, CONTEXT, text)


def key_id(gate: str, side: str, public_key: Path) -> str:
    """The name under which checkpoints are signed: who, and which of his keys."""
    fingerprint = hashlib.sha256(load_verifier(public_key).pem).hexdigest()[:8]
    return f"{gate}-{side}-{fingerprint}"

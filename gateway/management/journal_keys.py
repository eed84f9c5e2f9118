"""The keys of the audit checkpoints: signed by the guard, verified anywhere with public keys only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from gateway.identity.keys import load_signer, load_verifier, sign, verify

# Before what is signed: a checkpoint's signature serves no other purpose.
CONTEXT: Final = b"ferrygate checkpoint 1\0"


def checkpoint_signer(guard_keys: Path) -> Callable[[bytes], bytes]:
    """Signs checkpoint texts with journal.key. Raises Misconfigured 4001, 4002, 4003."""
    signer = load_signer(guard_keys / "journal.key")
    return lambda text: sign(signer, CONTEXT, text)


def checkpoint_verifier(keys: Mapping[str, Path]) -> Callable[[str, bytes, bytes], bool]:
    """Whether a key of that name made a signature over a text; an unknown name made none.

    keys: public key files by key name (`GATE-SIDE`). Raises Misconfigured 4001, 4003.
    """
    verifiers = {name: load_verifier(path) for name, path in keys.items()}

    def holds(key_id: str, text: bytes, untrusted_signature: bytes) -> bool:
        verifier = verifiers.get(key_id)
        return verifier is not None and verify(verifier, CONTEXT, untrusted_signature, text)

    return holds

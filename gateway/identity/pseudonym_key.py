"""The site's key of pseudonyms: made once, on the inner host, read by its guard alone.

    keys/guard/pseudonym.key     32 bytes

It has no end and is never renewed: another key would make another person of each. Whoever restores a host
restores it too; whoever destroys it makes every pseudonym final.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gateway.errors import Unavailable
from gateway.identity.keys import write_new

FILE: Final = "pseudonym.key"
KEY_BYTES: Final = 32


def make_pseudonym_key(guard_keys: Path) -> Path:
    """A new key in the guard's folder. Raises Misconfigured 4006 where one stands, OSError."""
    path = guard_keys / FILE
    write_new(path, os.urandom(KEY_BYTES))
    return path


def load_pseudonym_key(guard_keys: Path) -> bytes:
    """Raises Unavailable 3834: units that need it wait until it is there."""
    path = guard_keys / FILE
    try:
        key = path.read_bytes()
    except OSError as error:
        raise Unavailable(3834, path=str(path), reason=error.strerror or "unreadable") from error
    if len(key) != KEY_BYTES:
        raise Unavailable(3834, path=str(path), reason=f"{len(key)} bytes, not {KEY_BYTES}")
    return key

"""SHA-256 of a stream, in a thread beside the one that encrypts: both release the interpreter lock.

Hashing is the slowest part of sealing (1.9 GB/s against 16 GB/s of AES-256-GCM on the machine of
docs/SEALING.md); beside it, reading, encrypting and writing are free.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from gateway.identity.suite import Octets


class StreamDigest:
    """A digest that works on one piece while the caller prepares the next. For use in `with`.

    When take() returns, the piece of the take() before is done with and its buffer is free.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._pool = ThreadPoolExecutor(1, "digest")
        self._working: Future[None] | None = None

    def take(self, piece: Octets) -> None:
        """Digest the next piece. Its buffer must stay as it is until the next call returns."""
        self._settle()
        self._working = self._pool.submit(self._hash.update, piece)

    def finish(self) -> bytes:
        """The 32 bytes over all pieces."""
        self._settle()
        return self._hash.digest()

    def _settle(self) -> None:
        if self._working is not None:
            self._working.result()
            self._working = None

    def __enter__(self) -> StreamDigest:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True)

"""One unit written anew: its parts come out of a closed-off child, the guard writes the new file.

    body --(child: reading)--> parts --> writer of the type, persons masked --> memory, or a file

What is written counts only when the child is done and the writer says that the file is whole. Who judges it
again stands in guard.rewriting.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.errors import GatewayError, Refused
from gateway.inspection.changing.handing_out import PROGRAM, HandOut, InSandbox
from gateway.inspection.changing.masker import Masker
from gateway.inspection.changing.output import Changed, Nowhere, Output
from gateway.inspection.changing.parts import Receiver
from gateway.inspection.changing.writing import WRITTEN, Job, Writer
from gateway.inspection.content import Content
from gateway.inspection.unsound import Unsound, Word
from gateway.policy.masking import Masking
from gateway.unit.stages import Body

# Escapes and quotes make a file longer, nothing makes it much longer.
_LONGER: Final = 8
_LEAST_LIMIT_BYTES: Final = 1 << 20
# A table is masked record by record besides; a DICOM object whole.
_TWICE: Final = frozenset(["json", "fhir json", "xml", "fhir xml", "cda", "hl7 v2", "csv"])
__all__ = ["PROGRAM", "Changer", "HandOut", "InSandbox"]
# Of the whole work on one file in one pass, the guard's own included.
_LONGEST_S: Final = 60.0
_SLOWEST_BYTES_A_S: Final = 128 << 10


class Changer:
    """Writes units anew. Safe to call from several threads for different units.

    key: gives the site's key of pseudonyms; raises Unavailable 3834 where there is none.
    """

    def __init__(self, hand_out: HandOut, key: Callable[[], bytes]) -> None:
        self._hand_out = hand_out
        self._key = key

    def __call__(
        self,
        kind: str,
        channel: str,
        body: Body,
        masking: Masking | None,
        target: Path,
        name: str = "",
    ) -> Changed:
        """kind: the type of the body. target: a path of no file, for what is too long for memory. name: of
        the unit, which may name nobody where persons are masked.

        Raises Refused with the number of what is wrong, Unavailable 3834, 3835 and 398x.
        """
        key = self._key() if masking is not None else b""
        masker = None if masking is None else Masker(masking, _derived(key, b"values"))
        output = Output(target, _LONGER * body.size_bytes + _LEAST_LIMIT_BYTES)
        try:
            with Content.of_body(body) as source:
                limit_bytes = output.limit_bytes
                if masker is not None and kind in _TWICE:
                    # Once for the values that rules mask, then with these sought in every text.
                    nowhere = Nowhere(limit_bytes)
                    first = Job(kind, source, nowhere.write, masker, b"")
                    self._written(first, channel, body, nowhere.begin)
                    masker.seek(must=kind != "csv")
                job = Job(kind, source, output.write, masker, _derived(key, b"dicom"))
                self._written(job, channel, body, output.begin)
            if masker is not None and masker.names_somebody(name):
                raise Unsound(3839, Word.NAME)
            return output.changed({} if masker is None else dict(masker.masked))
        except Unsound as error:
            output.discard()
            raise Refused(error.fault.number, **{"where": "", **error.fault.fields}) from error
        except BaseException:
            output.discard()
            raise

    def _written(
        self, job: Job, channel: str, body: Body, begin_output: Callable[[], None]
    ) -> None:
        how = WRITTEN[job.kind]
        writer: Writer | None = None
        receiver: Receiver[object] | None = None

        def begin() -> None:
            nonlocal writer, receiver
            begin_output()
            if job.masker is not None:
                job.masker.begin()
            writer = how.writer(job, how.word)
            receiver = Receiver(how.parts, writer.feed, how.word, how.message_bytes)

        ends_s = time.monotonic() + _LONGEST_S + body.size_bytes / _SLOWEST_BYTES_A_S

        def take(untrusted: bytes) -> None:
            assert receiver is not None
            if time.monotonic() > ends_s:
                raise Unsound(3860, how.word, limit_s=round(ends_s - begun_s))
            with _not_the_guards_end(how.word):
                receiver.take(untrusted)

        begun_s = time.monotonic()
        self._hand_out(job.kind, channel, body, take, begin)
        assert writer is not None and receiver is not None
        with _not_the_guards_end(how.word):
            receiver.end()
            writer.end()


@contextmanager
def _not_the_guards_end(word: Word) -> Iterator[None]:
    """What a writer stumbles over came from a child: it is the end of the unit. Raises Unsound 3828."""
    try:
        yield
    except (GatewayError, Unsound, OSError, MemoryError):
        raise
    except Exception as error:
        raise Unsound(3828, word, type=type(error).__name__) from error


def _derived(key: bytes, purpose: bytes) -> bytes:
    """A key of its own for each use."""
    return hashlib.sha256(b"ferrygate pseudonyms\0" + purpose + b"\0" + key).digest()

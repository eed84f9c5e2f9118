r"""What a sandbox's child hands out of a file so that the guard can write it anew: typed, bounded parts.

    JSON, FHIR JSON    Open Key Leaf Number Close      HL7     Codec, then Fields a segment
    XML, CDA, FHIR XML xml_events                      CSV     Shape, then Cells a record
    DICOM              Bytes of a DicomObject          image   FrameHead, Bytes of its pixels

On the way parts go together in messages: a mark (1: it goes on, 0: it ends here) and bytes of a msgpack
list of parts. Whoever reads them believes nothing: lengths are checked before anything is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec

from gateway.inspection.unsound import Unsound, Word

# One message's parts: as many at most, so that what they become stays small.
MAX_PARTS: Final = 512
_MESSAGE_BYTES: Final = 128 << 10
_PIECE_BYTES: Final = 512 << 10
# The longest single part is a base64 file in a JSON string.
MAX_MESSAGE_BYTES: Final = 40 << 20
# Of formats whose parts are all short: what is in one message is in memory many times as large.
SHORT_MESSAGE_BYTES: Final = 1 << 20
_MAX_FIELDS: Final = 512
_MAX_CELLS: Final = 1_000


class Open(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """An object or an array begins."""

    is_array: bool


class Key(msgspec.Struct, frozen=True, array_like=True, tag=2):
    name: str


class Leaf(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """A value but a number with a fraction."""

    value: str | bool | int | None


class Number(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """The digits of a number with a fraction or an exponent, or one beyond 64 bits."""

    text: str


class Close(msgspec.Struct, frozen=True, array_like=True, tag=5):
    pass


JsonPart = Open | Key | Leaf | Number | Close


class Codec(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first part of a message: the codec that it came in."""

    name: str


class Fields(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """One segment: its name, then its fields as written, without field separators."""

    fields: Annotated[list[str], msgspec.Meta(min_length=1, max_length=_MAX_FIELDS)]


Hl7Part = Codec | Fields


class Shape(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first part of a table."""

    delimiter: str
    codec: str


class Cells(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """One record."""

    cells: Annotated[list[str], msgspec.Meta(min_length=1, max_length=_MAX_CELLS)]


CsvPart = Shape | Cells


class FrameHead(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A frame begins; its pixels follow as Bytes. As image_rebuild.Frame."""

    kind: str
    mode: str
    width: int
    height: int
    shown_ms: int


class Bytes(msgspec.Struct, frozen=True, array_like=True, tag=2):
    data: bytes


BytesPart = FrameHead | Bytes

P = TypeVar("P")
_encoder: Final = msgspec.msgpack.Encoder()


class Sender:
    """The child's end: gathers parts and says them. say: takes a message."""

    def __init__(self, say: Callable[[bytes], object]) -> None:
        self._say = say

    def send(self, parts: Iterable[Any]) -> None:
        """All of them, in order."""
        waiting: list[bytes] = []
        size = 0
        for part in parts:
            encoded = _encoder.encode(part)
            waiting.append(encoded)
            size += len(encoded)
            if size >= _MESSAGE_BYTES or len(waiting) >= MAX_PARTS:
                self._tell(waiting)
                waiting, size = [], 0
        if waiting:
            self._tell(waiting)

    def _tell(self, encoded: list[bytes]) -> None:
        # The head of a msgpack array of up to 65,535 elements.
        message = b"\xdc" + len(encoded).to_bytes(2, "big") + b"".join(encoded)
        for at in range(0, len(message), _PIECE_BYTES):
            goes_on = at + _PIECE_BYTES < len(message)
            self._say(bytes([goes_on]) + message[at : at + _PIECE_BYTES])


class Receiver(Generic[P]):
    """The guard's end: messages in, parts out. kinds: the union of the parts of one format."""

    def __init__(
        self,
        kinds: Any,
        feed: Callable[[P], None],
        word: Word,
        most_bytes: int = MAX_MESSAGE_BYTES,
    ) -> None:
        parts = Annotated[list[kinds], msgspec.Meta(max_length=MAX_PARTS)]
        self._decoder = msgspec.msgpack.Decoder(parts)
        self._feed, self._word, self._most_bytes = feed, word, most_bytes
        self._held = bytearray()

    def take(self, untrusted: bytes) -> None:
        """One message. Raises Unsound 3828 for what is none, and what feeding raises."""
        self._held += untrusted[1:]
        if len(self._held) > self._most_bytes or untrusted[:1] not in (b"\0", b"\1"):
            raise self._no_part()
        if untrusted[:1] == b"\1":
            return
        try:
            parts = self._decoder.decode(self._held)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._no_part() from error
        self._held = bytearray()
        for part in parts:
            self._feed(part)

    def end(self) -> None:
        """Nothing is half said. Raises Unsound 3828."""
        if self._held:
            raise self._no_part()

    def _no_part(self) -> Unsound:
        return Unsound(3828, self._word, type=self._word.value)

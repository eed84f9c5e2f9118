"""Places that are taken out of a JSON answer: `response.subject.display: removed`.

    body --(child: reading)--> Open Key Leaf ... --what no place is--> bytes, written anew in the guard

Of FHIR the places are those of a resource: in a Bundle each resource of an entry loses them, and with a key
goes what belongs to it (`_display`, HL7 FHIR R4 2.6.2.3). An object or array that only held what is removed
goes as well (2.6.2: none is empty). The guard reads nothing: the parts come out of a closed-off child, and
whatever they are, no place stands in what is written.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, assert_never

from gateway.errors import Refused
from gateway.inspection.changing.handing_out import HandOut
from gateway.inspection.changing.json_levels import JsonLevels, Level
from gateway.inspection.changing.parts import Close, JsonPart, Key, Leaf, Number, Open, Receiver
from gateway.inspection.unsound import Unsound, Word
from gateway.policy.request_channel import Removal
from gateway.unit.stages import Body

# Escapes make a text longer; six characters for one at most, and nothing is added.
_LONGER: Final = 6
_LEAST_LIMIT_BYTES: Final = 4_096
# Of one answer; the child has a bound of its own for its work.
_LONGEST_S: Final = 30.0
_Places = frozenset[tuple[str, ...]]


class Remover:
    """Takes places out of answers. Safe to call from several threads."""

    def __init__(self, hand_out: HandOut) -> None:
        self._hand_out = hand_out

    def __call__(self, channel: str, body: Body, removals: Iterable[Removal]) -> bytes:
        """The content without these places, one way to write each value.

        body: JSON that both readers of inspection took. Raises Refused 2364 (it is none, or too deep) and
        398x, Unavailable 398x, and nothing else.
        """
        places = frozenset(removal.place for removal in removals)
        limit_bytes = _LONGER * body.size_bytes + _LEAST_LIMIT_BYTES
        writer = PlacesWriter(places, limit_bytes)
        receiver: Receiver[JsonPart] = Receiver(JsonPart, writer.feed, Word.JSON)
        ends_s = time.monotonic() + _LONGEST_S

        def begin() -> None:
            nonlocal writer, receiver
            writer = PlacesWriter(places, limit_bytes)
            receiver = Receiver(JsonPart, writer.feed, Word.JSON)

        def take(untrusted: bytes) -> None:
            if time.monotonic() > ends_s:
                raise Unsound(3860, Word.JSON, limit_s=_LONGEST_S)
            receiver.take(untrusted)

        try:
            self._hand_out("json", channel, body, take, begin)
            receiver.end()
            return writer.whole()
        except Unsound as error:
            raise Refused(2364, what=f"FG-{error.fault.number}") from error


class _Is(Enum):
    """What a value is to FHIR: a Bundle's entries, one of them, a resource, or anything else."""

    RESOURCE = 1
    ENTRIES = 2
    ENTRY = 3
    OTHER = 4


@dataclass(slots=True, kw_only=True)
class _Level(Level):
    """places: what goes, seen from here. begun: it has had a key."""

    what: _Is
    places: _Places
    begun: bool = False
    is_bundle: bool = False


class PlacesWriter:
    """One document. Raises Unsound 3828 for parts out of order, 3831 for too many."""

    def __init__(self, places: _Places, limit_bytes: int) -> None:
        self._places, self._limit_bytes = places, limit_bytes
        self._levels: JsonLevels[_Level] = JsonLevels(self._put, Word.JSON)
        # How deep what is skipped is open.
        self._skipped = 0
        self._out: list[bytes] = []
        self._size_bytes = 0

    def feed(self, part: JsonPart) -> None:
        """The next part."""
        if self._skipped:
            self._skipped += isinstance(part, Open) - isinstance(part, Close)
            return
        match part:
            case Open(is_array):
                self._open(is_array)
            case Key(name):
                self._key(name)
            case Leaf(value):
                self._leaf(value, self._levels.encoded(value))
            case Number(text):
                self._leaf(None, self._levels.checked_number(text).encode())
            case Close():
                self._levels.close()
            case _:
                assert_never(part)

    def whole(self) -> bytes:
        """All that was written. Raises Unsound 3828 where the document is not at its end."""
        if self._skipped or not self._levels.is_whole:
            raise self._levels.wrong()
        return b"".join(self._out)

    def _open(self, is_array: bool) -> None:
        goes, what, places = self._begins()
        if goes:
            self._levels.drop()
            self._skipped = 1
            return
        self._levels.check_depth()
        if what is _Is.ENTRIES and not is_array:
            what = _Is.OTHER
        self._levels.begin(_Level(is_array, what=what, places=places))

    def _key(self, name: str) -> None:
        level = self._levels.innermost()
        if level is not None:
            # Behind other keys it would say too late that these were a Bundle's.
            if name == "resourceType" and level.begun:
                raise self._levels.wrong()
            level.begun = True
        self._levels.key(name)

    def _leaf(self, value: object, written: bytes) -> None:
        goes, _, _ = self._begins()
        level = self._levels.innermost()
        if level is not None and level.key == "resourceType":
            level.is_bundle = value == "Bundle"
        if goes:
            self._levels.drop()
        else:
            self._levels.value(written)

    def _begins(self) -> tuple[bool, _Is, _Places]:
        """Whether the value that begins now goes; else what it is, and the places within it."""
        level = self._levels.around()
        if level is None:
            return False, _Is.RESOURCE, self._places
        key = level.key
        if key is None:
            entries = level.what is _Is.ENTRIES
            return False, _Is.ENTRY if entries else _Is.OTHER, level.places
        beside = (key[1:],) if key.startswith("_") else (key,)
        if (key,) in level.places or beside in level.places:
            return True, _Is.OTHER, frozenset()
        places = frozenset(place[1:] for place in level.places if place[0] == key)
        if level.what is _Is.ENTRY and key == "resource":
            return False, _Is.RESOURCE, places | self._places
        is_entries = level.what is _Is.RESOURCE and level.is_bundle and key == "entry"
        return False, _Is.ENTRIES if is_entries else _Is.OTHER, places

    def _put(self, data: bytes) -> None:
        self._size_bytes += len(data)
        if self._size_bytes > self._limit_bytes:
            raise Unsound(3831, Word.JSON, limit_bytes=self._limit_bytes)
        self._out.append(data)

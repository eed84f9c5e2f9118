"""The typed parts of sessions as they are decoded: what each field may be. For gateway.unit.decode."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.unit.number import MAX_NUMBER
from gateway.unit.request import MAX_OPERATION_BYTES
from gateway.unit.session import (
    MAX_EVENT_CHARACTERS,
    MAX_EVENT_ID_CHARACTERS,
    MAX_MESSAGE_BYTES,
    MAX_SEQUENCE,
    AliveBody,
    EndBody,
    Ending,
    MessageBody,
    OpenedBody,
)

_WORD: Final = r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z"
_Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
_Operation = Annotated[str, Meta(pattern=_WORD, max_length=MAX_OPERATION_BYTES)]
_Sequence = Annotated[int, Meta(ge=1, le=MAX_SEQUENCE)]
_Event = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]*\Z", max_length=MAX_EVENT_CHARACTERS)]
_EventId = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]*\Z", max_length=MAX_EVENT_ID_CHARACTERS)]


class Opened(msgspec.Struct, array_like=True, tag=6, forbid_unknown_fields=True):
    session: _Number
    operation: _Operation

    def value(self) -> OpenedBody:
        return OpenedBody(self.session, self.operation)


class Message(msgspec.Struct, array_like=True, tag=7, forbid_unknown_fields=True):
    session: _Number
    operation: _Operation
    sequence: _Sequence
    is_text: bool
    event: _Event
    event_id: _EventId
    size_bytes: Annotated[int, Meta(ge=1, le=MAX_MESSAGE_BYTES)]

    def value(self) -> MessageBody:
        return MessageBody(
            self.session,
            self.operation,
            self.sequence,
            self.is_text,
            self.event,
            self.event_id,
            self.size_bytes,
        )


class Alive(msgspec.Struct, array_like=True, tag=8, forbid_unknown_fields=True):
    session: _Number
    operation: _Operation
    sequence: _Sequence

    def value(self) -> AliveBody:
        return AliveBody(self.session, self.operation, self.sequence)


class End(msgspec.Struct, array_like=True, tag=9, forbid_unknown_fields=True):
    session: _Number
    operation: _Operation
    sequence: _Sequence
    ending: Ending

    def value(self) -> EndBody:
        return EndBody(self.session, self.operation, self.sequence, self.ending)

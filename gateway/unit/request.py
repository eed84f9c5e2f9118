"""The typed parts of requests and their answers: what crosses instead of a protocol.

    RequestBody   operation, parameters by name, listed query and header fields, type of the content
    ResponseBody  which request it answers, status, listed header fields, type of the content
    FailureBody   which request has no answer, and the number of the reason: a text never crosses
    BatchBody     several of these under one seal; content: each with its own manifest

The first two are followed by content (bytes, maybe none). Nothing else of HTTP crosses: no address, no host,
no method, no path as it was written, no header that the operation does not list. The far side builds a
new request from these values and from its own settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# What crosses as one request or answer is held in memory by every process on its way, so it is small.
MAX_CONTENT_BYTES: Final = 4 << 20
# What is larger crosses as a file through the queues; above this it is a transfer of files, not a call.
MAX_LARGE_BYTES: Final = 4 << 30
# So many go under one seal: a signature and its two checks are most of the price of a small one.
MAX_BATCH_UNITS: Final = 32
MAX_BATCH_BYTES: Final = 64 << 10
# More fields than this in one list have no operation: nobody writes a policy for them.
MAX_FIELDS: Final = 64
MAX_FIELD_NAME_BYTES: Final = 64
MAX_FIELD_BYTES: Final = 4_096
# An operation's name is a word of a policy file.
MAX_OPERATION_BYTES: Final = 64
# Longer waiting is a file transfer, not a request.
MAX_ANSWER_WITHIN_MS: Final = 600_000

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RequestBody:
    """One call of an operation.

    operation: its name in the channel. path: values of the path template's parameters, by name, decoded.
    query, headers: listed fields in the order of the policy file, names of headers in small letters.
    content_type: media type without parameters, "" where there is no content. answer_within_ms: what is
    left of the caller's time when the unit is made. Everything in it is untrusted until a guard judges.
    """

    operation: str
    path: Fields
    query: Fields
    headers: Fields
    content_type: str
    size_bytes: int
    answer_within_ms: int


@dataclass(frozen=True, slots=True)
class ResponseBody:
    """The answer to a request. request: number of the unit that asked. status: 200 to 599."""

    request: int
    operation: str
    status: int
    headers: Fields
    content_type: str
    size_bytes: int


class Consequence(StrEnum):
    """What is known of a request that has no answer.

    REFUSED, UNAVAILABLE: it was not performed, for good or for now. UNCERTAIN: it may have been.
    ANSWER_REFUSED: it was performed, and its answer did not pass.
    """

    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    UNCERTAIN = "uncertain"
    ANSWER_REFUSED = "answer refused"


@dataclass(frozen=True, slots=True)
class FailureBody:
    """Why a request has no answer. request: number of the unit that asked. number: of the reason."""

    request: int
    operation: str
    number: int
    consequence: Consequence

    @property
    def size_bytes(self) -> int:
        """It has no content."""
        return 0


@dataclass(frozen=True, slots=True)
class BatchBody:
    """Some requests, answers and failures of one channel and lane, judged one by one and sealed as one.

    units: 2 to MAX_BATCH_UNITS. size_bytes: of the content, which holds each with its manifest. Made by a
    sending guard, taken apart by the receiving one; no edge and no policy sees it.
    """

    units: int
    size_bytes: int

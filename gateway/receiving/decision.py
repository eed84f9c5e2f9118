"""A person's decision about a held unit, as a file: written by `ferrygate held`, read once by the guard.

    approvals/.<name>.new --rename--> approvals/<name>.json --read by the guard--> removed

    {"schema":"ferrygate.decision/1","unit":7,"decision":"release","reason":"...","sha256":"...",
     "policy":"...","at_ns":1795236943000000000}

Who decided is the owner of the file, as the kernel tells it, and never what stands in it. A file that
somebody else than its owner could have written or put there under a second name is nobody's decision:
it must be an ordinary file of one name that only its owner may write.
"""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import msgspec

from gateway.errors import Misconfigured, Refused
from gateway.unit.number import MAX_NUMBER

SCHEMA: Final = "ferrygate.decision/1"
SUFFIX: Final = ".json"
MAX_REASON_CHARACTERS: Final = 400
# A reason of four bytes a character, each as an escape of twelve, and the rest.
MAX_DECISION_BYTES: Final = 8192
# The guard is another user than whoever decides, and belongs to no group of people.
_FILE_MODE: Final = 0o644
_OTHERS_WRITE: Final = 0o022

_DIGEST: Final = r"^(?:[0-9a-f]{64})?$"


class Word(StrEnum):
    """What a person decides."""

    RELEASE = "release"
    REFUSE = "refuse"


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """sha256: of the plain body as the person was shown it. policy: digest of the set that judged it."""

    schema: Annotated[str, msgspec.Meta(pattern=r"^ferrygate\.decision/1$")]
    unit: Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]
    decision: Word
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REASON_CHARACTERS)]
    sha256: Annotated[str, msgspec.Meta(pattern=_DIGEST)]
    policy: Annotated[str, msgspec.Meta(max_length=64)]
    at_ns: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


@dataclass(frozen=True, slots=True)
class Given:
    """A decision with who gave it. name: of its file."""

    decision: Decision
    uid: int
    name: str


_decoder = msgspec.json.Decoder(Decision)


def decode_decision(untrusted: bytes) -> Decision:
    """The decision of a file. Does no I/O. Raises Refused 1075 and nothing else."""
    if len(untrusted) > MAX_DECISION_BYTES:
        raise Refused(1075, reason="too long")
    try:
        decision = _decoder.decode(untrusted)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused(1075, reason=str(error)[:80]) from error
    if not decision.reason.strip():
        raise Refused(1075, reason="no reason")
    return decision


def read_decision(path: Path) -> Given:
    """Read a file of the folder and who owns it, both from one open descriptor.

    Raises Refused 1075 (no decision of this form), 1082 (not surely its owner's), FileNotFoundError and
    OSError of the file system.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:  # a link, a socket, a file that its owner closed to us
        raise Refused(1075, reason=error.strerror or str(error)) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Refused(1075, reason="no ordinary file")
        if status.st_nlink != 1 or status.st_mode & _OTHERS_WRITE:
            raise Refused(1082, mode=f"{stat.S_IMODE(status.st_mode):04o}", names=status.st_nlink)
        return Given(decode_decision(_content(descriptor)), status.st_uid, path.name)
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    data = b""
    while len(data) <= MAX_DECISION_BYTES:
        piece = os.read(descriptor, MAX_DECISION_BYTES + 1 - len(data))
        if not piece:
            break
        data += piece
    return data


def owner_of(path: Path) -> int | None:
    """Who put a file there that is no decision; None where it is gone."""
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def write_decision(folder: Path, decision: Decision) -> Path:
    """Leave a decision for the guard, which takes it within a second. Writes one file, durable.

    Raises Misconfigured 5482 (the folder cannot be written) and nothing else.
    """
    name = f"{decision.unit:010x}-{secrets.token_hex(8)}"
    draft, final = folder / f".{name}.new", folder / f"{name}{SUFFIX}"
    try:
        # A new file, never through a link: root may decide in a folder where others write.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, _FILE_MODE), "wb") as file:
            os.fchmod(file.fileno(), _FILE_MODE)
            file.write(msgspec.json.encode(decision))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(final)
    except OSError as error:
        raise Misconfigured(5482, folder=str(folder), reason=error.strerror or "") from error
    return final

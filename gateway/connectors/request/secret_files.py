"""Secrets of requests: files of the edge's own user that nobody else may read, a line each.

    keys of callers     portal-01 hmac-sha256 BASE64                    id, algorithm, secret
                        portal-02 ed25519 BASE64 CN=portal-02           public key, and whose it is
    secrets of sinks    fhir-reader bearer TOKEN                        name, form, what it needs
                        lab-basic basic USER PASSWORD
                        pacs header X-Api-Key VALUE

Lines that are empty or begin with # are skipped. Nothing of a file is ever shown or recorded but the number
of a line that is wrong.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from gateway.connectors.request.subject import KEY
from gateway.errors import Misconfigured

# A few hundred callers; more is another file by mistake.
MAX_FILE_BYTES: Final = 256 * 1024
# Shorter than its hash, a secret of HMAC is weaker than it. RFC 2104 section 3.
MIN_SECRET_BYTES: Final = 32
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,4096}")
# What the request itself says; a secret under these names would change it.
_RESERVED: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "content-type", "cookie", "te"}
)


class Algorithm(Enum):
    HMAC_SHA256 = "hmac-sha256"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class Key:
    """What verifies a caller's signatures. secret: of HMAC, or the 32 bytes of a public key.

    caller: whose it is, `key ID` where the file names nobody.
    """

    algorithm: Algorithm
    secret: bytes = field(repr=False)
    caller: str


@dataclass(frozen=True, slots=True)
class Credential:
    """The header by which a sink shows who it is."""

    header: str
    value: str = field(repr=False)


def read_keys(file: Path) -> dict[str, Key]:
    """Keys by id. Does I/O. Raises Misconfigured 6393 and 6394 and nothing else."""
    keys: dict[str, Key] = {}
    for number, line in _lines(file):
        words = line.split(None, 3)
        key = _key(words)
        if key is None or words[0] in keys:
            raise Misconfigured(6394, file=str(file), line=number)
        keys[words[0]] = key
    return keys


def read_credential(file: Path, name: str) -> Credential:
    """The credential of this name. Does I/O. Raises Misconfigured 6393, 6394, 6397 and nothing else."""
    found: Credential | None = None
    for number, line in _lines(file):
        words = line.split()
        credential = _credential(words)
        if credential is None or (found is not None and words[0] == name):
            raise Misconfigured(6394, file=str(file), line=number)
        if words[0] == name:
            found = credential
    if found is None:
        raise Misconfigured(6397, file=str(file), name=name)
    return found


def _key(words: list[str]) -> Key | None:
    if len(words) not in (3, 4) or not _ID.fullmatch(words[0]):
        return None
    try:
        algorithm, secret = Algorithm(words[1]), base64.b64decode(words[2], validate=True)
    except (ValueError, binascii.Error):
        return None
    right = len(secret) == 32 if algorithm is Algorithm.ED25519 else len(secret) >= MIN_SECRET_BYTES
    caller = words[3].strip() if len(words) == 4 else f"{KEY}{words[0]}"
    return Key(algorithm, secret, caller) if right else None


def _credential(words: list[str]) -> Credential | None:
    if not all(_VISIBLE.fullmatch(word) for word in words):
        return None
    match words:
        case [_, "bearer", token]:
            return Credential("Authorization", f"Bearer {token}")
        case [_, "basic", user, password] if ":" not in user:
            pair = base64.b64encode(f"{user}:{password}".encode("ascii")).decode("ascii")
            return Credential("Authorization", f"Basic {pair}")
        case [_, "header", name, value] if _NAME.fullmatch(name) and name.lower() not in _RESERVED:
            return Credential(name, value)
        case _:
            return None


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        # No link: what it leads to has rights of its own.
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
                reason = f"mode {stat.S_IMODE(status.st_mode):04o}"
                raise Misconfigured(6393, file=str(file), reason=reason)
            if status.st_uid not in (0, os.geteuid()):
                raise Misconfigured(6393, file=str(file), reason=f"owner {status.st_uid}")
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Misconfigured(6393, file=str(file), reason=error.strerror or "") from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Misconfigured(6393, file=str(file), reason="not UTF-8") from error
    if len(content) > MAX_FILE_BYTES:
        raise Misconfigured(6393, file=str(file), reason="too long")
    lines = enumerate(text.split("\n"), start=1)
    return [(n, line) for n, line in lines if line.strip() and not line.startswith("#")]

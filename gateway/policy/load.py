"""A folder to a policy set, all or nothing: every error of every file, or the whole set.

    NN-name.yaml    a channel               read, part of the digest
    lists/NAME.txt  entries, one a line     read, part of the digest (.csv: first column, or codes)
    schemas/NAME.json, .xsd                 read, part of the digest
    masking.yaml    rules about persons     read, part of the digest
    yara/           scanner rules           part of the digest; inspection reads them
    samples/, README.md, policy.schema.json, dot files      not part of what decides
    anything else                           not read, and noted

Files are opened without following links, and read once: what is hashed is what is judged by.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.policy.check import check_file
from gateway.policy.document import MAX_BYTES, Document, Entries
from gateway.policy.lists import LIST_FOLDER, MAX_LIST_BYTES, EntryList, read_list
from gateway.policy.located import Located, LocatedErrors
from gateway.policy.masking import MASKING_FILE, Masking
from gateway.policy.masking_words import read_masking
from gateway.policy.model import Channel, PolicySet, SetFile
from gateway.policy.schema_parts import with_parts
from gateway.policy.schemas import MAX_SCHEMA_BYTES, SCHEMA_FOLDER, read_schema
from gateway.policy.values import SchemaText

# First line of the digest's manifest: another way of counting would be another line.
_MANIFEST_HEAD: Final = "ferrygate policy set 1\n"
_CHANNEL_FILE: Final = re.compile(r"[0-9]{2}-[a-z0-9][a-z0-9-]{0,80}\.yaml")
_KNOWN: Final = frozenset(
    {"README.md", "lists", "samples", "schemas", "yara", "policy.schema.json"}
)
_RULES_FOLDER: Final = "yara"
MAX_RULES_BYTES: Final = 64 << 20
# Far above any installation; a folder with more is the wrong folder.
MAX_FILES: Final = 5_000


class PolicyErrors(LocatedErrors):
    """A policy set that cannot be taken. Number 2100; problems: every one, in order of the files."""


def load_set(folder: Path) -> PolicySet:
    """Read and check a whole set. Raises PolicyErrors 2100 and nothing else. Reads files only.

    A folder without a channel is a set that lets nothing pass, and says so in its notes.
    """
    loading = _Loading(folder)
    loading.read()
    if loading.problems:
        files = len({problem.file for problem in loading.problems})
        raise PolicyErrors(2100, loading.problems, errors=len(loading.problems), files=files)
    return PolicySet(
        channels={channel.name: channel for channel, _ in loading.channels},
        digest=digest_of(loading.files),
        files=tuple(sorted(loading.files, key=lambda file: file.path)),
        notes=tuple(loading.notes),
    )


def digest_of(files: list[SetFile]) -> str:
    """SHA-256 (hexadecimal) over the manifest: a head line, then one line a file in order of path."""
    lines = sorted(f"{file.path}\t{file.size_bytes}\t{file.sha256}\n" for file in files)
    return hashlib.sha256((_MANIFEST_HEAD + "".join(lines)).encode()).hexdigest()


class _Loading:
    """One reading of a folder: what was found, and what is wrong with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[SetFile] = []
        self.channels: list[tuple[Channel, Document]] = []
        self.problems: list[Located] = []
        self.notes: list[Located] = []

    def read(self) -> None:
        names = self._names(self.folder, "")
        if names is None:
            return
        lists = self._lists()
        schemas = self._schemas()
        masking = self._masking() if MASKING_FILE in names else None
        for path in self._below(_RULES_FOLDER):
            self._read_file(path, MAX_RULES_BYTES)
        for name in names:
            if _CHANNEL_FILE.fullmatch(name):
                self._channel(name, lists, masking, schemas)
            elif name not in (*_KNOWN, MASKING_FILE) and not name.startswith("."):
                self.notes.append(_whole_file(name, 2184))
        self._check_shared()
        if not self.channels and not self.problems:
            self.notes.append(_whole_file(str(self.folder), 2185))

    def _masking(self) -> Masking | None:
        content = self._read_file(MASKING_FILE, MAX_BYTES)
        if content is None:
            return None
        masking, problems = read_masking(MASKING_FILE, content)
        self.problems += problems
        return masking

    def _channel(
        self,
        name: str,
        lists: dict[str, EntryList],
        masking: Masking | None,
        schemas: dict[str, SchemaText],
    ) -> None:
        content = self._read_file(name, MAX_BYTES)
        if content is None:
            return
        checked = check_file(name, content, lists, masking, schemas)
        self.problems += checked.problems
        if checked.channel is not None and checked.document is not None:
            self.channels.append((checked.channel, checked.document))

    def _lists(self) -> dict[str, EntryList]:
        lists: dict[str, EntryList] = {}
        for path in self._below(LIST_FOLDER):
            content = self._read_file(path, MAX_LIST_BYTES)
            if content is None:
                continue
            name, known, problems = read_list(path, content)
            self.problems += problems
            if name in lists:
                self.problems.append(_whole_file(path, 2182))
            lists[name] = known
        return lists

    def _schemas(self) -> dict[str, SchemaText]:
        schemas: dict[str, SchemaText] = {}
        for path in self._below(SCHEMA_FOLDER):
            content = self._read_file(path, MAX_SCHEMA_BYTES)
            if content is None:
                continue
            schema, problem = read_schema(path, content)
            if problem is not None:
                self.problems.append(problem)
            if schema is not None:
                schemas[path] = schema
        return with_parts(schemas)

    def _names(self, folder: Path, shown: str) -> list[str] | None:
        try:
            names = sorted(entry.name for entry in folder.iterdir())
        except OSError as error:
            self._unreadable(shown or str(folder), error)
            return None
        if len(names) > MAX_FILES:
            self.problems.append(_whole_file(shown or str(folder), 2183, reason="too many files"))
            return None
        return names

    def _below(self, name: str) -> Iterator[str]:
        """Paths of the files of a folder of the set; dot files and deeper folders are not read."""
        folder = self.folder / name
        if not os.path.lexists(folder):
            return
        if folder.is_symlink():
            self.problems.append(_whole_file(name, 2183, reason="a link"))
            return
        for entry in self._names(folder, name) or ():
            path = f"{name}/{entry}"
            if entry.startswith(".") or entry == "README.md":
                continue
            if (folder / entry).is_dir():
                self.notes.append(_whole_file(path, 2184))
                continue
            yield path

    def _read_file(self, path: str, limit: int) -> bytes | None:
        try:
            content = _read(self.folder / path, limit)
        except OSError as error:
            self._unreadable(path, error)
            return None
        if content is None:
            self.problems.append(_whole_file(path, 2183, reason="not a regular file"))
            return None
        if len(content) > limit:
            fields = {"size_bytes": limit + 1, "limit_bytes": limit}
            self.problems.append(Located(path, 0, 1, 1, "", 2104, fields))
            return None
        digest = hashlib.sha256(content).hexdigest()
        self.files.append(SetFile(path, digest, len(content)))
        return content

    def _unreadable(self, path: str, error: OSError) -> None:
        self.problems.append(_whole_file(path, 2183, reason=error.strerror or "unreadable"))

    def _check_shared(self) -> None:
        """Names, and folders of one host, belong to one channel each."""
        names: dict[str, Channel] = {}
        folders: dict[tuple[str, str], Channel] = {}
        for channel, document in self.channels:
            other = names.setdefault(channel.name, channel)
            if other is not channel:
                self._shared(document, ("channel",), 2177, other, channel.name)
            lane = channel.lane
            if channel.requests is not None:
                listens = channel.requests.source
                where = f"{listens.host}:{listens.port}"
                other = folders.setdefault((lane.sender, where), channel)
                if other is not channel:
                    self._shared(document, ("from", "listens"), 2300, other, where)
                continue
            source, sink = channel.source, channel.sink
            claims = [(("from", "folder"), lane.sender, source.folder)]
            claims.append((("to", "folder"), lane.receiver, sink.folder))
            if source.afterwards.move_to:
                moved = f"{source.folder}/{source.afterwards.move_to}"
                claims.append((("from", "afterwards"), lane.sender, moved))
            for path, side, folder in claims:
                other = folders.setdefault((side, folder), channel)
                if other is not channel:
                    self._shared(document, path, 2178, other, folder)

    def _shared(
        self, document: Document, path: tuple[str, ...], number: int, other: Channel, what: str
    ) -> None:
        node = document.top.get(path[0])
        if len(path) > 1 and isinstance(node, Entries):
            node = node.get(path[1])
        fields = {"what": what, "other": other.name, "file": other.file}
        self.problems.append(document.problem(node or document.top, number, 0, 0, (), **fields))


def _read(path: Path, limit: int) -> bytes | None:
    """At most limit + 1 bytes of a regular file; None for anything else (a link is an OSError)."""
    # NONBLOCK: opening a named pipe must not wait for its writer.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return file.read(limit + 1)


def _whole_file(file: str, number: int, **fields: str) -> Located:
    return Located(file, 0, 1, 1, "", number, {"name": file, **fields})

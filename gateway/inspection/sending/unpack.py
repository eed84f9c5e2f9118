"""Which of the sending side's unpackers takes a type apart."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.inspection.content import Content
from gateway.inspection.sending import multipart, streams, tar_reader, zip_reader
from gateway.inspection.unsound import Member, Unsound


def members(word: str, content: Content, outer_name: str, max_count: int) -> Iterator[Member]:
    """The members of a container. max_count: more than these are not wanted (checked early).

    Raises Unsound 32xx (3202 for what cannot be taken apart here) and OSError, nothing else.
    """
    match word:
        case "zip" | "docx" | "xlsx" | "pptx" | "ofd":
            return zip_reader.members(content, max_count)
        case "tar":
            return tar_reader.members(content)
        case "gzip" | "bzip2" | "xz":
            return streams.members(word, content, outer_name)
        case "multipart":
            return multipart.members(content, max_count)
        case _:
            raise Unsound(3202, type=word)

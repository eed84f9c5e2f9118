"""What we write of HTTP by hand: a head, line by line, and its content. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def message(lines: Sequence[str], content: bytes = b"") -> bytes:
    """A request or an answer. lines: of its head, the first one included, without their ends.

    RuntimeError for a line that is more than one: whoever builds it looks before.
    """
    head = "\r\n".join(lines)
    ends = len(lines) - 1
    if head.count("\r") != ends or head.count("\n") != ends or "\0" in head:
        raise RuntimeError("a line end in a header")
    return b"%b\r\n\r\n%b" % (head.encode("ascii"), content)

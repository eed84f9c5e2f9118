"""Whether a value is what its line says. RE2 only: time is linear in the value, whatever a pattern says.

No I/O. A value is measured before it is looked at.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Protocol, cast

import re2  # type: ignore[import-untyped]

from gateway.policy.operations import ValueRule

# RE2 splits it between its program and what it caches of its states.
_MOST_MEMORY_BYTES: Final = 2 << 20
# A pattern of a channel is a few words; thousands of them would still fit into the memory of a guard.
_MOST_KEPT: Final = 4_096


class NotAPattern(Exception):
    """What RE2 says of a text that is none of its expressions."""


class _Expression(Protocol):
    def fullmatch(self, utf8: bytes) -> object | None: ...


@lru_cache(_MOST_KEPT)
def compiled(pattern: str) -> _Expression:
    """An expression in RE2's syntax over UTF-8. Raises NotAPattern and nothing else."""
    options = re2.Options()
    options.max_mem = _MOST_MEMORY_BYTES
    options.log_errors = False
    options.never_capture = True
    try:
        return cast("_Expression", re2.compile(pattern.encode(), options=options))
    except UnicodeEncodeError:
        raise NotAPattern("an unpaired surrogate") from None
    except re2.error as error:
        said = error.args[0] if error.args else ""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise NotAPattern(text) from None


def fits(rule: ValueRule, untrusted_value: str) -> bool:
    """Whether the whole value fits its rule. Raises nothing for any value."""
    if len(untrusted_value) > rule.most_characters:
        return False
    try:
        utf8 = untrusted_value.encode()
    except UnicodeEncodeError:
        return False
    return compiled(rule.pattern).fullmatch(utf8) is not None

"""Regular expressions that never go back: the one home of RE2. Time is linear in the text, whatever it holds.

RE2's set matcher is not used although it looks at many expressions at once: where it runs out of memory
it answers "nothing found", while a single expression goes on with its slower automaton. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol, cast

import re2  # type: ignore[import-untyped]

# RE2 splits it between its program and what it caches of its states; both directions each have one.
_MOST_MEMORY_BYTES: Final = 8 << 20
# Instructions. `\p{Han}{1,100}` has 8,103 of them; a thousand of repeats of a thousand are refused.
MOST_INSTRUCTIONS: Final = 20_000


class Match(Protocol):
    def start(self) -> int: ...
    def end(self) -> int: ...


class Expression(Protocol):
    """Of UTF-8: places are bytes, at borders of characters."""

    @property
    def programsize(self) -> int: ...
    @property
    def reverseprogramsize(self) -> int: ...
    def search(self, utf8: bytes) -> Match | None: ...
    def finditer(self, utf8: bytes) -> Iterator[Match]: ...


class NotAnExpression(Exception):
    """What RE2 says of it. Stays inside this package."""


def compiled(expression: str, *, case_sensitive: bool = True) -> Expression:
    """An expression in RE2's syntax over UTF-8. Raises NotAnExpression and nothing else."""
    options = re2.Options()
    options.max_mem = _MOST_MEMORY_BYTES
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = case_sensitive
    try:
        return cast(Expression, re2.compile(expression.encode(), options=options))
    except UnicodeEncodeError:
        raise NotAnExpression("an unpaired surrogate") from None
    except re2.error as error:
        said = error.args[0] if error.args else ""
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise NotAnExpression(said) from None

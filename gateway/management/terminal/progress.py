"""A progress bar on the error stream: only on a terminal, at most ten times a second, then gone."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, TextIO

from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.width import cut, width

_EVERY_S: Final = 0.1
_BAR_COLUMNS: Final = 24


class Progress:
    """`with Progress(...) as bar: bar.at(done, total)`. Writes nothing where nobody looks."""

    def __init__(
        self, stream: TextIO, terminal: Terminal, label: str, *, wanted: bool = True
    ) -> None:
        self._stream, self._terminal, self._label = stream, terminal, label
        self._shown = wanted and stream.isatty()
        self._next_s = 0.0

    def at(self, done: int, total: int) -> None:
        """Show so much of so much, where it is time to show something again."""
        now_s = time.monotonic()
        if not self._shown or now_s < self._next_s:
            return
        self._next_s = now_s + _EVERY_S
        self._stream.write("\r" + line(self._terminal, self._label, done, total) + "\x1b[K")
        self._stream.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown and self._next_s:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def line(terminal: Terminal, label: str, done: int, total: int) -> str:
    """`verifying [#####-----]  52 %`."""
    share = min(1.0, done / total) if total > 0 else 1.0
    filled = round(share * _BAR_COLUMNS)
    full, empty = ("#", "-") if terminal.ascii else ("█", "░")
    bar = f"[{full * filled}{empty * (_BAR_COLUMNS - filled)}] {share:4.0%}"
    return f"{cut(label, terminal.columns - width(bar) - 2, terminal.ellipsis)} {bar}"

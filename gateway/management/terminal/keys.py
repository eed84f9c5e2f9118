"""Single keys from a terminal without waiting for enter; nothing where the input is no terminal."""

from __future__ import annotations

import select
import time
from types import TracebackType
from typing import Any, TextIO


class Keys:
    """`with Keys(sys.stdin) as keys: keys.wait(1.0)`. The terminal is put back as it was."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._before: list[Any] | None = None

    def __enter__(self) -> Keys:
        if self._stream.isatty():
            import termios
            import tty

            self._before = termios.tcgetattr(self._stream)
            tty.setcbreak(self._stream)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(self._stream, termios.TCSADRAIN, self._before)

    def wait(self, seconds: float) -> str:
        """The key that was pressed within so many seconds, or nothing."""
        if self._before is None:
            time.sleep(seconds)
            return ""
        waiting = select.poll()
        waiting.register(self._stream, select.POLLIN)
        return self._stream.read(1) if waiting.poll(seconds * 1000) else ""

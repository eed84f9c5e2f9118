"""What can go wrong, by what the caller does next.

    Refused          the unit is wrong, for good: set aside, audited, never retried
    Unavailable      the world is not ready: the unit waits as `deferred` and is tried again
    Misconfigured    the installation is wrong: the process does not start, a change is not taken
    StateUncertain   a write may or may not have happened: stop, recovery repairs at start

An error is a number and fields, never a sentence: `gateway.messages` holds the sentences in each
language. Numbers cross the gap and stand in the journal; text never does.
A wrong order of calls is a bug of ours and stays a RuntimeError.
"""

from __future__ import annotations

from typing import Final

Field = str | int | float

# What a value from outside may take of a line: enough to recognise it, too little to carry content.
MAX_FIELD_CHARACTERS: Final = 80


class GatewayError(Exception):
    """An error with a number of the catalogue and the fields that its text needs.

    number: four digits, shown as FG-nnnn; `gateway.messages` knows its texts.
    fields: values by name; text is escaped and cut when it is shown, not here.
    """

    def __init__(self, number: int, **fields: Field) -> None:
        super().__init__(number, fields)
        self.number = number
        self.fields: dict[str, Field] = fields

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"FG-{self.number} {shown}".rstrip()


class Refused(GatewayError):
    """The unit is wrong, for good. Audited with rule and reason; never retried."""


class Unavailable(GatewayError):
    """The world is not ready (scanner gone, disk full). The unit waits; nothing is skipped."""


class Misconfigured(GatewayError):
    """The installation or a policy file is wrong. Says where and what to write instead."""


class StateUncertain(GatewayError):
    """A write may or may not have happened. The process ends; recovery is the ordinary path."""

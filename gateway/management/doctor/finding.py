"""One line of doctor's answer: a state, a number of the catalogue, and its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.errors import Field, GatewayError, Misconfigured
from gateway.messages import describe, remedy


class State(StrEnum):
    """ok: nothing to do. look: works now, and somebody should look. stop: the gate does not work so."""

    OK = "ok"
    LOOK = "look"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Finding:
    """check: what was looked at, one word. number, fields: what was found, and what mends it."""

    check: str
    state: State
    number: int
    fields: Mapping[str, Field] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """What was found, without its number."""
        return describe(Misconfigured(self.number, **self.fields), language).partition(" ")[2]

    def mend(self, language: str) -> str:
        """What mends it; nothing where there is nothing to mend."""
        return (
            ""
            if self.state is State.OK
            else remedy(Misconfigured(self.number, **self.fields), language)
        )


def ok(check: str, number: int, **fields: Field) -> Finding:
    return Finding(check, State.OK, number, fields)


def look(check: str, number: int, **fields: Field) -> Finding:
    return Finding(check, State.LOOK, number, fields)


def stop(check: str, number: int, **fields: Field) -> Finding:
    return Finding(check, State.STOP, number, fields)


def stopped_by(check: str, error: GatewayError) -> Finding:
    """The finding that another part's error is."""
    return Finding(check, State.STOP, error.number, error.fields)

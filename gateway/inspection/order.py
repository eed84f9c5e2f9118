r"""What is asked of whoever takes a unit apart, and what comes back: values, the same in this process
and over the socket of a sandbox. All that comes back from there is untrusted.

    Order --> take_apart --> Found
                 |  \--> Listener.text       each text, where texts are wanted
                 \-----> Listener.visit      each content that is not empty, where they are
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import Text
from gateway.policy.facts import Leaf, Problem, UnpackLimits
from gateway.policy.values import FormatDemand
from gateway.unit.stages import Body


@dataclass(frozen=True, slots=True)
class Order:
    """One unit to be taken apart.

    wanted: types that are worth it, None for all: any other is refused anyway. thorough: go on behind
    the first problem that refuses. demands: of formats, by their words; a schema comes with them.
    texts, visits: whether the listener wants them. values: it wants texts of the formats that name a
    place for each, with the parts of a field besides. channel: units of different ones never share a
    process. read_as: what the unit itself is taken for where its bytes cannot tell (see module read_as).
    """

    name: str
    channel: str
    limits: UnpackLimits
    wanted: frozenset[str] | None = None
    thorough: bool = True
    demands: dict[str, FormatDemand] | None = None
    texts: bool = False
    visits: bool = False
    values: bool = False
    read_as: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Every thing that a policy sees, the unit itself first, and what no channel allows.

    parts: of documents, and files within formats: counted, looked at, and no things of their own.
    """

    leaves: tuple[Leaf, ...]
    problems: tuple[Problem, ...]
    parts: tuple[Leaf, ...] = ()


class Listener(Protocol):
    """Who is told while a unit is taken apart."""

    def begin(self) -> None:
        """It begins, or begins anew: nothing of what was told before counts."""

    def text(self, text: Text) -> None:
        """A text, with its whole place."""

    def visit(self, content: Content, path: str) -> None:
        """A content and its path. What it raises ends the work and goes through."""


class TakeApart(Protocol):
    """The readers of one role, wherever they run."""

    def __call__(self, order: Order, body: Body, listener: Listener) -> Found:
        """One unit. Raises Unavailable 33xx, 398x (no sandbox), what visit raises, and nothing else."""
        ...

    def together(self, order: Order, bodies: Sequence[Body]) -> list[Found] | None:
        """Several small units under one order that wants neither texts nor visits; None where they did not
        go together, for whatever reason: each is taken apart by itself then. Raises nothing else."""
        ...

    def within(self, seconds: float) -> TakeApart:
        """The same readers; a unit that takes longer by the clock is refused as one that takes too long."""
        ...

"""What may stand in an element and in which order: a content model as an automaton that is built once.

    (a, b?, (c | d)*)   -->   0 -a-> 1 -b-> 2 ... ; a state is the set of places where one may be

Every child costs one look into a table that fills as documents are read. Source: XML Schema 1.0, part 1,
3.8 (model groups) and 3.9 (particles). No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# A count above it is read as `any number`: the sending side counts exactly.
MAX_COUNT: Final = 64
MAX_PLACES: Final = 4_096
_MAX_REMEMBERED: Final = 4_096

Name = tuple[str, str]
ANY: Final[Name] = ("*", "*")


class TooLarge(Exception):
    """A model of more places than are taken; it is not held to. Stays beside the compiler."""


@dataclass(frozen=True, slots=True)
class Particle(Generic[T]):
    """One element, a sequence or a choice, so often. most: None for any number.

    kind: `element`, `sequence`, `choice`. name: (space, local) of an element, ANY for one of any name.
    """

    kind: str
    least: int = 1
    most: int | None = 1
    name: Name = ("", "")
    value: T | None = None
    inner: tuple[Particle[T], ...] = ()


State = frozenset[int]


class Automaton(Generic[T]):
    """A content model. Raises TooLarge when made of one beyond MAX_PLACES."""

    def __init__(self, top: Particle[T]) -> None:
        self._free: list[list[int]] = []
        self._steps: list[list[tuple[Name, T | None, int]]] = []
        begin = self._place()
        self._end = self._particle(top, begin)
        self.start: State = self._closed({begin})
        self._known: dict[tuple[State, Name], tuple[State, T | None]] = {}

    def step(self, state: State, name: Name) -> tuple[State, T | None]:
        """The state behind a child, and the value of its particle; an empty state: it may not stand there."""
        known = self._known.get((state, name))
        if known is None:
            known = self._step(state, name)
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            self._known[state, name] = known
        return known

    def may_end(self, state: State) -> bool:
        return self._end in state

    def _step(self, state: State, name: Name) -> tuple[State, T | None]:
        reached: set[int] = set()
        value: T | None = None
        for place in state:
            for wanted, one, target in self._steps[place]:
                if wanted in (name, ANY):
                    reached.add(target)
                    value = one if wanted == name else value
        return self._closed(reached), value

    def _closed(self, places: set[int]) -> State:
        waiting = list(places)
        while waiting:
            for one in self._free[waiting.pop()]:
                if one not in places:
                    places.add(one)
                    waiting.append(one)
        return frozenset(places)

    def _place(self) -> int:
        if len(self._free) >= MAX_PLACES:
            raise TooLarge
        self._free.append([])
        self._steps.append([])
        return len(self._free) - 1

    def _particle(self, particle: Particle[T], begin: int) -> int:
        """Build it so often behind a place; gives the place behind it."""
        least = min(particle.least, MAX_COUNT)
        at = begin
        for _ in range(least):
            at = self._once(particle, at)
        if particle.most is None or particle.most > MAX_COUNT:
            return self._any_number(particle, at)
        end = self._place()
        for _ in range(particle.most - least):
            self._free[at].append(end)
            at = self._once(particle, at)
        self._free[at].append(end)
        return end

    def _any_number(self, particle: Particle[T], begin: int) -> int:
        again = self._place()
        self._free[begin].append(again)
        self._free[self._once(particle, again)].append(again)
        return again

    def _once(self, particle: Particle[T], begin: int) -> int:
        match particle.kind:
            case "element":
                end = self._place()
                self._steps[begin].append((particle.name, particle.value, end))
                return end
            case "sequence":
                for one in particle.inner:
                    begin = self._particle(one, begin)
                return begin
            case _:
                end = self._place()
                if not particle.inner:
                    self._free[begin].append(end)
                for one in particle.inner:
                    # A place of its own: what loops back there is no way into the others.
                    own = self._place()
                    self._free[begin].append(own)
                    self._free[self._particle(one, own)].append(end)
                return end

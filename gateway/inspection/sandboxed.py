"""The guard's end: a unit is taken apart in a child of the sandbox, and its questions are answered here.

The child is not believed: what it says is decoded strictly, counted against the channel's limits, and
looked at by nothing but the scanners and the search, which take any bytes. That it says nothing of a part
cannot be told from here; the unit itself is scanned whole, and the other side reads it with other parsers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final, assert_never

import msgspec

from gateway.errors import Refused
from gateway.inspection.chain import unreadable
from gateway.inspection.content import Content
from gateway.inspection.leaf import nameless, write
from gateway.inspection.order import Found, Listener, Order
from gateway.inspection.questions import (
    Append,
    CloseFile,
    NewFile,
    ReadFile,
    Request,
    Texts,
    Together,
    Visit,
    decode_found,
    decode_question,
    encode,
)
from gateway.inspection.sandbox.endings import ChildFault, Ending
from gateway.inspection.sandbox.exchange import Leaf as Handed
from gateway.inspection.sandbox.sandbox import Sandbox
from gateway.inspection.sandbox.wire import MAX_PIECE_BYTES, MAX_REQUEST_BYTES
from gateway.inspection.sealed_memory import sealed
from gateway.inspection.unsound import Word
from gateway.policy.facts import Leaf, Problem
from gateway.policy.filetypes import BY_WORD
from gateway.unit.stages import Body

# Handed over with the order; a larger unit as a descriptor.
_BESIDE_BYTES: Final = 256 << 10
_JOB: Final = "take apart"
_TOGETHER: Final = "take several"
# Small units that take longer than this together hold each other up: then each goes by itself.
_TOGETHER_S: Final = 0.5
# One for each level of an archive, and one that is being handed out.
_MAX_FILES: Final = 128
# Leaves and problems say no more than these; a walk of ours never does.
_MAX_PROBLEMS: Final = 256
_MAX_PATH_CHARACTERS: Final = 64 << 10
_MAX_FIELDS: Final = 16
_MAX_FIELD_CHARACTERS: Final = 64 << 10
_WORDS: Final = frozenset(word.value for word in Word)


class Sandboxed:
    """Takes units apart in a sandbox. Thread-safe. scratch: an existing folder for large leaves.

    within_s: for each unit, None for what the sandbox gives."""

    def __init__(self, sandbox: Sandbox, scratch: Path, within_s: float | None = None) -> None:
        self._sandbox, self._scratch, self._within_s = sandbox, scratch, within_s

    def within(self, seconds: float) -> Sandboxed:
        """As order.TakeApart has it."""
        return Sandboxed(self._sandbox, self._scratch, seconds)

    def __call__(self, order: Order, body: Body, listener: Listener) -> Found:
        """As order.TakeApart has it. A unit that ends its child is found out: a problem 398x, 399x."""
        said = _sayable(order.name)
        sayable = order if said == order.name else replace(order, name=said)
        try:
            return _renamed(self._taken(sayable, body, listener), sayable.name, order.name)
        except OSError as error:
            raise unreadable(error) from error
        except Refused as error:
            fields = {key: value for key, value in error.fields.items() if key != "channel"}
            problem = Problem(Word.TYPE.value, error.number, order.name, fields)
            return Found((Leaf(order.name, "unknown", body.size_bytes),), (problem,))

    def together(self, order: Order, bodies: Sequence[Body]) -> list[Found] | None:
        """As order.TakeApart has it."""
        if order.texts or order.values or order.visits:
            raise RuntimeError(
                "units are not taken apart together where something is asked of each"
            )
        request = encode(Together(order, [body.read() for body in bodies]))
        if len(request) > MAX_REQUEST_BYTES:
            return None
        answers = self._sandbox.run_together(
            _TOGETHER, order.channel, request, len(bodies), _TOGETHER_S
        )
        if answers is None or len(answers) != len(bodies):
            return None
        try:
            return [
                _found([answer], order, body) for answer, body in zip(answers, bodies, strict=True)
            ]
        except Refused:
            return None

    def _taken(self, order: Order, body: Body, listener: Listener) -> Found:
        if body.path is None and body.size_bytes <= _BESIDE_BYTES:
            request = encode(Request(order, body.size_bytes, body.read()))
            return self._asked(order, body, request, None, listener)
        request = encode(Request(order, body.size_bytes, None))
        with sealed(body.read()) if body.path is None else body.open() as file:
            return self._asked(order, body, request, file.fileno(), listener)

    def _asked(
        self, order: Order, body: Body, request: bytes, descriptor: int | None, listener: Listener
    ) -> Found:
        with _Kept(self._scratch, order.limits.total_bytes) as kept:

            def begin() -> None:
                kept.clear()
                listener.begin()
                if order.visits and body.size_bytes:
                    with Content.of_body(body) as content:
                        listener.visit(content, order.name)

            begin()
            answers = self._sandbox.run(
                _JOB,
                order.channel,
                descriptor,
                request,
                lambda question, leaf: _answer(question, leaf, order, kept, listener),
                begin,
                within_s=self._within_s,
            )
        return _found(answers, order, body)


def _answer(
    untrusted: bytes, leaf: Handed | None, order: Order, kept: _Kept, listener: Listener
) -> bytes:
    try:
        question = decode_question.decode(untrusted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ChildFault(Ending.GARBAGE) from error
    match question:
        case Texts(texts):
            _must(order.texts or order.values)
            for text in texts:
                listener.text(text)
        case Visit(path, number):
            _must(order.visits and len(path) <= _MAX_PATH_CHARACTERS)
            with _content_of(number, leaf, kept) as content:
                listener.visit(content, path)
        case NewFile():
            return kept.new().to_bytes(4, "big")
        case Append(number):
            kept.append(number, _handed(leaf))
        case ReadFile(number, size_bytes, offset):
            _must(size_bytes <= MAX_PIECE_BYTES)
            return os.pread(kept.file(number).fileno(), size_bytes, offset)
        case CloseFile(number):
            kept.close(number)
        case _:
            assert_never(question)
    return b""


def _content_of(number: int | None, leaf: Handed | None, kept: _Kept) -> Content:
    if number is None:
        return Content.of_bytes(_handed(leaf))
    file = kept.file(number)
    return Content.of_file(os.fdopen(os.dup(file.fileno()), "rb", buffering=0))


def _handed(leaf: Handed | None) -> bytes:
    if leaf is None:
        raise ChildFault(Ending.GARBAGE)
    return leaf.read()


def _must(true: bool) -> None:
    """What no child of ours says."""
    if not true:
        raise ChildFault(Ending.GARBAGE)


class _Kept:
    """Files that a child has written leaves to; none has a name, all end with the unit."""

    def __init__(self, scratch: Path, limit_bytes: int) -> None:
        self._scratch, self._limit_bytes = scratch, limit_bytes
        self._files: dict[int, BinaryIO] = {}
        self._next = self._bytes = 0

    def new(self) -> int:
        _must(len(self._files) < _MAX_FILES)
        self._next += 1
        self._files[self._next] = nameless(self._scratch)
        return self._next

    def file(self, number: int) -> BinaryIO:
        _must(number in self._files)
        return self._files[number]

    def append(self, number: int, data: bytes) -> None:
        """Each leaf is written once, and once more to be handed out."""
        self._bytes += len(data)
        _must(self._bytes <= 2 * self._limit_bytes + len(data))
        write(self.file(number), data, self._scratch)

    def close(self, number: int) -> None:
        self.file(number).close()
        del self._files[number]

    def clear(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
        self._bytes = 0

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()


def _sayable(name: str) -> str:
    """A name as characters; the rules for names refuse any other in the end."""
    return name.encode("utf-8", "replace").decode()


def _renamed(found: Found, said: str, name: str) -> Found:
    if said == name:
        return found

    def own(path: str) -> str:
        return name + path[len(said) :] if path.startswith(said) else path

    return Found(
        tuple(replace(one, path=own(one.path)) for one in found.leaves),
        tuple(replace(one, where=own(one.where)) for one in found.problems),
        tuple(replace(one, path=own(one.path)) for one in found.parts),
    )


def _found(answers: list[bytes], order: Order, body: Body) -> Found:
    """What the child found, if it can be. Raises Refused 3989."""
    try:
        (answer,) = answers
        found = decode_found.decode(answer)
        _believable(found, order, body)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise Refused(3989, job=_JOB, channel=order.channel) from error
    return found


def _believable(found: Found, order: Order, body: Body) -> None:
    """Raises ValueError for what no walk of ours would say."""
    own = found.leaves[0] if found.leaves else None
    if own is None or own.path != order.name or own.size_bytes != body.size_bytes:
        raise ValueError("not believable: another unit")
    leaves = (*found.leaves, *found.parts)
    if len(leaves) > order.limits.files + 1 or len(found.problems) > _MAX_PROBLEMS:
        raise ValueError("not believable: too many")
    for leaf in leaves:
        wanted = leaf is own and leaf.type == order.read_as
        if not (wanted or leaf.type in BY_WORD) or len(leaf.path) > _MAX_PATH_CHARACTERS:
            raise ValueError("not believable: a leaf")
    for problem in found.problems:
        if not _is_problem(problem):
            raise ValueError("not believable: a problem")


def _is_problem(problem: Problem) -> bool:
    return (
        problem.word in _WORDS
        and 3000 <= problem.number <= 3999
        and len(problem.where) <= _MAX_PATH_CHARACTERS
        and len(problem.fields) <= _MAX_FIELDS
        and all(len(str(value)) <= _MAX_FIELD_CHARACTERS for value in problem.fields.values())
    )

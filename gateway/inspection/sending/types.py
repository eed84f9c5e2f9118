"""The type of a content for the sending guard: two readers must agree, and it must be whole."""

from __future__ import annotations

from gateway.inspection.content import Content
from gateway.inspection.sending import libmagic, signatures
from gateway.inspection.sending.wholeness import faults_of
from gateway.inspection.unsound import Fault, Reading, Word


def read_type(content: Content) -> Reading:
    """What a content is. Raises OSError (the content) and Unavailable 3313 (libmagic) only.

    Where libmagic and our own reader differ the word is `unknown`: neither is given the benefit.
    """
    first, second = libmagic.read_word(content), signatures.read_word(content)
    if first != second:
        return Reading("unknown", (Fault(Word.TYPE, 3101, {"first": first, "second": second}),))
    return Reading(first, tuple(faults_of(first, content)))

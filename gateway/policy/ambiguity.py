"""Pairs of operations that one call could be: refused, since the file would not say which is meant.

    GET /Patient/{id}         GET /Patient/me         unless the rule of {id} does not take `me`
    GET /Patient?name={n}     GET /Patient?name={n}&date={optional}
    POST /orders              POST /orders            unless each needs another word of the same header

Two operations are apart where their methods differ, a part of the path does, or no set of names of the
query is good for both, or a header that both need has no word in common (SOAPAction). Rules of two parameters
are not compared: what cannot be shown to be apart is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from gateway.policy.fitting import fits
from gateway.policy.operations import Operation, ValueRule


def ambiguous_pairs(operations: Mapping[str, Operation]) -> Iterator[tuple[Operation, Operation]]:
    """Each pair that one call could be both of, in the order of the file."""
    for first, second in combinations(operations.values(), 2):
        if (
            first.method == second.method
            and _share_path(first, second)
            and _share_query(first, second)
            and not _are_headed_apart(first, second)
        ):
            yield first, second


def _share_path(first: Operation, second: Operation) -> bool:
    if len(first.segments) != len(second.segments):
        return False
    return all(
        _share_segment(first, one, second, other)
        for one, other in zip(first.segments, second.segments, strict=True)
    )


def _share_segment(
    first: Operation, one: str | tuple[str], second: Operation, other: str | tuple[str]
) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    if isinstance(one, tuple) and isinstance(other, str):
        return fits(first.path[one[0]], other)
    if isinstance(one, str) and isinstance(other, tuple):
        return fits(second.path[other[0]], one)
    return True


def _share_query(first: Operation, second: Operation) -> bool:
    needed = _required(first.query) | _required(second.query)
    common = first.query.keys() & second.query.keys()
    if not needed <= common:
        return False
    return not any(_are_apart(first.query[name], second.query[name]) for name in needed)


def _are_headed_apart(first: Operation, second: Operation) -> bool:
    both = _required(first.headers) & _required(second.headers)
    return any(_are_apart(first.headers[name], second.headers[name]) for name in both)


def _required(rules: Mapping[str, ValueRule]) -> set[str]:
    return {name for name, rule in rules.items() if rule.required}


def _are_apart(one: ValueRule, other: ValueRule) -> bool:
    """Whether two lists of words have none in common."""
    first, second = _words(one), _words(other)
    return bool(first) and bool(second) and first.isdisjoint(second)


def _words(rule: ValueRule) -> frozenset[str]:
    if not rule.text.startswith("one of "):
        return frozenset()
    words = rule.text.removeprefix("one of ").replace(" or ", ",").split(",")
    return frozenset(word.strip() for word in words)

"""Which rule a place of a tree falls under: paths of a rule file against paths of a document.

    rule  Patient / ** / @extension     `*` any one step, `**` any number of them, none too
    place (Patient, identifier, @extension)

The first rule of the file that fits wins. A place below one that a rule names falls under it as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.policy.masking import MaskRule, Path

_REMEMBERED: Final = 16_384


class TreeRules:
    """The rules of one format. Places are remembered: a document has few kinds of them."""

    def __init__(self, rules: Sequence[MaskRule], word: str) -> None:
        self._rules = [(path, rule) for rule in rules for path in rule.paths.get(word, ())]
        self._known: dict[Path, MaskRule | None] = {}

    def of(self, place: Path) -> MaskRule | None:
        """The rule that names exactly this place."""
        if not self._rules:
            return None
        try:
            return self._known[place]
        except KeyError:
            found = next((rule for path, rule in self._rules if fits(path, place)), None)
            if len(self._known) < _REMEMBERED:
                self._known[place] = found
            return found


def fits(path: Path, place: Path) -> bool:
    """Whether a path names a place. At most three `**` stand in one: what is tried stays small."""
    if not path:
        return not place
    if path[0] == "**":
        return any(fits(path[1:], place[at:]) for at in range(len(place) + 1))
    return bool(place) and path[0] in ("*", place[0]) and fits(path[1:], place[1:])

"""Nodes of a file as the values of JSON: for contents of tests and descriptions of services.

Everything in a policy file is text; here a text without quotes that JSON reads as a number or a constant is
that.
"""

from __future__ import annotations

import json
import re
from typing import Final

from gateway.policy.nodes import Broken, Entries, Items, Node, Scalar

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def plain_value(node: Node) -> object:
    """A mapping, list, text, number, truth value or None. Raises nothing; what is broken is None."""
    match node:
        case Entries():
            return {key.text: plain_value(value) for key, value in node.entries}
        case Items():
            return [plain_value(item) for item in node.items]
        case Scalar():
            if node.quoted:
                return node.text
            if node.text in _CONSTANTS:
                return _CONSTANTS[node.text]
            return json.loads(node.text) if _NUMBER.fullmatch(node.text) else node.text
        case Broken():
            return None

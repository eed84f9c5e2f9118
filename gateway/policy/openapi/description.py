"""An OpenAPI document as plain values: JSON or YAML, of 3.0 or 3.1, with references that stay within it.

Source: OpenAPI Specification 3.0.4 and 3.1.1; RFC 6901 for references.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import Misconfigured
from gateway.policy.document import Bounds, read_document
from gateway.policy.located import LocatedErrors
from gateway.policy.openapi.notes import NotExpressible
from gateway.policy.plain_values import plain_value

# The largest public descriptions have a few MiB; a page of operations has a hundredth of it.
_BOUNDS: Final = Bounds(size_bytes=8 << 20, depth=64, nodes=1_000_000)
_MOST_STEPS: Final = 32


@dataclass(frozen=True, slots=True)
class Description:
    """values: the whole document. is_30: of 3.0, where schemas are written differently."""

    values: Mapping[str, Any]
    is_30: bool

    def resolved(self, value: object) -> Mapping[str, Any]:
        """An object, or what its reference leads to; empty for anything else. Raises NotExpressible."""
        for _ in range(_MOST_STEPS):
            if not isinstance(value, dict):
                return {}
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value
            value = self.at(reference)
        raise NotExpressible("$ref")

    def at(self, reference: str) -> object:
        """What a local reference points to. Raises NotExpressible for any other."""
        if not reference.startswith("#/"):
            raise NotExpressible(reference[:60])
        target: object = self.values
        for step in reference[2:].split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, dict) or key not in target:
                raise NotExpressible(reference[:60])
            target = target[key]
        return target


def read_description(file: str, untrusted_bytes: bytes) -> Description:
    """Raises LocatedErrors 2377 (what YAML is wrong, and where) and Misconfigured 2377, 2104. No I/O."""
    if len(untrusted_bytes) > _BOUNDS.size_bytes:
        size, limit = len(untrusted_bytes), _BOUNDS.size_bytes
        raise Misconfigured(2104, size_bytes=size, limit_bytes=limit)
    values = _values(file, untrusted_bytes)
    version = values.get("openapi") if isinstance(values, dict) else None
    if not isinstance(values, dict) or not str(version).startswith(("3.0", "3.1")):
        said = f"openapi: {version}"[:40]
        raise Misconfigured(2377, file=file, what=said)
    if not isinstance(values.get("paths"), dict):
        raise Misconfigured(2377, file=file, what="paths")
    return Description(values, str(version).startswith("3.0"))


def _values(file: str, untrusted_bytes: bytes) -> object:
    if untrusted_bytes.lstrip()[:1] == b"{":
        try:
            return json.loads(untrusted_bytes.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise Misconfigured(2377, file=file, what=str(error)[:80]) from error
    reading = read_document(file, untrusted_bytes, _BOUNDS)
    if reading.document is None or reading.problems:
        raise LocatedErrors(2377, reading.problems, file=file, what="YAML")
    return plain_value(reading.document.top)

"""Schemas of a policy set: `following schemas/NAME.json` (or .xsd) means that file of the set.

Read as it lies there, and part of the set's digest. Here it is text only: whether it is a schema that both
sides can hold files to is asked by inspection when the set is made ready, with file and line.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from gateway.policy.located import Located
from gateway.policy.values import SchemaText

SCHEMA_FOLDER: Final = "schemas"
# It goes to a closed-off child with each unit of its channel: no page of rules is longer.
MAX_SCHEMA_BYTES: Final = 1 << 20
SCHEMA_FILE: Final = re.compile(r"schemas/[A-Za-z0-9][A-Za-z0-9._-]{0,62}\.(?:json|xsd)")


def read_schema(path: str, untrusted_bytes: bytes) -> tuple[SchemaText | None, Located | None]:
    """A schema of the set, or what is wrong with its name or its encoding. Raises nothing, no I/O."""
    if SCHEMA_FILE.fullmatch(path) is None:
        return None, Located(path, 0, 1, 1, "", 2242, {"name": path})
    try:
        text = untrusted_bytes.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = untrusted_bytes.count(b"\n", 0, error.start) + 1
        fields = {"byte": f"0x{untrusted_bytes[error.start]:02x}"}
        return None, Located(path, line, 1, 1, "", 2102, fields)
    return SchemaText(path, text, hashlib.sha256(untrusted_bytes).hexdigest()), None

"""The readers of the sending guard, as one value."""

from __future__ import annotations

from typing import Final

from gateway.inspection.formats.own_schemas import OwnSchemas
from gateway.inspection.sending.checks import CHECKS
from gateway.inspection.sending.formats.json_schema import RustSchema
from gateway.inspection.sending.formats.xml_schema import LibxmlSchema
from gateway.inspection.sending.types import read_type
from gateway.inspection.sending.unpack import members
from gateway.inspection.take_apart import Readers

READERS: Final = Readers(read_type, members, CHECKS, OwnSchemas(RustSchema, LibxmlSchema))

"""The readers of the receiving guard, as one value."""

from __future__ import annotations

from typing import Final

from gateway.inspection.formats.own_schemas import OwnSchemas
from gateway.inspection.receiving.checks import CHECKS
from gateway.inspection.receiving.formats.json_schema import FunctionSchema
from gateway.inspection.receiving.formats.xml_schema import OwnSchema
from gateway.inspection.receiving.structure import read_type
from gateway.inspection.receiving.unpack import members
from gateway.inspection.take_apart import Readers

READERS: Final = Readers(read_type, members, CHECKS, OwnSchemas(FunctionSchema, OwnSchema))

"""The receiving guard's checks of formats, by type of content."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from gateway.inspection.receiving.formats import (
    cda,
    csv,
    dicom,
    fhir,
    hl7,
    image,
    json,
    ofd,
    ooxml,
    pdf,
    xml,
)

CHECKS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "json": json.check,
        "fhir json": fhir.check_json,
        "fhir xml": fhir.check_xml,
        "xml": xml.check,
        "cda": cda.check,
        "hl7 v2": hl7.check,
        "csv": csv.check,
        "dicom": dicom.check,
        "ofd": ofd.check,
        "pdf": pdf.check,
        **dict.fromkeys(("docx", "xlsx", "pptx"), ooxml.check),
        **dict.fromkeys(("png", "jpeg", "gif", "tiff", "bmp"), image.check),
    }
)

"""How a content of SOAP is written: which version, which message, and by which schema.

    soap 1.1 of PlaceOrder following schemas/orders.xsd     Body holds this element, and it follows the schema
    soap 1.2 of PlaceOrder or CancelOrder following …       one of these
    soap 1.1 fault                                          a fault, its detail empty
    soap 1.1 fault following schemas/orders.xsd             a detail is an element of the schema
    soap following schemas/orders.xsd                       either version, any element of the schema
    soap 1.1 of PlaceOrder with header Trace following …    these blocks may stand in Header, each once

The envelope is no matter of the schema: Envelope with one Body with one element. Without `with header`
nothing stands in a Header. A block that the schema declares follows it; one of a name that it declares in no
namespace holds characters only.
Document/literal (WSDL 1.1, 3.5; WS-I Basic Profile 1.1, 4.4). Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]{0,127}"
_LIST: Final = rf"{_NAME}(?:(?:, *| or ){_NAME})*"
_SOAP: Final = re.compile(
    rf"(?P<form>soap(?: 1\.[12])?)(?: +(?:of +(?P<names>{_LIST})|(?P<fault>fault)))?"
    rf"(?: +with +header +(?P<headers>{_LIST}))?(?: +following +(?P<path>\S+))?"
)
WITH_HEADER: Final = " with header "
SOAP_FORMS: Final = (
    "soap", "soap following schemas/NAME.xsd", "soap 1.1 of ELEMENT following schemas/NAME.xsd",
    "soap 1.2 of ELEMENT or ELEMENT following schemas/NAME.xsd", "soap 1.1 fault",
    "soap 1.1 fault following schemas/NAME.xsd",
    "soap 1.1 of ELEMENT with header ELEMENT, ELEMENT following schemas/NAME.xsd",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SoapWords:
    """form: `soap`, `soap 1.1`, `soap 1.2`. names: elements that Body may hold, none for any.

    headers: blocks that Header may hold. fault: Body holds a fault. path: of the schema, "" for none;
    path_at: where it stands in the text.
    """

    form: str
    names: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    fault: bool = False
    path: str = ""
    path_at: int = 0

    @property
    def says(self) -> str:
        """What a demand of the format says: the version, whether a fault is meant, and header blocks."""
        said = f"{self.form} fault" if self.fault else self.form
        return f"{said}{WITH_HEADER}{' '.join(self.headers)}" if self.headers else said


def read_soap(text: str) -> SoapWords | None:
    """None for what is no line of SOAP. Raises nothing."""
    match = _SOAP.fullmatch(text)
    if match is None:
        return None
    path = match["path"] or ""
    return SoapWords(
        match["form"], _listed(match["names"]), _listed(match["headers"]), bool(match["fault"]), path,
        max(match.start("path"), 0),
    )  # fmt: skip


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(re.split(r", *| or ", text)) if text else ()

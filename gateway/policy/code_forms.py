"""How the codes of a system are written: ICD-10, ICD-9-CM-3, LOINC. No I/O.

ICD-10    as WHO writes it (I10, A00.1) and as the national edition does (GB/T 14396: I10.x00, A00.100x001);
          morphology M80000/3
ICD-9-CM-3 likewise (38.93, 38.9300x001)
LOINC     with its check digit (LOINC Users' Guide, appendix on Mod 10)
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from gateway.policy.check_digits import luhn_remainder


class CodeForm(StrEnum):
    """A way of writing codes, by the word that a table of codes has for it."""

    ICD10 = "icd-10"
    ICD9CM3 = "icd-9-cm-3"
    LOINC = "loinc"


# A dagger or asterisk may follow (ICD-10, volume 2, 3.1.3), as may a + that stands for the dagger.
_FORMS: Final = {
    CodeForm.ICD10: re.compile(
        r"M[0-9]{4,5}/[0-9]|[A-Z][0-9]{2}(?:\.(?:[0-9]{1,2}|[0-9x][0-9]{2}(?:x[0-9]{3})?))?[†+*]?"
    ),
    CodeForm.ICD9CM3: re.compile(
        r"[0-9]{2}(?:\.(?:[0-9]{1,2}|[0-9][0-9x][0-9]{2}(?:x[0-9]{3})?))?"
    ),
    CodeForm.LOINC: re.compile(r"[0-9]{1,7}-[0-9]"),
}


def is_form(form: CodeForm, code: str) -> bool:
    """Whether a code is written as its system writes codes; of LOINC, whether its check digit is right."""
    if _FORMS[form].fullmatch(code) is None:
        return False
    return form is not CodeForm.LOINC or luhn_remainder(code.replace("-", "")) == 0

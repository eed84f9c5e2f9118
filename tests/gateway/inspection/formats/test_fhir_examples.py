"""The official examples of FHIR R4 pass both sides; what does not is known by name."""

from __future__ import annotations

import os

import pytest

from tests.corpus.fhir_examples import SIDES, documents, explained, numbers, package
from tests.corpus.fhir_in_xml import in_xml

# All 5,306 take minutes; FERRYGATE_CORPORA_WHOLE=1 tries them all.
WHOLE = bool(os.environ.get("FERRYGATE_CORPORA_WHOLE"))
EACH = 1 if WHOLE else 12
LARGEST_BYTES = 40 << 20 if WHOLE else 300_000


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_the_official_examples_pass_and_each_refusal_is_explained(form: str) -> None:
    path = package()
    if path is None:
        pytest.skip("hl7.fhir.r4.examples-4.0.1.tgz is not in $FERRYGATE_CORPORA (npm pack)")
    known = explained(form)
    tried = refused = 0
    for place, (name, document) in enumerate(documents(path)):
        if len(document) > LARGEST_BYTES or (place % EACH and name not in known):
            continue
        tried += name not in known
        content = in_xml(document) if form == "xml" and len(document) < 32 << 20 else document
        found = [numbers(side, content, form) for side in SIDES]
        assert name in known or not any(found), (name, found)
        assert name not in known or any(found), (name, "is explained and passes")
        refused += any(found)
    assert tried > 400
    assert len(known) <= 0.02 * 5306
    assert refused <= len(known)

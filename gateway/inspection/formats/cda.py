"""CDA R2 (HL7 Clinical Document Architecture, release 2) and the documents of WS/T 500 that extend it.

Structure, not style: the document is one of its kind, says who and when, holds no element that the
standard (or the extension that Chinese documents use) does not have, and every file in it comes out
as a member. The order of elements and their data types are an XSD's business, which a channel may name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.inspection.formats.base64_leaves import decoded, member
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.hl7 import is_time
from gateway.inspection.formats.xml import Attributes, Watch, XmlProfile
from gateway.inspection.unsound import Fault, Word

WORD: Final = Word.CDA
SPACE: Final = "urn:hl7-org:v3"
_EXTENSIONS: Final = frozenset(["urn:hl7-org:sdtc"])

# What the header must have (CDA R2, 4.2): local names of the children of ClinicalDocument.
HEADER: Final = ("typeId", "id", "code", "effectiveTime", "confidentialityCode", "recordTarget",
                 "author", "custodian", "component")  # fmt: skip
_TYPE: Final = ("2.16.840.1.113883.1.3", "POCD_HD000040")
# WS/T 500 and WS 445: templates of shared and of electronic health record documents.
_NATIONAL_TEMPLATES: Final = "2.16.156.10011.2.1."
_NATIONAL_TYPES: Final = "2.16.156.10011.2.4"
_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]{0,30})){1,40}")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TIMED: Final = frozenset(
    ["effectiveTime", "time", "birthTime", "low", "high", "center", "signatureTime"]
)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements of the CDA R2 hierarchical description (POCD_HD000040), by name, in no order.
ELEMENTS: Final = _names(
    """
    ClinicalDocument realmCode typeId templateId id code title effectiveTime confidentialityCode
    languageCode setId versionNumber copyTime recordTarget patientRole addr telecom patient name
    administrativeGenderCode birthTime maritalStatusCode religiousAffiliationCode raceCode
    ethnicGroupCode guardian guardianPerson guardianOrganization birthplace place
    languageCommunication modeCode proficiencyLevelCode preferenceInd providerOrganization
    standardIndustryClassCode asOrganizationPartOf statusCode wholeOrganization author functionCode
    time assignedAuthor assignedPerson assignedAuthoringDevice asMaintainedEntity maintainingPerson
    manufacturerModelName softwareName representedOrganization dataEnterer assignedEntity informant
    relatedEntity relatedPerson custodian assignedCustodian representedCustodianOrganization
    informationRecipient intendedRecipient receivedOrganization legalAuthenticator signatureCode
    authenticator participant associatedEntity associatedPerson scopingOrganization inFulfillmentOf
    order priorityCode documentationOf serviceEvent performer relatedDocument parentDocument text
    authorization consent componentOf encompassingEncounter dischargeDispositionCode
    responsibleParty encounterParticipant location healthCareFacility serviceProviderOrganization
    component nonXMLBody structuredBody section entry subject relatedSubject specimen specimenRole
    specimenPlayingEntity quantity desc participantRole playingDevice playingEntity scopingEntity
    entryRelationship sequenceNumber seperatableInd act observation derivationExpr repeatNumber
    value interpretationCode methodCode targetSiteCode referenceRange observationRange
    observationMedia encounter organizer reference externalAct externalObservation externalProcedure
    externalDocument procedure approachSiteCode regionOfInterest substanceAdministration routeCode
    doseQuantity rateQuantity maxDoseQuantity administrationUnitCode consumable manufacturedProduct
    manufacturedLabeledDrug manufacturedMaterial lotNumberText manufacturerOrganization supply
    independentInd expectedUseTime product precondition criterion performerParticipant originalText
    translation qualifier low high center width period phase event offset numerator denominator
    prefix given family suffix delimiter country state county city postalCode streetAddressLine
    houseNumber houseNumberNumeric direction streetName streetNameBase streetNameType
    additionalLocator unitID unitType careOf censusTract deliveryAddressLine
    deliveryInstallationType deliveryInstallationArea deliveryInstallationQualifier deliveryMode
    deliveryModeIdentifier buildingNumberSuffix postBox precinct validTime useablePeriod thumbnail
    comp origin scale increment head digits part content link sub sup br footnote footnoteRef
    renderMultiMedia paragraph list item caption table thead tbody tfoot tr th td col colgroup
    """
)
# What WS/T 500 and WS 445 documents add to them.
NATIONAL_ELEMENTS: Final = _names(
    """
    age township nationality occupation occupationCode employerOrganization asEmployee
    educationLevel educationLevelCode household telephone partOfOrganization asLocatedEntity
    district village
    """
)


class Follows(StrEnum):
    """Which rules a document follows."""

    CDA = "CDA R2"
    NATIONAL = "WS/T 500"


@dataclass(frozen=True, slots=True)
class CdaProfile:
    """What a channel takes. templates: the document templates (OIDs) that may be named; empty for any."""

    follows: Follows = Follows.CDA
    templates: frozenset[str] = frozenset()


class CdaWatch(Watch):
    """Follows one clinical document."""

    def __init__(self, limits: FormatLimits, profile: CdaProfile) -> None:
        super().__init__(limits, XmlProfile(f"{{{SPACE}}}ClinicalDocument"))
        self._cda = profile
        self._header: set[str] = set()
        self._templates: set[str] = set()
        self._encoded = ""
        self._sequence = 0
        self._known = ELEMENTS | NATIONAL_ELEMENTS

    def start(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens. Raises Unsound as Watch."""
        super().start(space, name, attributes)
        if space == SPACE and name not in self._known:
            self.fault(3631, element=name[:60], path=self.where)
        elif space != SPACE and space not in _EXTENSIONS:
            self.fault(3632, space=space[:80], path=self.where)
        plain = {key: value for (key_space, key), value in attributes.items() if not key_space}
        depth = len(self._path)
        if depth == 2:
            self._header.add(name)
            self._header_element(name, plain)
        for key in ("root", "codeSystem"):
            if (oid := plain.get(key)) is not None and not (
                _OID.fullmatch(oid) or _UUID.fullmatch(oid)
            ):
                self.fault(3634, attribute=key, value=oid[:60], path=self.where)
        if name in _TIMED and (said := plain.get("value")) and not is_time(said):
            self.fault(3635, value=said[:40], path=self.where)
        self._encoded = self.where if plain.get("representation") == "B64" else self._encoded

    def _header_element(self, name: str, plain: dict[str, str]) -> None:
        if name == "typeId" and (plain.get("root"), plain.get("extension")) != _TYPE:
            self.fault(3633, element="typeId", value=plain.get("extension", "")[:60])
        if name == "templateId":
            self._templates.add(plain.get("root", ""))
        national = self._cda.follows is Follows.NATIONAL
        if name == "realmCode" and national and plain.get("code") != "CN":
            self.fault(3633, element="realmCode", value=plain.get("code", "")[:60])
        if name == "code" and national and plain.get("codeSystem") != _NATIONAL_TYPES:
            self.fault(3633, element="code", value=plain.get("codeSystem", "")[:60])

    def text(self, text: str) -> None:
        """Characters at their place; what is declared to be base64 must be, and is a file."""
        if not self._encoded or self._encoded != self.where:
            super().text(text)
            return
        content = decoded(text)
        if content is None:
            self.fault(3636, path=self.where)
            return
        self._sequence += 1
        self.add(member(f"{self._path[-1]}.{self._sequence}", content))

    def end(self) -> None:
        """An element closes; with the outermost one the header is judged."""
        ends = bool(self._encoded) and self._encoded == self.where
        super().end()
        if ends:
            self._encoded = ""
        if not self._path:
            self._judge_header()

    def _judge_header(self) -> None:
        wanted = (*HEADER, "realmCode", "templateId") if self._is_national else HEADER
        for name in wanted:
            if name not in self._header:
                self.fault(3630, element=name)
        allowed = self._cda.templates
        if allowed and not self._templates & allowed:
            self.fault(3637, templates=", ".join(sorted(self._templates))[:100])
        national = any(one.startswith(_NATIONAL_TEMPLATES) for one in self._templates)
        if self._is_national and "templateId" in self._header and not national:
            self.fault(3637, templates=", ".join(sorted(self._templates))[:100])

    @property
    def _is_national(self) -> bool:
        return self._cda.follows is Follows.NATIONAL

    def fault(self, number: int, **fields: str) -> None:
        """A fault against this standard, a few of each kind."""
        self._said[number] = self._said.get(number, 0) + 1
        if self._said[number] <= 3:
            self.add(Fault(WORD, number, fields))

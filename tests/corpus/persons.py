"""Messages about persons nobody knows, in every format that can be masked: all values are made here, by a seed."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from tests.corpus import dicom, hl7
from tests.corpus.xml import document

_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红鑫浩宇欣怡梓涵晨曦"
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    number: str
    identity: str
    surname: str
    given: str
    born: date
    mobile: str
    landline: str
    street: str
    mail: str

    @property
    def name(self) -> str:
        return self.surname + self.given

    @property
    def values(self) -> tuple[str, ...]:
        """What must not be found in anything that leaves."""
        day = self.born
        return (
            self.number, self.identity, self.name, self.given, self.mobile, self.landline,
            self.street, self.mail, f"{day:%Y%m%d}", f"{day:%Y-%m-%d}",
        )  # fmt: skip


def person(chance: random.Random) -> Person:
    born = date(1935, 1, 1) + timedelta(days=chance.randrange(30_000))
    plain = f"110105{born:%Y%m%d}{chance.randrange(1_000):03}"
    check = "10X98765432"[sum(int(d) * w for d, w in zip(plain, _WEIGHTS, strict=True)) % 11]
    given = "".join(chance.sample(_GIVEN, 2))
    return Person(
        number=f"M{chance.randrange(10**9):09}",
        identity=plain + check,
        surname=chance.choice(_SURNAMES),
        given=given,
        born=born,
        mobile=f"139{chance.randrange(10**8):08}",
        landline=f"010-{chance.randrange(60_000_000, 69_999_999)}",
        street=f"海淀区知春路{chance.randrange(1, 999)}号院{chance.randrange(1, 99)}室",
        mail=f"u{chance.randrange(10**8)}@mail.example.cn",
    )


def _told(one: Person) -> str:
    """A remark as people write it: everything once more, in words."""
    return (
        f"患者{one.name}（身份证{one.identity}）来电{one.mobile}，住{one.street}，固话{one.landline}，"
        f"邮箱{one.mail}，就诊号{one.number}，血压正常。"
    )


def fhir_json(one: Person) -> bytes:
    told = _told(one)
    patient = {
        "resourceType": "Patient",
        "id": one.number,
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{told}</p></div>',
        },
        "identifier": [
            {"system": "urn:oid:2.16.156.10011.1.3", "value": one.identity},
            {"system": "urn:oid:2.16.156.10011.1.12", "value": one.number},
        ],
        "active": True,
        "name": [{"text": one.name, "family": one.surname, "given": [one.given]}],
        "telecom": [
            {"system": "phone", "value": one.mobile},
            {"system": "email", "value": one.mail},
        ],
        "gender": "female",
        "birthDate": f"{one.born:%Y-%m-%d}",
        "address": [{"text": one.street, "city": "北京"}],
        "contact": [{"name": {"text": one.name}, "telecom": [{"value": one.landline}]}],
    }
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": f"Patient/{one.number}", "display": one.name},
        "valueQuantity": {"value": 121.5, "unit": "mmHg"},
        "note": [{"text": told}],
    }
    entries = [
        {"fullUrl": f"http://his.example/fhir/Patient/{one.number}", "resource": patient},
        {"resource": observation},
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return json.dumps(bundle, ensure_ascii=False).encode()


def fhir_xml(one: Person) -> bytes:
    return (
        '<Observation xmlns="http://hl7.org/fhir"><contained><Patient>'
        f'<id value="{one.number}"/><identifier><value value="{one.identity}"/></identifier>'
        f'<name><text value="{one.name}"/><given value="{one.given}"/></name>'
        f'<telecom><value value="{one.mobile}"/></telecom><birthDate value="{one.born:%Y-%m-%d}"/>'
        f'<address><text value="{one.street}"/></address></Patient></contained>'
        '<status value="final"/><code><text value="blood pressure"/></code>'
        f'<subject><reference value="#{one.number}"/><display value="{one.name}"/></subject>'
        f'<valueString value="normal"/><note><text value="{_told(one)}"/></note></Observation>'
    ).encode()


def fhir(one: Person) -> bytes:
    return fhir_xml(one) if int(one.number[1:]) % 3 == 0 else fhir_json(one)


def hl7_v2(one: Person) -> bytes:
    pid = [""] * 24
    pid[1], pid[3], pid[5] = (
        "1",
        f"{one.number}^^^H^MR~{one.identity}^^^GA^NI",
        f"{one.surname}^{one.given}",
    )
    pid[7], pid[8], pid[11] = f"{one.born:%Y%m%d}", "F", f"{one.street}^^北京"
    pid[13], pid[14], pid[18] = f"{one.mobile}^^^{one.mail}", one.landline, one.number
    segments = (
        "PID|" + "|".join(pid[1:]),
        f"NK1|1|{one.name}|SPO|{one.street}|{one.landline}",
        hl7.OBR,
        hl7.OBX,
        f"NTE|1||{_told(one)} \\T\\ ok",
    )
    message = hl7.message(*segments)
    if int(one.number[1:]) % 4:
        return message
    return message.decode().replace("UNICODE UTF-8", "GB 18030-2000").encode("gb18030")


def cda(one: Person) -> bytes:
    body = f"<structuredBody><component><section><text>{_told(one)}</text></section></component></structuredBody>"
    role = (
        f"<patientRole><id root='2.16.156.10011.1.12' extension='{one.number}'/>"
        f"<addr><streetAddressLine>{one.street}</streetAddressLine></addr>"
        f"<telecom value='tel:{one.mobile}'/><patient>"
        f"<id root='2.16.156.10011.1.3' extension='{one.identity}'/><name>{one.name}</name>"
        f"<birthTime value='{one.born:%Y%m%d}'/></patient></patientRole>"
    )
    text = document(body)
    begin, end = text.index("<patientRole>"), text.index("</patientRole>") + len("</patientRole>")
    text = text[:begin] + role + text[end:]
    if int(one.number[1:]) % 4:
        return text.encode()
    return text.replace("UTF-8", "GB18030").encode("gb18030")


def table(one: Person) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(
        ["patient_id", "身份证号", "姓名", "born", "phone", "地址", "email", "remark", "value"]
    )
    row = (
        one.number,
        one.identity,
        one.name,
        f"{one.born:%Y-%m-%d}",
        one.mobile,
        one.street,
        one.mail,
    )
    writer.writerow([*row, _told(one), "121.5"])
    return file.getvalue().encode("utf-8" if int(one.number[1:]) % 4 else "gb18030")


def dicom_object(one: Person) -> bytes:
    return dicom.file(
        dicom.head_elements(),
        dicom.text(0x00081030, "LO", "ABDOMEN"),
        dicom.element(0x00100010, "PN", dicom.even(f"{one.surname}^{one.given}".encode())),
        dicom.text(0x00100020, "LO", one.number),
        dicom.text(0x00100030, "DA", f"{one.born:%Y%m%d}"),
        dicom.element(0x00101040, "LO", dicom.even(one.street.encode())),
        dicom.text(0x00102154, "SH", one.mobile),
        dicom.element(0x00104000, "LT", dicom.even(_told(one).encode())),
        dicom.pixel_module(),
        dicom.native(),
    )


FORMATS: Final[dict[str, tuple[str, Callable[[Person], bytes]]]] = {
    "fhir": ("fhir json or fhir xml", fhir),
    "hl7": ("hl7 v2", hl7_v2),
    "cda": ("cda", cda),
    "csv": ("csv", table),
    "dicom": ("dicom", dicom_object),
}


def people(count: int, seed: int = 20261121) -> list[Person]:
    chance = random.Random(seed)
    return [person(chance) for _ in range(count)]

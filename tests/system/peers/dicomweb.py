"""A PACS over HTTP: searching (QIDO-RS), retrieving (WADO-RS) and storing (STOW-RS), DICOM PS3.18.

It writes multipart as several such servers do: a line end before the first boundary.
"""

from __future__ import annotations

import io
import json
import re
from typing import Final

import pydicom
from aiohttp import web

from tests.corpus import dicom
from tests.support.channel_text import channel_text

BOUNDARY: Final = "of-the-archive"
STUDY: Final = "1.2.826.0.1.3680043.9.9999.1"
_OPERATIONS: Final = """\
operations:
  search-studies:
    call: GET /studies?PatientID={patient}&StudyDate={date}&includefield={fields}&limit={limit}
    patient: optional text at most 64
    date: optional pattern [0-9]{8}(?:-(?:[0-9]{8})?)?
    fields: optional many pattern [0-9A-F]{8}|[A-Z][A-Za-z]{1,40}|all
    limit: optional fhir count at most 100
    answers:
      200: dicom json, at most 1 MiB
      204: empty
  read-metadata:
    call: GET /studies/{study}/metadata
    study: oid
    answers: {200: "dicom json, at most 1 MiB", 404: empty}
  retrieve-study:
    call: GET /studies/{study}
    study: oid
    answers: {200: "multipart of dicom, at most 4 MiB", 404: empty}
  store:
    call: POST /studies
    body: multipart of dicom, at most 4 MiB
    answers:
      200: dicom json, at most 1 MiB
      409: dicom json, at most 1 MiB

limits:
  answer_within: 10 s

tests:
  - name: a search passes
    try: {call: GET /studies?PatientID=p-1}
    expect: delivered
"""


def channel(port: int, peer: int) -> str:
    return channel_text(
        "pacs", port, f"https: localhost:{peer}", _OPERATIONS, grade=4, base_path="/dicom-web"
    )


def parts(*objects: bytes, before: bytes = b"\r\n", boundary: str = BOUNDARY) -> bytes:
    """A multipart/related of instances."""
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"\r\n".join(head + one for one in objects)
    return before + body + f"\r\n--{boundary}--".encode()


class Archive:
    """The archive below /dicom-web."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """The same state for whoever asks next."""
        self.kept: dict[str, bytes] = {}
        self.keep(instance(4711))

    def keep(self, content: bytes) -> str:
        """The instance under its own number, as it came."""
        number = str(read(content).SOPInstanceUID)
        self.kept[number] = content
        return number

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        match = re.fullmatch(r"/dicom-web/studies(?:/([0-9.]+)(/metadata)?)?", request.path)
        if match is None:
            return web.Response(status=404)
        if request.method == "POST":
            return self._stored(request, content)
        if match[1] is None:
            return self._found(request)
        of = [one for one in self.kept.values() if str(read(one).StudyInstanceUID) == match[1]]
        if not of:
            return web.Response(status=404)
        if match[2]:
            return self._json([json.loads(read(one).to_json(0)) for one in of])
        kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
        return web.Response(body=parts(*of), headers={"Content-Type": kind})

    def _found(self, request: web.Request) -> web.Response:
        patient = request.query.get("PatientID")
        if patient is None:
            return web.Response(status=204)
        described = {
            "00100020": {"vr": "LO", "Value": [patient]},
            "0020000D": {"vr": "UI", "Value": [STUDY]},
            "00081030": {"vr": "LO", "Value": request.query.getall("includefield", ["none"])},
        }
        return self._json([described])

    def _stored(self, request: web.Request, content: bytes) -> web.Response:
        said = re.search(r'boundary="?([^";]+)', request.headers["Content-Type"])
        assert said is not None
        pieces = content.split(b"--" + said[1].encode())[1:-1]
        objects = [piece.partition(b"\r\n\r\n")[2][:-2] for piece in pieces]
        stored = [{"00081155": {"vr": "UI", "Value": [self.keep(one)]}} for one in objects]
        return self._json({"00081199": {"vr": "SQ", "Value": stored}})

    def _json(self, said: object) -> web.Response:
        return web.json_response(said, content_type="application/dicom+json")


def instance(number: int) -> bytes:
    """A secondary capture of STUDY with a number of its own."""
    made = dicom.file(
        dicom.head_elements(),
        dicom.text(0x00081030, "LO", "ABDOMEN"),
        dicom.text(0x00100020, "LO", "p-1"),
        dicom.uid(0x0020000D, STUDY),
        dicom.uid(0x0020000E, f"{STUDY}.1"),
        dicom.pixel_module(),
        dicom.native(),
    )
    return made.replace(dicom.INSTANCE.encode(), f"{dicom.INSTANCE[:-4]}{number:04}".encode())


def read(content: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(content), force=True)

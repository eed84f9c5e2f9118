"""OFD (GB/T 33190-2016): what both readers hold a fixed-layout document to.

    zip --files--> structure first --follower--> Fault, Text, references
         \\-------> pages, once their numbers are known
          \\------> every file is named by another, every name is a file

No action but a jump within the document, nothing encrypted, no file that nothing names. Signatures are
checked for their form only (their files are there, what they sign is there): nobody here says whether a
signature holds, and whatever is masked or made anew breaks it. Attachments, pictures and fonts come out as
parts by the walk, which types and scans them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.errors import Field
from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.ofd_files import (
    ROOT_FILE,
    ROOTS,
    Reference,
    Use,
    candidates,
    fits,
    is_jbig2,
)
from gateway.inspection.formats.ofd_parts import OfdFollower
from gateway.inspection.formats.ooxml_follower import looks_like_xml, root_of
from gateway.inspection.formats.ooxml_stream import Members, PartStream, Watching, parts
from gateway.inspection.unsound import Fault, Unsound, Word

WORD: Final = Word.OFD
_FAULTS_A_KIND: Final = 3


@dataclass(frozen=True, slots=True)
class OfdProfile:
    """What a channel takes.

    attachments: files inside, which the walk looks at. fonts: TrueType, OpenType, CFF. jbig2: pictures in
    JBIG2, whose decoders have been broken into. signatures: signed ones, not verified here.
    unreferred: files that nothing names.
    """

    attachments: bool = True
    fonts: bool = True
    jbig2: bool = False
    signatures: bool = True
    unreferred: bool = False


def read(
    members: Members, watch: Watching, content: Content, limits: FormatLimits, profile: OfdProfile
) -> Iterator[Item]:
    """Faults and texts of a document, by the readers of one side.

    Raises Unsound 32xx (the zip), 3600 to 3611 (the XML of a file), 3855, and OSError.
    """
    document = _Document(watch, limits, profile)
    for member, stream in parts(members, content):
        yield from member.faults
        if not member.encrypted:
            yield from document.file(member.name, stream)
    yield from document.judge()
    for member, stream in parts(members, content):
        if member.name in document.later:
            yield from document.page(member.name, stream)
    yield from document.judge_pages()


class _Document:
    """What is known of one OFD."""

    def __init__(self, watch: Watching, limits: FormatLimits, profile: OfdProfile) -> None:
        self._watch, self._limits, self._profile = watch, limits, profile
        self._files: dict[str, str] = {}
        self._jbig2: list[str] = []
        self._references: list[Reference] = []
        self._numbers: dict[str, int] = {}
        self._named: dict[str, set[Use]] = {}
        self._roots: list[str] = []
        self._seen: set[str] = set()
        self._said: dict[int, int] = {}
        self.later: dict[str, None] = {}

    def file(self, name: str, stream: PartStream) -> Iterator[Item]:
        """One file, as it comes. Pages, and XML of other vocabularies, are read later."""
        head = stream.content.head
        xml = looks_like_xml(head)
        root = root_of(head) if xml else ""
        self._files[name] = root if xml else ""
        if is_jbig2(name, head):
            self._jbig2.append(name)
        if not xml:
            return
        if root == "Page" or root not in ROOTS:
            self.later[name] = None
            return
        follower = OfdFollower(WORD, name, root, self._limits, name)
        yield from self._followed(stream, follower)
        for location in follower.pages if root == "Document" else ():
            one = Reference(name, Use.PAGE, location)
            for file in candidates(one, self._folders())[:1]:
                self._numbers.setdefault(file, len(self._numbers) + 1)
        if len(self._numbers) > self._limits.pages:
            raise follower.refuse(3855, limit=self._limits.pages)

    def page(self, name: str, stream: PartStream) -> Iterator[Item]:
        """A page, or a file of another vocabulary that is no attachment."""
        uses = self._named.get(name, set())
        if uses and uses <= {Use.ATTACHMENT, Use.SIGNED}:
            # It comes out as a file of its own, and is read as what it is.
            return
        number = self._numbers.get(name)
        where = f"page {number}" if number is not None else name
        root = self._files[name]
        yield from self._followed(stream, OfdFollower(WORD, name, root, self._limits, where))

    def _followed(self, stream: PartStream, follower: OfdFollower) -> Iterator[Item]:
        try:
            yield from self._watch(stream.content, follower)
        except Unsound as error:
            if error.fault.word == Word.XML:
                fields: dict[str, Field] = {"part": follower.part[:80], "rule": error.fault.number}
                yield Fault(WORD, 3858, fields)
            raise
        self._references += follower.references
        self._seen |= follower.seen
        if len(self._references) > self._limits.values:
            raise follower.refuse(3855, limit=self._limits.values)

    def _folders(self) -> list[str]:
        """Folders of the documents, by where their roots are."""
        found = (
            posixpath.dirname(file) for file, root in self._files.items() if root == "Document"
        )
        return list(dict.fromkeys(found))

    def judge(self) -> Iterator[Fault]:
        """Everything but what pages name."""
        if self._files.get(ROOT_FILE) != "OFD":
            yield from self._fault(3840, part=ROOT_FILE, what=self._files.get(ROOT_FILE, ""))
        for wanted in ("DocRoot", "Pages"):
            if wanted not in self._seen:
                yield from self._fault(3859, part="", what=wanted)
        yield from self._resolve()
        for file in self._jbig2:
            if not self._profile.jbig2:
                yield from self._fault(3852, part=file)
        if "JBIG2" in self._seen and not self._jbig2 and not self._profile.jbig2:
            yield from self._fault(3852, part="MultiMedia")

    def judge_pages(self) -> Iterator[Fault]:
        """What pages name, and files that nothing names."""
        yield from self._resolve()
        for file, number in self._numbers.items():
            if self._files.get(file) != "Page":
                yield from self._fault(3856, part=file, what=f"page {number}")
        for file in self._files:
            if file not in self._named and file != ROOT_FILE and not self._profile.unreferred:
                yield from self._fault(3844, part=file)

    def _resolve(self) -> Iterator[Fault]:
        roots = self._folders()
        references, self._references = self._references, []
        for one in references:
            found = candidates(one, roots)
            file = next((name for name in found if name in self._files), None)
            if not found:
                yield from self._fault(3843, part=one.source, target=one.location)
            elif file is None:
                yield from self._fault(3842, part=one.source, target=one.location)
            else:
                uses = self._named.setdefault(file, set())
                if one.use not in uses:
                    uses.add(one.use)
                    yield from self._judge_use(one, file)

    def _judge_use(self, one: Reference, file: str) -> Iterator[Fault]:
        profile, root = self._profile, self._files[file]
        if not fits(one.use, file):
            yield from self._fault(3841, part=file, what=one.use.value)
        match one.use:
            case Use.STRUCTURE | Use.PAGE if root not in ROOTS:
                yield from self._fault(3856, part=file, what=root)
            case Use.PICTURE | Use.FONT if root:
                yield from self._fault(3841, part=file, what=one.use.value)
            case Use.ATTACHMENT if not profile.attachments:
                yield from self._fault(3850, part=file)
            case Use.SIGNATURE if not profile.signatures:
                yield from self._fault(3853, part=file)
            case _:
                pass
        if one.use is Use.FONT and not profile.fonts:
            yield from self._fault(3851, part=file)

    def _fault(self, number: int, **fields: str | int) -> Iterator[Fault]:
        self._said[number] = self._said.get(number, 0) + 1
        if self._said[number] <= _FAULTS_A_KIND:
            cut = {key: one[:80] if isinstance(one, str) else one for key, one in fields.items()}
            yield Fault(WORD, number, cut)

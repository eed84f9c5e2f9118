"""What stands in the Header of a SOAP message: listed blocks, each once; on both sides."""

from __future__ import annotations

import pytest

from gateway.policy.model import Channel
from tests.gateway.guard.contents import channel_of, numbers
from tests.gateway.guard.test_soap_contents import (
    FAULT,
    PLACE,
    SCHEMAS,
    SOAP11,
    SOAP12,
    SPACE,
    XSD,
    envelope,
)
from tests.support.sides import Sides

# A block of the schema beside the messages.
TICKET = """\
  <xs:element name="Ticket"><xs:complexType><xs:sequence>
    <xs:element name="number" type="xs:int"/></xs:sequence>
    <xs:attribute name="kind" type="xs:string"/></xs:complexType></xs:element>
</xs:schema>
"""
WITH_TICKET = {"schemas/orders.xsd": XSD.replace("</xs:schema>\n", TICKET)}
LINE = "soap {} of Place with header Trace, MessageID or Ticket following schemas/orders.xsd"
TRACE = '<Trace xmlns="urn:site">abc-1</Trace>'
A_TICKET = f'<o:Ticket xmlns:o="{SPACE}" kind="x"><o:number>1</o:number></o:Ticket>'


@pytest.fixture(scope="module")
def channel() -> Channel:
    return channel_of(LINE.format("1.1"), WITH_TICKET)


def headed(*blocks: str, space: str = SOAP11) -> bytes:
    return envelope(PLACE, space, before=f"<s:Header>{''.join(blocks)}</s:Header>")


@pytest.mark.parametrize(
    "content",
    [
        envelope(PLACE),
        headed(),
        headed(TRACE),
        headed("\n ", TRACE, '<MessageID xmlns="http://www.w3.org/2005/08/addressing">urn:uuid:1</MessageID>'),
        headed(A_TICKET, TRACE),
        headed(TRACE.replace("xmlns", 's:mustUnderstand="1" xmlns')),
        headed(A_TICKET.replace("kind", 's:mustUnderstand="0" kind')),
    ],
)  # fmt: skip
def test_listed_blocks_pass(sides: Sides, channel: Channel, content: bytes) -> None:
    assert numbers(sides, channel, content) == (0, 0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (headed("<Other/>"), {3614}),
        (headed('<Other s:mustUnderstand="1"/>'), {3614}),
        (headed(TRACE, TRACE), {3614}),
        (headed(TRACE.replace("abc-1", "<b/>")), {3614}),
        (headed(TRACE.replace("xmlns", 's:mustUnderstand="2" xmlns')), {3614}),
        (headed(TRACE.replace("xmlns", 's:mustUnderstand="true" xmlns')), {3614}),
        (headed(TRACE.replace("xmlns", 's:actor="urn:a" xmlns')), {3614}),
        (headed(TRACE.replace("xmlns", 'a="b" xmlns')), {3614}),
        (headed(A_TICKET.replace("kind", 's:actor="urn:a" kind')), {3614}),
        (headed("text"), {3614}),
        (headed(A_TICKET.replace(">1<", ">one<")), {3612}),
        (headed(A_TICKET.replace("<o:number>1</o:number>", "")), {3612}),
        (headed(A_TICKET.replace("o:number", "o:other")), {3612, 3613}),
        (headed(A_TICKET.replace('kind="x"', 'password="x"')), {3612, 3613}),
        (headed('<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:1"/>'), {3614}),
        # A block is none behind the Body, and a Header comes once.
        (envelope(PLACE).replace(b"</s:Envelope>", b"<s:Header/></s:Envelope>"), {3614}),
        (envelope(PLACE, before="<s:Header/><s:Header/>"), {3614}),
        (envelope(PLACE, before='<s:Header role="x"/>'), {3614}),
        # A block is no message, and a message is no block.
        (envelope(TRACE), {3614}),
        (headed(PLACE), {3614}),
        (f'<s:Envelope xmlns:s="{SOAP11}"><s:Header>{TRACE}</s:Header></s:Envelope>'.encode(), {3614}),
    ],
)  # fmt: skip
def test_any_other_is_refused(
    sides: Sides, channel: Channel, content: bytes, expected: set[int]
) -> None:
    assert all(number in expected for number in numbers(sides, channel, content))


def test_in_version_12_a_block_for_somebody_on_the_way_is_refused_too(sides: Sides) -> None:
    channel = channel_of(LINE.format("1.2"), WITH_TICKET)
    understood = TRACE.replace("xmlns", 's:mustUnderstand="true" xmlns')
    assert numbers(sides, channel, headed(understood, space=SOAP12)) == (0, 0)
    for word in ("role", "relay"):
        block = TRACE.replace("xmlns", f's:{word}="x" xmlns')
        assert numbers(sides, channel, headed(block, space=SOAP12)) == (3614, 3614)


def test_without_the_words_no_block_passes_and_with_them_a_fault_may_have_some(
    sides: Sides,
) -> None:
    plain = channel_of("soap 1.1 of Place following schemas/orders.xsd", SCHEMAS)
    assert numbers(sides, plain, headed(TRACE)) == (3614, 3614)
    fault = channel_of("soap 1.1 fault with header Trace")
    content = envelope(FAULT, before=f"<s:Header>{TRACE}</s:Header>")
    assert numbers(sides, fault, content) == (0, 0)

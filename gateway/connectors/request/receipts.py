"""What a caller may ask of a request that he has submitted: one path, which no operation has. Pure.

GET /.well-known/ferrygate/receipts/7QK4-M2XD-9

{"receipt": "7QK4-M2XD-9", "state": "waiting"}
{"receipt": ..., "state": "performed", "status": 201}       status: what the peer answered
{"receipt": ..., "state": "performed", "number": "FG-6388"} performed, its answer was not taken
{"receipt": ..., "state": "refused", "number": "FG-2358"}   not performed
{"receipt": ..., "state": "unknown", "number": "FG-6423"}   perhaps performed; nobody tries again
"""

from __future__ import annotations

import json
from typing import Final, Protocol

from gateway.errors import Refused
from gateway.policy.targets import OWN_PATH
from gateway.unit.number import hear, speak

PATH: Final = f"{OWN_PATH}/receipts/"


class Known(Protocol):
    """What is known of one. state: a word; status, number: 0 for none."""

    @property
    def state(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def number(self) -> int: ...


class Receipts(Protocol):
    def known(self, number: int, channel: str, caller: str, /) -> Known | None:
        """None for anybody else's, and for none. Called from the loop's thread; does no I/O."""
        ...


def is_for_receipt(untrusted_target: str) -> bool:
    """Whether a target is one of these, and no operation's."""
    return untrusted_target.startswith(PATH)


def told_of(
    receipts: Receipts, method: str, untrusted_target: str, channel: str, caller: str
) -> bytes:
    """The content of the answer. Raises Refused 6432: there is none that this caller may know of."""
    untrusted_number = untrusted_target.removeprefix(PATH)
    if method != "GET" or not caller or len(untrusted_number) > 16:
        raise Refused(6432)
    try:
        number = hear(untrusted_number)
    except Refused as error:
        raise Refused(6432) from error
    known = receipts.known(number, channel, caller)
    if known is None:
        raise Refused(6432)
    told: dict[str, str | int] = {"receipt": speak(number), "state": known.state}
    if known.status:
        told["status"] = known.status
    if known.number:
        told["number"] = f"FG-{known.number}"
    return json.dumps(told).encode("ascii") + b"\n"

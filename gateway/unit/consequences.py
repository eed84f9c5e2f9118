"""What is known of a request that has no answer, as an error here and as a word that crosses. Pure.

error --consequence_of--> Consequence --(guard, lane, guard)--> error_of --> error
"""

from __future__ import annotations

from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.unit.number import speak
from gateway.unit.request import Consequence


def consequence_of(error: GatewayError, *, performed: bool = False) -> Consequence:
    """performed: the request was, whatever the error says of it; a sink says so by a field of that name."""
    match error:
        case Refused():
            was = performed or bool(error.fields.get("performed"))
            return Consequence.ANSWER_REFUSED if was else Consequence.REFUSED
        case Unavailable():
            return Consequence.UNAVAILABLE
        case _:
            return Consequence.UNCERTAIN


def error_of(
    consequence: Consequence | None, number: int, request: int
) -> Refused | Unavailable | StateUncertain:
    """As the ones who stopped it said: with its number, and whether it was performed. consequence: None where
    nothing is known. request: the number of the unit that asked."""
    unit = speak(request)
    match consequence:
        case Consequence.REFUSED:
            return Refused(number, unit=unit)
        case Consequence.UNAVAILABLE:
            return Unavailable(number, unit=unit)
        case Consequence.ANSWER_REFUSED:
            return Refused(number, unit=unit, performed=1)
        case _:
            return StateUncertain(number, unit=unit)

"""How a child's work on a unit can end badly, and what each is called: a number of the catalogue.

Ending        what the guard saw or the kernel told      refusal()      the unit is at fault
SandboxGone   the pre-loaded parent is not there         unavailable()  the unit waits
"""

from __future__ import annotations

import os
import signal
from enum import Enum
from typing import assert_never

from gateway.errors import Field, Refused, Unavailable
from gateway.messages.catalogue import shown


class Ending(Enum):
    """Why a unit's child was given up."""

    CRASHED = "crashed"  # a signal of its own making
    FORBIDDEN = "forbidden"  # a system call that the filter forbids
    MEMORY = "memory"
    CPU = "cpu"
    TIME = "time"
    SILENT = "silent"
    GARBAGE = "garbage"
    TOO_MUCH = "too much"
    CLOSED = "closed"  # its socket, without a last word
    RAISED = "raised"
    KILLED = "killed"  # by the kernel for want of memory, or by a person


class ChildFault(Exception):
    """A unit's work ended so. detail: a signal's or an exception's name, untrusted. Stays inside."""

    def __init__(self, ending: Ending, detail: str = "", limit: float = 0) -> None:
        super().__init__(ending, detail)
        self.ending = ending
        self.detail = detail
        self.limit = limit


class SandboxGone(Exception):
    """The pre-loaded parent has ended. Stays inside."""


def fault_of_status(wait_status: int | None) -> ChildFault:
    """What the kernel says of a child that ended without a last word."""
    if wait_status is None or os.WIFEXITED(wait_status):
        return ChildFault(Ending.CLOSED)
    number = os.WTERMSIG(wait_status)
    match number:
        case signal.SIGSYS:
            return ChildFault(Ending.FORBIDDEN)
        case signal.SIGXCPU:
            return ChildFault(Ending.CPU)
        case signal.SIGKILL:
            return ChildFault(Ending.KILLED)
    try:
        return ChildFault(Ending.CRASHED, signal.Signals(number).name)
    except ValueError:
        return ChildFault(Ending.CRASHED, str(number))


def refusal(fault: ChildFault, job: str, channel: str) -> Refused:
    """The refusal of a unit that ended a fresh child."""
    about: dict[str, Field] = {"job": job, "channel": channel}
    match fault.ending:
        case Ending.CRASHED:
            return Refused(3983, **about, signal=shown(fault.detail))
        case Ending.FORBIDDEN:
            return Refused(3984, **about)
        case Ending.MEMORY:
            return Refused(3985, **about, limit=int(fault.limit))
        case Ending.CPU:
            return Refused(3986, **about, limit=int(fault.limit))
        case Ending.TIME:
            return Refused(3987, **about, limit=int(fault.limit))
        case Ending.SILENT:
            return Refused(3988, **about, limit=int(fault.limit))
        case Ending.GARBAGE:
            return Refused(3989, **about)
        case Ending.TOO_MUCH:
            return Refused(3990, **about, limit=int(fault.limit))
        case Ending.CLOSED:
            return Refused(3991, **about)
        case Ending.RAISED:
            return Refused(3992, **about, name=shown(fault.detail))
        case Ending.KILLED:
            return Refused(3993, **about)
        case _:
            assert_never(fault.ending)


def not_started(reason: str) -> Unavailable:
    """The pre-loaded parent could not be started or closed off; reason: a word or two of ours."""
    return Unavailable(3980, reason=shown(reason))


def parent_ended(job: str, channel: str) -> Unavailable:
    """The pre-loaded parent ended while a unit was looked at: nothing is known of the unit."""
    return Unavailable(3981, job=job, channel=channel)


def no_child() -> Unavailable:
    """The parent could not fork, or the child could not be closed off."""
    return Unavailable(3982)


def sandbox_closed() -> Unavailable:
    """The guard is ending."""
    return Unavailable(3994)

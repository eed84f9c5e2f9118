"""Who a person is to this host: a user number of the kernel, the user's name, and a Unix group.

Nothing that a person says of himself counts; the number comes from the owner of a file. I/O: the host's
lists of users and groups (nsswitch.conf(5)).
"""

from __future__ import annotations

import grp
import os
import pwd
from enum import StrEnum


class Standing(StrEnum):
    """Whether somebody belongs to a group that a policy names."""

    MEMBER = "member"
    # The host has no group of this name: who it is was recorded, and nothing more can be said.
    NOT_KNOWN = "not known here"
    STRANGER = "not a member"


def user_name(uid: int) -> str:
    """The name of a user, or his number where the host has no name for it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def standing(uid: int, group: str) -> Standing:
    """How a user stands to the Unix group of this name, by his primary group and all others."""
    try:
        wanted = grp.getgrnam(group).gr_gid
    except KeyError:
        return Standing.NOT_KNOWN
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return Standing.STRANGER
    groups = os.getgrouplist(user.pw_name, user.pw_gid)
    return Standing.MEMBER if wanted in groups else Standing.STRANGER

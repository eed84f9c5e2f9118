"""Landlock: no path of the file system, no TCP port, no process outside may be reached.

A second lock behind the seccomp filter, and the first one of the pre-loaded parent. No rule is added:
what is handled and not allowed is denied. Source: Documentation/userspace-api/landlock.rst of Linux.
"""

from __future__ import annotations

import ctypes
from typing import Final

from gateway.inspection.sandbox import kernel

# The same numbers on every architecture, asm-generic/unistd.h.
_CREATE_RULESET: Final = 444
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
# Access rights to files known to each version: 13 in the first, then refer, truncate, ioctl on devices.
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
# Version 4: bind and connect of TCP. Version 6: abstract Unix sockets and signals stay inside.
_NET_VERSION: Final = 4
_NET_RIGHTS: Final = 0b11
_SCOPE_VERSION: Final = 6
_SCOPES: Final = 0b11


def restrict() -> int:
    """Close this process and its children off; gives the version in force. Needs no_new_privileges.

    Raises OSError where the kernel has no Landlock or a system call filter forbids it.
    """
    version = kernel.system_call(_CREATE_RULESET, 0, 0, _ASK_VERSION)
    rights = (1 << _FILE_RIGHTS.get(version, max(_FILE_RIGHTS.values()))) - 1
    words = [rights]
    if version >= _NET_VERSION:
        words.append(_NET_RIGHTS)
    if version >= _SCOPE_VERSION:
        words.append(_SCOPES)
    ruleset = (ctypes.c_uint64 * len(words))(*words)
    descriptor = kernel.system_call(
        _CREATE_RULESET, ctypes.addressof(ruleset), ctypes.sizeof(ruleset), 0
    )
    # The descriptor is left to the close_range of each child and to the end of the parent.
    kernel.system_call(_RESTRICT_SELF, descriptor, 0)
    return version

"""The calls of Linux that closing off a process needs and that Python's os module does not offer.

Each is a thin shell over libc: no order, no policy. All raise OSError and nothing else.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
_libc.unshare.argtypes = [ctypes.c_int]
_libc.capset.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
_libc.syscall.restype = ctypes.c_long

# linux/prctl.h
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2
# linux/sched.h
CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000
# linux/capability.h: version 3, two words of 32 bits for each set
_CAPABILITY_VERSION_3: Final = 0x20080522
# One instruction of a filter, struct sock_filter.
_INSTRUCTION_BYTES: Final = 8


class _Program(ctypes.Structure):
    """struct sock_fprog, linux/filter.h."""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


class Filter:
    """A seccomp program, made once and laid over each child."""

    __slots__ = ("_address", "_code", "_program")

    def __init__(self, code: bytes) -> None:
        self._code = code
        self._program = _Program(len(code) // _INSTRUCTION_BYTES, code)
        self._address = ctypes.addressof(self._program)

    def lay_over(self) -> None:
        """From here this process makes no call that the filter forbids. Needs no_new_privileges."""
        _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self._address)


def no_new_privileges() -> None:
    """No program that this process might start would gain rights; inherited."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def not_dumpable() -> None:
    """No core, no ptrace from processes of the same user, /proc/self belongs to root; inherited."""
    _prctl(_PR_SET_DUMPABLE, 0)


def die_with_parent(signal_number: int) -> None:
    """The kernel sends the signal when the parent's thread ends. Not inherited."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)


def unshare(flags: int) -> None:
    """Namespaces of its own."""
    _checked(_libc.unshare(flags))


def drop_capabilities() -> None:
    """No capability is left, effective, permitted or inheritable."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(ctypes.addressof(header), ctypes.addressof(nothing)))


def system_call(number: int, *arguments: int) -> int:
    """A call without a wrapper in libc; the arguments are numbers or addresses."""
    return _checked(
        _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(one) for one in arguments))
    )


def _prctl(option: int, second: int = 0, third: int = 0) -> None:
    _checked(_libc.prctl(option, second, third, 0, 0))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(result)

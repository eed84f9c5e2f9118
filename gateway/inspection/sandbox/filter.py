"""The system calls that a child may make, as a seccomp program. Default: the process is killed.

    allowed          memory, reading what is open, its own socket, clocks, locks, ending
    answered EPERM   what libraries try by the way and can go on without: open a file, look at a path
    answered ENOTTY  ioctl, with which Python asks each file whether it is a terminal
    killed           all else: sockets, processes, threads, ptrace, exec, memfd, namespaces, keys, ...

A call of another architecture (32-bit, x32) is killed too. libseccomp knows the numbers of each
architecture; names that one does not have (aarch64 has no `open`) are left out there.
"""

from __future__ import annotations

import errno
import mmap
import os
from typing import Final

import pyseccomp  # type: ignore[import-untyped]

from gateway.inspection.sandbox.kernel import Filter

_ALLOWED: Final = (
    # Memory; mmap and mprotect stand below.
    "brk",
    "munmap",
    "mremap",
    "madvise",
    # Reading what is open. write is for the socket and /dev/null: FSIZE 0 keeps it off files.
    "read",
    "readv",
    "pread64",
    "preadv",
    "lseek",
    "fstat",
    "write",
    "writev",
    "close",
    "dup",
    "fadvise64",
    # Its own socket, the only one it has.
    "recvfrom",
    "recvmsg",
    "sendto",
    "sendmsg",
    # Locks, clocks, random bytes, ending.
    "futex",
    "sched_yield",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "gettimeofday",
    "getrandom",
    "getpid",
    "gettid",
    "getrusage",
    "times",
    "rt_sigreturn",
    "rt_sigprocmask",
    "restart_syscall",
    "exit",
    "exit_group",
)
_NOT_PERMITTED: Final = (
    # A late import, a locale, a time zone, a font, /proc: the library goes on or the job raises.
    "open",
    "openat",
    "openat2",
    "stat",
    "lstat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    "getdents64",
    # What a library asks about machine and process; glibc's qsort asks for the size of memory.
    "uname",
    "sysinfo",
    "sched_getaffinity",
    "prlimit64",
    "prctl",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getppid",
    # Python asks each descriptor that it makes a socket of.
    "getsockname",
    "getsockopt",
    # abort(3) sends its signal by tgkill; refused, it ends by a trap: a crash, told as one.
    "kill",
    "tgkill",
    "rt_sigaction",
    "sigaltstack",
)
# fcntl commands without effect outside the process: F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL.
_FCNTL_COMMANDS: Final = (1030, 1, 2, 3)
# fcntl.h. glibc 2.33 to 2.38 calls newfstatat with it for fstat.
_AT_EMPTY_PATH: Final = 0x1000
# linux/seccomp: rules as a binary tree, a few comparisons for each call.
_BINARY_TREE: Final = 2


# libseccomp asks the kernel by seccomp(2) what it can; a unit file whose filter forbids that call would
# make it believe that no process can be killed. Kernels from 4.14 can (level 3).
_LEVEL_WITH_KILL_PROCESS: Final = 3


def child_filter(architecture: int | None = None) -> Filter:
    """The filter of every child. architecture: pyseccomp.Arch, None for this machine's.

    Raises OSError where libseccomp cannot make it. A memory file is opened and closed again.
    """
    return Filter(_compiled(_rules(architecture)))


def _rules(architecture: int | None) -> pyseccomp.SyscallFilter:
    pyseccomp.set_api(max(pyseccomp.get_api(), _LEVEL_WITH_KILL_PROCESS))
    rules = pyseccomp.SyscallFilter(pyseccomp.KILL_PROCESS)
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    if architecture is not None and architecture != pyseccomp.system_arch():
        rules.add_arch(architecture)
        rules.remove_arch(pyseccomp.system_arch())
    rules.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, _BINARY_TREE)
    for name in _ALLOWED:
        rules.add_rule(pyseccomp.ALLOW, name)
    for name in _NOT_PERMITTED:
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
    rules.add_rule(pyseccomp.ERRNO(errno.ENOTTY), "ioctl")
    _add_conditions(rules)
    return rules


def _add_conditions(rules: pyseccomp.SyscallFilter) -> None:
    """Calls that depend on an argument. Two rules of one call may not overlap."""
    not_executable = pyseccomp.Arg(2, pyseccomp.MASKED_EQ, mmap.PROT_EXEC, 0)
    for name in ("mmap", "mprotect"):
        rules.add_rule(pyseccomp.ALLOW, name, not_executable)
        executable = pyseccomp.Arg(2, pyseccomp.MASKED_EQ, mmap.PROT_EXEC, mmap.PROT_EXEC)
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name, executable)
    for command in _FCNTL_COMMANDS:
        rules.add_rule(pyseccomp.ALLOW, "fcntl", pyseccomp.Arg(1, pyseccomp.EQ, command))
    rules.add_rule(pyseccomp.ALLOW, "newfstatat", pyseccomp.Arg(3, pyseccomp.EQ, _AT_EMPTY_PATH))
    rules.add_rule(
        pyseccomp.ERRNO(errno.EPERM), "newfstatat", pyseccomp.Arg(3, pyseccomp.NE, _AT_EMPTY_PATH)
    )


def _compiled(rules: pyseccomp.SyscallFilter) -> bytes:
    with open(os.memfd_create("filter"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()

"""In which order the pre-loaded parent and each child are closed off.

    parent, once, all loaded     one thread? -> first to be killed for memory -> own network, users ->
                                 empty root -> no new privileges -> Landlock -> no capability -> not dumpable
    child, after each fork       ends with its parent -> only its own descriptors -> limits -> filter

What a child cannot do without (no new privileges, limits, filter) raises where it cannot be had. The rest
is a second lock: an installation that forbids it (RestrictNamespaces=) goes on, and says so in Ready.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.inspection.sandbox import kernel, landlock, limits

# Where a child's own descriptors stand; 0 to 2 are /dev/null, so that a library's message meets no socket.
SOCKET: Final = 3
SCRATCH: Final = 4
_FIRST_FOREIGN: Final = 5
# proc(5): chosen before all that have less.
_FIRST_TO_BE_KILLED: Final = "1000"
_HIGHEST_DESCRIPTOR: Final = 1 << 20


def close_off_parent() -> list[str]:
    """Close this process off, and with it all its children. Gives the protections in force.

    Raises OSError where no_new_privs or the dumpable flag cannot be set. Call it when all is loaded:
    afterwards no file can be opened.
    """
    in_force = [
        name
        for name, protect in (
            ("oom_score_adj", _be_killed_first),
            ("namespaces", _own_namespaces),
            ("empty_root", _empty_root),
        )
        if _permitted(protect)
    ]
    kernel.no_new_privileges()
    for name, protect in (
        ("landlock", landlock.restrict),
        ("capabilities", kernel.drop_capabilities),
    ):
        if _permitted(protect):
            in_force.append(name)
    kernel.not_dumpable()
    return [*in_force, "no_new_privs", "not_dumpable", "rlimits", "seccomp"]


def close_off_child(
    parent: int,
    child_socket: int,
    scratch: int,
    address_space_bytes: int,
    cpu_s: int,
    rules: kernel.Filter,
) -> int:
    """Close this freshly forked process off for good; gives a pidfd of it for the guard.

    scratch: a descriptor, or -1. From here only what the filter allows can be done. Raises OSError,
    ValueError; the caller then ends the process.
    """
    kernel.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        raise OSError("the parent has ended already")
    _keep_only(child_socket, scratch)
    own = os.pidfd_open(os.getpid())
    limits.limit_child(address_space_bytes, cpu_s)
    rules.lay_over()
    return own


def single_threaded() -> bool:
    """Whether this process may fork safely: a lock held by another thread would stay held in the child."""
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _keep_only(child_socket: int, scratch: int) -> None:
    """Nothing of the parent's and of other children stays open."""
    # Copies first, out of the way of the two places.
    copies = [os.dup(child_socket), os.dup(scratch) if scratch >= 0 else -1]
    os.dup2(copies[0], SOCKET)
    if scratch >= 0:
        os.dup2(copies[1], SCRATCH)
    os.closerange(_FIRST_FOREIGN if scratch >= 0 else SCRATCH, _HIGHEST_DESCRIPTOR)


def _permitted(protect: Callable[[], object]) -> bool:
    try:
        protect()
    except OSError:
        return False
    return True


def _be_killed_first() -> None:
    Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_BE_KILLED)


def _own_namespaces() -> None:
    kernel.unshare(
        kernel.CLONE_NEWUSER
        | kernel.CLONE_NEWNET
        | kernel.CLONE_NEWIPC
        | kernel.CLONE_NEWUTS
        | kernel.CLONE_NEWNS
    )


def _empty_root() -> None:
    """A folder that no longer exists as the root: not even whether a path exists can be asked."""
    folder = Path(tempfile.mkdtemp(prefix="ferrygate-"))
    try:
        os.chdir(folder)
        folder.rmdir()
        os.chroot(".")
    except OSError:
        if folder.is_dir():
            folder.rmdir()
        os.chdir("/")
        raise

"""The jobs, started under what a strict unit file forbids: seccomp(2), Landlock, namespaces, capset."""

import errno

import pyseccomp  # type: ignore[import-untyped]

from gateway.inspection.sandbox.serve import serve
from tests.gateway.inspection.sandbox.program import JOBS

_FORBIDDEN = ("seccomp", "unshare", "capset", "chroot", "landlock_create_ruleset", "setns")

if __name__ == "__main__":
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in _FORBIDDEN:
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
    rules.load()
    serve(JOBS)

"""`metrics`: the figures of the processes for Prometheus, printed or written for node_exporter to read.

    */1 * * * * ferrygate metrics --to /var/lib/prometheus/node-exporter/ferrygate.prom

No process of the gate opens a port for it: whoever watches the host reads a file (the textfile collector of
node_exporter). Changes nothing of the gate.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from gateway.management.commands.command import Call, Command, Exit, add_side
from gateway.management.terminal.help import Parser

# For node_exporter, which is another user.
_FILE_MODE: Final = 0o644


def metrics(call: Call) -> int:
    """The text of every process at hand. Raises Misconfigured 101x (no gate there); OSError with --to."""
    from gateway.audit.metrics import prometheus_text
    from gateway.audit.status import read_status

    hosts = call.hosts()
    text = prometheus_text({side.value: read_status(host.run) for side, host in hosts.items()})
    target: Path | None = call.options.to
    if target is None:
        call.out.write(text)
    else:
        write_whole(target, text.encode())
    return Exit.YES


def write_whole(target: Path, content: bytes) -> None:
    """The file as it was, or as it is to be: whoever reads it meanwhile sees no half. Raises OSError."""
    # The collector reads *.prom only, never this name; a name that nobody can foresee is nobody's link.
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, _FILE_MODE)  # the umask had its say
            file.write(content)
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help="write FILE whole, for node_exporter's textfiles"
    )
    add_side(parser)


COMMANDS: Final = (
    Command(
        "metrics",
        "Print the figures of the processes as Prometheus reads them.",
        (
            "ferrygate metrics | grep units_total",
            "ferrygate metrics --to /var/lib/prometheus/node-exporter/ferrygate.prom",
        ),
        metrics,
        _arguments,
    ),
)

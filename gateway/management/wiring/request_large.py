"""What a source needs for operations of large contents: room on the disk of the queues, and uploads.

    HOST/queues/LANE/captured, staging     bodies while they come in, without a name
    HOST/state/edge/uploads/CHANNEL/       uploads that resume

A channel without such operations has nothing of it. Limits are of the channel; the reserve is the queues'.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.management.wiring.request_files import most_content_bytes
from gateway.policy.model import Channel
from gateway.unit.request import MAX_CONTENT_BYTES
from gateway.unit.submitting import Submitter

if TYPE_CHECKING:
    from gateway.connectors.request.large import Large


def large_of(
    channel: Channel, submitter: Submitter | None, uploads: Path, reserve_bytes: int
) -> Large | None:
    """uploads: HOST/state/edge/uploads. Raises Misconfigured 6464; None where no operation is large."""
    requests = channel.requests
    if requests is None or submitter is None:
        return None
    if not any(operation.is_large for operation in requests.operations.values()):
        return None
    from gateway.connectors.request.disk_room import DiskLimits, DiskRoom
    from gateway.connectors.request.large import Large
    from gateway.connectors.request.upload_store import Uploads, remove_old

    staging, limits = submitter.staging(), DiskLimits(reserve_bytes=reserve_bytes)
    remove_old(uploads)
    most_bytes = most_content_bytes(requests)
    if most_bytes <= MAX_CONTENT_BYTES:
        return Large(submitter, DiskRoom(staging, limits))
    own = uploads / channel.name
    room = DiskRoom(staging, limits, also=[own])
    return Large(submitter, room, Uploads(own, room, most_bytes))

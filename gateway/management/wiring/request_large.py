"""What a source needs for operations of large contents: room on the disk of the queues, and uploads.

    HOST/queues/LANE/captured, staging     bodies while they come in, without a name
    HOST/state/edge/uploads/CHANNEL/       uploads that resume

A channel without such operations has nothing of it. Limits are of the channel; the reserve is the queues'.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.management.wiring.request_files import most_content_bytes
from gateway.policy.model import Channel
from gateway.unit.request import MAX_CONTENT_BYTES
from gateway.unit.submitting import Submitter

if TYPE_CHECKING:
    from gateway.connectors.request.large import Large


def large_of(
    channel: Channel,
    submitter: Submitter | None,
    uploads: Path,
    reserve_bytes: int,
    kept: MutableMapping[str, Large] | None = None,
) -> Large | None:
    """uploads: HOST/state/edge/uploads. kept: of channels opened before, by name; grows by this one.

    A channel that is opened anew has the uploads that it had: its former source may still be writing to some
    of them, and two who do not know of each other would tear holes into one. Raises Misconfigured 6464;
    None where no operation is large.
    """
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
    kept = kept if kept is not None else {}
    known = kept.get(channel.name)
    if known is not None and known.uploads is not None:
        known.uploads.most_bytes = most_bytes
        return known
    own = uploads / channel.name
    room = DiskRoom(staging, limits, also=[own])
    made = kept[channel.name] = Large(submitter, room, Uploads(own, room, most_bytes))
    return made

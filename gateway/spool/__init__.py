"""Where a unit waits: a queue is a folder with one writer and one reader, and survives a power cut.

writer process   put  -->   segments/  body/   -->  take, ack, release, reject   reader process
                                                        refused/  held/  corrupt/
"""

from __future__ import annotations

from gateway.spool.aside_keeping import AsideKeep, Removal
from gateway.spool.epoch import claim_epoch
from gateway.spool.outside import look
from gateway.spool.reader import open_reader
from gateway.spool.set_aside import SetAside, units_aside
from gateway.spool.writer import open_writer

__all__ = [
    "AsideKeep",
    "Removal",
    "SetAside",
    "claim_epoch",
    "look",
    "open_reader",
    "open_writer",
    "units_aside",
]

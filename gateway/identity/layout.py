"""The sealed unit as numbers: sizes, offsets and words of docs/SEALING.md. No code that packs or reads.

gateway.sending.seal packs and gateway.receiving.verify reads, each with code of its own; what they
share is this page.

    offset  size
         0     4  magic "FGSU"
         4     1  format version
         5     1  suite
         6     1  lane: 1 import, 2 export
         7     1  zero
         8     8  unit number
        16     8  total size of the sealed unit in bytes
        24     8  size of the plain body in bytes
        32     2  size of the encapsulation in bytes
        34     2  size of the sealed manifest in bytes, tag included
        36     2  size of the clearance in bytes
        38     2  zero
        40     8  epoch
        48    32  signer: SHA-256 of the signer's certificate (DER)
        80    16  salt, random
        96        encapsulation | sealed manifest | clearance | segments of the body
    All integers are big-endian and unsigned.
"""

from __future__ import annotations

from typing import Final

from gateway.unit.model import Lane

MAGIC: Final = b"FGSU"
FORMAT_VERSION: Final = 1
HEADER_BYTES: Final = 96
SALT_BYTES: Final = 16
TAG_BYTES: Final = 16

# Big enough that a tag and a call cost nothing, small enough that a reader holds a few.
SEGMENT_BYTES: Final = 1 << 20
# Far above any file; keeps the 32-bit segment counter (4 PiB) and every sum out of reach.
MAX_BODY_BYTES: Final = 1 << 44
# Header, encapsulation, manifest (8,192 and tag) and clearance, with room for post-quantum suites.
MAX_HEAD_BYTES: Final = 16 << 10

LANE_CODES: Final = {Lane.IMPORT: 1, Lane.EXPORT: 2}

# What a nonce is for, its last byte: the same key never sees one nonce for two things.
ROLE_SEGMENT: Final = 0
ROLE_LAST_SEGMENT: Final = 1
ROLE_MANIFEST: Final = 2

# Words before what is signed, derived or encapsulated: no signature or key serves a second purpose.
CLEARANCE_CONTEXT: Final = b"ferrygate clearance 1\0"
ENCAPSULATION_CONTEXT: Final = b"ferrygate encapsulation 1\0"
UNIT_KEY_CONTEXT: Final = b"ferrygate unit key 1\0"
EPOCH_BUNDLE_CONTEXT: Final = b"ferrygate epoch bundle 1\0"

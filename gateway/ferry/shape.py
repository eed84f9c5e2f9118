"""The shape of a lane: how long a frame is and how many symbols make a block. No I/O.

Both ferries hold the same shape from their settings; a frame of another length is malformed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.errors import Misconfigured

# 24 bytes of numbers, 4 of length and 4 kept free; a multiple of 32, so that symbols stay aligned.
HEADER_BYTES: Final = 32
# One Ethernet frame less IPv4 (20) and UDP (8): no fragments, so nothing to reassemble before a check.
UDP4_OVERHEAD_BYTES: Final = 28
UDP6_OVERHEAD_BYTES: Final = 48
# A raw Ethernet frame has the whole MTU for itself.
ETHERNET_OVERHEAD_BYTES: Final = 0
# The largest UDP payload over IPv4, and so of one call with segmentation.
MAX_SEGMENTED_BYTES: Final = 65_507
# UDP_MAX_SEGMENTS of Linux before 6.2; later kernels allow more.
MAX_SEGMENTS: Final = 64
# Symbols are numbered in one byte, and the Cauchy matrix has 256 points for both kinds together.
MAX_SYMBOLS: Final = 255
# Losing one of few frames is likely when a block is small, and three frames cost nothing then.
SPARE_SYMBOLS: Final = 3
# Symbols of 9000-byte frames make blocks of 1 MiB; larger ones only cost memory and latency.
MAX_BLOCK_BYTES: Final = 1_200_000


@dataclass(frozen=True, slots=True)
class LaneShape:
    """frame_bytes: length of each frame as given to the link, header included.

    data_symbols, repair_symbols: of a full block; a partly filled one has fewer of both.
    """

    frame_bytes: int
    data_symbols: int
    repair_symbols: int

    def __post_init__(self) -> None:
        fits = (
            self.frame_bytes % 32 == 0
            and 512 <= self.frame_bytes <= 32_768
            and self.data_symbols >= 1
            and 0 <= self.repair_symbols <= 64
            and self.data_symbols + self.repair_symbols <= MAX_SYMBOLS
        )
        if not fits:
            raise Misconfigured(
                5101,
                frame_bytes=self.frame_bytes,
                data=self.data_symbols,
                repair=self.repair_symbols,
            )

    @property
    def symbol_bytes(self) -> int:
        return self.frame_bytes - HEADER_BYTES

    @property
    def symbols(self) -> int:
        return self.data_symbols + self.repair_symbols

    @property
    def block_bytes(self) -> int:
        """Data bytes of a full block, seal included."""
        return self.data_symbols * self.symbol_bytes

    @property
    def segments(self) -> int:
        """Frames that fit one call with segmentation offload."""
        return min(MAX_SEGMENTS, MAX_SEGMENTED_BYTES // self.frame_bytes)

    def data_for(self, length_bytes: int) -> int:
        """Data symbols that hold length_bytes (at least one byte)."""
        return -(-length_bytes // self.symbol_bytes)

    def repair_for(self, data_symbols: int) -> int:
        """Repair symbols of a block with so many data symbols: in proportion, and a few more.

        With the proportion alone one lost frame in a hundred would often cost a small block.
        """
        if self.repair_symbols <= SPARE_SYMBOLS:
            return self.repair_symbols
        share = -(-data_symbols * (self.repair_symbols - SPARE_SYMBOLS) // self.data_symbols)
        return min(self.repair_symbols, SPARE_SYMBOLS + share)


def shape_for(mtu_bytes: int, overhead_bytes: int, repair_percent: int = 5) -> LaneShape:
    """The shape that fills frames of an MTU and whole calls of segmentation. Raises Misconfigured 5101."""
    frame_bytes = min((mtu_bytes - overhead_bytes) // 32 * 32, 32_768)
    if frame_bytes < 512 or not 0 <= repair_percent <= 30:
        raise Misconfigured(5101, frame_bytes=frame_bytes, data=0, repair=repair_percent)
    segments = min(MAX_SEGMENTS, MAX_SEGMENTED_BYTES // frame_bytes)
    most = min(MAX_SYMBOLS, max(8, MAX_BLOCK_BYTES // frame_bytes))
    symbols = max(most // segments, 1) * segments if most >= segments else most
    repair = 0 if repair_percent == 0 else max(2, -(-symbols * repair_percent // 105))
    return LaneShape(frame_bytes, symbols - repair, repair)

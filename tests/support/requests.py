"""Both edges of a two-way gate played by a test (bench.played_edges); all between them is real."""

from __future__ import annotations

from bench.played_edges import (
    CALLER,
    CHANNEL,
    JSON,
    POLICY,
    Echo,
    Edges,
    add_channel,
    echo_content,
    request,
)

__all__ = [
    "CALLER",
    "CHANNEL",
    "JSON",
    "POLICY",
    "Echo",
    "Edges",
    "add_channel",
    "echo_content",
    "request",
]

"""The edges: one module a protocol, a Source and a Sink in each."""

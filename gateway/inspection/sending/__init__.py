"""The sending guard's readers: libmagic with a second look, our signatures, strict unpackers.

Shares no code with gateway.inspection.receiving; a test holds the two apart.
"""

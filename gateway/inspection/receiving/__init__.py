"""The receiving guard's readers: by structure, and the standard library's unpackers, cross-checked.

Shares no code with gateway.inspection.sending; a test holds the two apart.
"""

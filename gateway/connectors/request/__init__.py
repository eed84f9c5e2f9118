"""HTTP(S) at the edges: a source that callers ask, a sink that asks a peer. docs/REQUESTS.md.

    caller --bytes--> entry (framing, head) --> service (callers, signature, limits) --> RequestBody
           --> Asker ... the gate ... Performer (calling) --> peer

framing, head, target, media, subject, signature, limits and building are pure: bytes, values and time in,
values out. entry, listener, service, calling and loop are the thin parts with sockets. aiohttp lives here
and nowhere else. What crosses is built by service; what reaches a peer is built by building.
"""

"""How transient units go between the processes of a side: frames over Unix sockets, never written.

    frames.py     the bytes of a frame; the only reader of what a neighbour sends       pure
    outgoing.py   what waits for a socket, bounded, written by whoever comes            a thread's
    socket.py     folders, modes, who is at the other end                               I/O
    line.py       one end of a connection that comes back by itself, for threads        I/O
    caller.py     the edge's end, for asyncio                                           I/O

No unit is opened or judged here.
"""

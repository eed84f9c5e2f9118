"""What the guards of both lanes share: the judgement of a unit, and the hop from queue to queue.

Making and sealing a Cleared is gateway.sending's, verifying and making an Admitted gateway.receiving's;
here is only what must be the same on either side.
"""

"""The devices under a lane: UDP, raw Ethernet, memory."""

"""The devices under a lane: memory (tests), UDP, raw Ethernet. A SendOnlyLink cannot receive."""

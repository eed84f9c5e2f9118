"""What comes back in a gate of two lanes: records that cross, and when they are said. No link, no I/O."""

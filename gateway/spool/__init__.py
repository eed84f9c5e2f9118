"""Where a unit waits: a queue is a folder with one writer and one reader, and survives a power cut."""

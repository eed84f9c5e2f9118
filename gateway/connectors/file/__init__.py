"""Files: the watched folder as source, the folder as sink."""

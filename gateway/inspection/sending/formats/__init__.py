"""Format checks of the sending side, each beside another of the receiving side."""

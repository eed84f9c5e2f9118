"""Format checks of the receiving side: other parsers than the sending side uses."""

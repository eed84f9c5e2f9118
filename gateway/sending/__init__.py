"""The sending half of a side: capture, judge, seal, dispatch."""

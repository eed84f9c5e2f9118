"""How sealed units cross: frames, blocks with repair symbols, pacing, gaps and their names.

The ferry cannot open what it carries. Cores here take bytes and time and give values; sockets live
in `link`. docs/LANE.md has the bytes, the states and the figures.
"""

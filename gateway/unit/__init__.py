"""What crosses: a unit, its number, its stages and its typed body. Values only: no I/O, stdlib only."""

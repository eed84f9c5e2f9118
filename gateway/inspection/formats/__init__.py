"""What is inside a file of a known type: its syntax and its meaning, beyond the type itself.

The contract stands in contract.py. Each guard has checks of its own (gateway.inspection.sending.formats,
gateway.inspection.receiving.formats), written with different parsers; here lies what both may share:
limits, tables of the standards, profiles that a channel names.
"""

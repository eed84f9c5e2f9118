"""The figures of docs/PERFORMANCE.md, measured: `ferrygate bench` runs `python -m bench` in a checkout.

Not shipped. Each module measures one part and gives records: name, value, unit, parameters, and the
ceiling or peer that was measured in the same run, with the ratio to it.
"""

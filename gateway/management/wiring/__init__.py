"""The halves of lanes, each written once: what a process does for a lane that it sends on or receives on.

    edge     sending_edge    capturing()     receiving_edge    delivering()
    guard    sending_guard   clearing()      receiving_guard   admitting()
    ferry    sending_ferry   dispatching()   receiving_ferry   accepting()

A process of a one-way gate has one half and loads one module of these. One of a two-way gate joins the
sending half of one lane with the receiving half of the other: outer/ and inner/ say which.
"""

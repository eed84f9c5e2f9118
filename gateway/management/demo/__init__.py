"""`ferrygate demo`: both hosts on this machine, good and hostile files, and what became of each."""

from gateway.management.demo.course import run_demo

__all__ = ["run_demo"]

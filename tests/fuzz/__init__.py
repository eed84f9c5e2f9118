"""Damaged files for every reader and writer of ours, as long as one likes: `python -m tests.fuzz`."""

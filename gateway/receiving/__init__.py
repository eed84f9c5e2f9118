"""The receiving half of a side: accept, verify, admit, deliver."""

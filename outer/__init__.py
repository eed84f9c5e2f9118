"""The outer host: its wiring and its start. Everything else is in gateway."""

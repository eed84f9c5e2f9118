"""What we tell: events, the journal with its hash chain, checkpoints, status and alarms."""

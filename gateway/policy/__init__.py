"""May it cross: policy files to rules, and rules to verdicts."""

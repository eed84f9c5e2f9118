"""The library that both hosts share: what crosses, whether it may, and how it goes.

    errors, messages  what can go wrong, by consequence; the texts that people read
    unit              WHAT crosses            values only, no I/O
    policy            MAY it cross            files to rules, rules to verdicts
    inspection        IS it what it says      type, archives, malware: findings as facts
    identity          WHO says so             certificates, keys, epochs
    spool             WHERE it waits          durable queues between processes
    ferry             HOW it crosses          frames, repair, links
    audit             WHAT we tell            journal, checkpoints, status, alarms
    connectors        the EDGES               one module a protocol
    sending           capture, judge, seal, dispatch
    receiving         accept, verify, admit, deliver
    management        settings, command line, health

Top to bottom in docs/ARCHITECTURE.md; tests/architecture holds the arrows to it.
"""

__version__ = "0.1.0"
